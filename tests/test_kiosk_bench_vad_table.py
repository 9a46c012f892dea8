import json

import numpy as np
import pytest

from kiosk.bench import ear_sounds, vad_table
from kiosk.bench.ear_sounds import Said
from kiosk.bench.vad_table import echo_of, false_interrupts, match
from kiosk.config_listen import ListenSettings
from tests.ear_utils import noise, talk


@pytest.fixture(autouse=True)
def made_sounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Vowels by arithmetic, and a hiss for an office."""
    said = tuple(Said(talk(1.5, seed=seed, level_db=0.0), "x") for seed in range(3))
    monkeypatch.setattr(ear_sounds, "visitors", lambda which: said)
    played = np.concatenate([talk(6.0, 48_000, seed=seed, level_db=-20.0) for seed in (7, 8)])
    monkeypatch.setattr(ear_sounds, "avatar", lambda which: played)
    monkeypatch.setattr(
        ear_sounds, "office", lambda which, count, seed: noise(count / 16_000, 0.0, seed=seed)
    )


def test_the_table_has_a_row_for_each_detector_and_noise() -> None:
    rows = vad_table.vad_table(15.0)
    assert [(row["detector"], row["snr_db"]) for row in rows] == [
        (name, snr_db) for snr_db in (None, 20, 10, 5) for name in ("webrtc", "silero")
    ]
    for row in rows[:2]:
        assert row["missed_onsets"] == 0 and row["false_starts_per_min"] == 0.0
        assert 0.0 <= float(str(row["miss_rate"])) < 0.2
        assert 20 <= int(str(row["onset_delay_ms"])) <= 250
    misses = [float(str(row["miss_rate"])) for row in rows if row["detector"] == "silero"]
    assert misses[0] < misses[-1]


def test_starts_are_joined_with_what_was_said() -> None:
    found = match([0.5, 2.1, 2.6, 9.0], ((2.0, 3.0), (5.0, 6.0)))
    assert (found.missed, found.false_starts) == (1, 2)
    assert list(found.delays_s) == pytest.approx([0.1])


def test_an_ear_that_takes_the_echo_for_a_visitor_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_guard = false_interrupts(0.4)
    assert (with_guard["echo"], with_guard["office"]) == (0, 0)
    assert int(str(with_guard["talked_over"])) > 3
    monkeypatch.setattr(
        vad_table, "ListenSettings", lambda **given: ListenSettings(**given, echo_guard=False)
    )
    assert int(str(false_interrupts(0.4)["echo"])) > 0


def test_the_echo_is_as_far_below_what_is_played_as_is_said() -> None:
    played = talk(4.0, 48_000, level_db=-20.0)
    heard = echo_of(played, 1, -20.0)
    assert len(heard) == len(played) // 3
    level_db = 10 * np.log10(np.mean(heard[16_000:] ** 2))
    assert level_db == pytest.approx(-40.0, abs=3.0)


def test_alone_it_prints_json() -> None:
    printed: list[str] = []
    vad_table.main(["--seconds", "12", "--minutes", "0.2"], printed.append)
    report = json.loads("".join(printed))
    assert set(report) >= {"vad_table", "false_interrupts", "echo_return_loss_db"}
    assert set(report["false_interrupts"]) == {"webrtc", "silero"}

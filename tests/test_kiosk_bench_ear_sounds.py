import numpy as np
import pytest

from engine.media import FloatArray
from kiosk.bench import ear_sounds as sounds
from kiosk.bench.ear_sounds import Said
from kiosk.speech.voice import VoiceError
from tests.ear_utils import talk


@pytest.fixture
def no_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither voices nor flite nor recordings."""
    sounds.visitors.cache_clear()
    monkeypatch.setattr(sounds, "_kokoro", lambda text, voice: None)
    monkeypatch.setattr(sounds, "_flite", lambda text, voice: None)
    monkeypatch.setattr(sounds, "_RECORDED", {"tune": (), "report": ()})


def rms(sound: FloatArray) -> float:
    return float(np.sqrt(np.mean(sound**2)))


def test_without_any_voice_it_says_what_to_fetch(no_programs: None) -> None:
    with pytest.raises(VoiceError, match="kiosk voices fetch"):
        sounds.visitors("tune")


def test_visitors_are_trimmed_and_levelled(
    no_programs: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = np.zeros(4800, np.float32)
    spoken = np.concatenate([quiet, talk(1.0, 48_000, level_db=-40.0), quiet])
    monkeypatch.setattr(sounds, "_kokoro", lambda text, voice: (spoken, 48_000))
    found = sounds.visitors("report")
    sounds.visitors.cache_clear()
    assert {said.voice for said in found} == {"bf_emma", "am_fenrir"}
    for said in found:
        assert len(said.samples) == pytest.approx(16_000, abs=640)
        assert rms(said.samples) == pytest.approx(1.0, abs=0.25)


def test_the_office_is_babble_fan_and_typing_and_the_same_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sounds, "_flite", lambda text, voice: None)
    said = tuple(Said(talk(1.5, seed=seed, level_db=0.0), "x") for seed in range(3))
    monkeypatch.setattr(sounds, "visitors", lambda which: said)
    noises = [sounds.office("tune", 64_000, seed) for seed in (1, 1, 2)]
    assert np.array_equal(noises[0], noises[1])
    assert not np.array_equal(noises[0], noises[2])
    assert all(rms(noise) == pytest.approx(1.0, abs=0.01) for noise in noises)


def test_a_fan_hums_low_and_keys_click_between_pauses() -> None:
    spectrum = np.abs(np.fft.rfft(sounds.fan(32_000, 1))) ** 2
    assert spectrum[: 2 * 300].sum() > 0.9 * spectrum.sum()
    keys = sounds.typing(160_000, 1).reshape(-1, 320)
    assert np.mean(np.abs(keys).max(axis=1) < 1e-6) > 0.4
    assert np.abs(keys).max() > 5.0


def test_a_room_delays_and_rings_with_an_energy_of_one() -> None:
    response = sounds.room(1, rings_s=0.15, delay_s=0.06)
    assert float(np.sum(response**2)) == pytest.approx(1.0, abs=1e-3)
    assert int(np.argmax(np.abs(response))) == 960
    click = np.zeros(4000, np.float32)
    click[100] = 1.0
    heard = sounds.reverberant(click, response)
    assert len(heard) == len(click)
    assert np.allclose(heard[100 : 100 + len(response)], response, atol=1e-4)


def test_a_loop_goes_round() -> None:
    sound = np.arange(5, dtype=np.float32)
    assert sounds.loop(sound, 7, 3).tolist() == [3, 4, 0, 1, 2, 3, 4]

"""The judge of lip sync: it finds a known offset in what a probe would have recorded."""

from typing import Any

import numpy as np
import pytest

from engine.media import Audio
from engine.timeline import SAMPLE_RATE_HZ
from kiosk import slate
from kiosk.bench import slate_tape
from kiosk.bench.slate_tape import SlateTape, estimate_errors, overshoot_ms, recovered_s, seen_ms

PLAYOUT_MS = 30.0
SLOT = 1920


def taken(seconds: int, late_ms: float, shift_ms: float = 0.0, jitter_ms: float = 0.0) -> Any:  # noqa: ANN401
    """What the probe takes of a page whose picture is *late_ms* late and corrected by a shift."""
    chance = np.random.default_rng(1)
    pictures = []
    for slot in range(seconds * 25):
        planes = np.full((768, 512), 90, np.uint8)
        slate.draw(planes, slot, slot * SLOT + round(shift_ms * 48), SLOT)
        grey = planes[:64].reshape(4, 16, 32, 16).mean((1, 3)).ravel().tolist()
        at_ms = slot * 40.0 + late_ms + chance.uniform(-jitter_ms, jitter_ms)
        pictures.append([at_ms, *grey])
    sound = slate.mix(Audio(0, np.zeros(seconds * SAMPLE_RATE_HZ, np.float32))).samples
    wave = np.exp(2j * np.pi * np.arange(48) / 48)
    level = 2 * np.abs(sound.reshape(-1, 48) @ wave) / 48
    sounds = [
        [begin - PLAYOUT_MS, *level[begin : begin + 10].tolist()]
        for begin in range(0, len(level), 10)
    ]
    return {"pictures": pictures, "sounds": sounds, "clicks": []}


def tape(*parts: Any) -> SlateTape:  # noqa: ANN401
    made = SlateTape()
    for part in parts:
        made.add(part, PLAYOUT_MS)
    return made


@pytest.mark.parametrize("late_ms", [-180.0, -15.0, 0.0, 7.0, 45.0, 200.0])
def test_the_offset_is_found_to_a_millisecond(late_ms: float) -> None:
    offsets = tape(taken(5, late_ms)).offsets()
    assert len(offsets) >= 3
    assert offsets[:, 1] == pytest.approx(late_ms, abs=1.0)


@pytest.mark.parametrize("shift_ms", [150.0, 33.0, -11.0])
def test_a_shift_of_the_content_is_seen_though_it_is_no_whole_picture(shift_ms: float) -> None:
    offsets = tape(taken(6, 150.0, shift_ms)).offsets()
    assert offsets[:, 1] == pytest.approx(150.0 - shift_ms, abs=1.5)


def test_jitter_of_the_display_averages_out() -> None:
    offsets = tape(taken(20, 10.0, jitter_ms=8.0)).offsets()
    assert np.median(offsets[:, 1]) == pytest.approx(10.0, abs=3.0)


def test_a_broken_beep_is_no_clock() -> None:
    part = taken(4, 0.0)
    for sound in part["sounds"]:
        if 1000 <= sound[0] + PLAYOUT_MS < 1040:
            sound[1:] = [0.0] * 10
    beeps = tape(part).beeps()
    assert not np.any(np.abs(beeps - 1040) < 100)
    assert np.any(np.abs(beeps - 2040) < 2)


def test_freezes_and_rates_are_counted_by_what_was_shown() -> None:
    part = taken(4, 0.0)
    part["pictures"] = [p for p in part["pictures"] if not 1500 < p[0] < 1800]
    recorded = tape(part)
    assert recorded.freezes(0, 4000) == 1
    assert recorded.frame_rate_hz(2000, 3000) == pytest.approx(25.0, abs=1.5)


def test_recovery_is_when_it_is_good_for_good() -> None:
    at_ms = np.arange(10) * 1000.0
    offsets = np.column_stack([at_ms, [150, 150, 60, 15, 25, 10, 5, 0, 0, 0]])
    assert recovered_s(offsets, 0.0, 9000.0) == 5.0
    assert recovered_s(offsets, 6000.0, 9000.0) == 0.0
    assert recovered_s(offsets, 0.0, 2000.0) is None


def test_what_a_browser_hides_for_a_while_counts_from_when_it_shows() -> None:
    offsets = np.column_stack([np.arange(8) * 1000.0, [2, 3, 1, -130, -60, 8, 2, 1]])
    assert seen_ms(offsets, 500.0, 8000.0) == 2000.0
    assert recovered_s(offsets, 2500.0, 8000.0) == 2.5
    assert seen_ms(offsets, 2500.0, 8000.0) == 2500.0, "not before it began"
    assert seen_ms(offsets, 5000.0, 8000.0) == 5000.0


def test_overshoot_is_on_the_other_side() -> None:
    offsets = np.column_stack([np.arange(5) * 1000.0, [120, 60, -18, -4, 2]])
    assert overshoot_ms(offsets, 0.0, 5000.0, 1.0) == 18.0
    assert overshoot_ms(-offsets * [-1, 1], 0.0, 5000.0, -1.0) == 18.0


def test_the_estimate_is_compared_where_there_is_one() -> None:
    offsets = np.array([[1000.0, 10.0], [2000.0, 20.0], [9000.0, 0.0]])
    estimates = np.array([[900.0, 15.0], [1400.0, 15.0], [2100.0, 18.0]])
    assert estimate_errors(offsets, estimates).tolist() == pytest.approx([5.0, -3.5], abs=2.0)


def test_nothing_recorded_says_nothing() -> None:
    empty = SlateTape()
    assert empty.offsets().shape == (0, 2)
    assert slate_tape.within(empty.offsets(), 0, 1).shape == (0, 2)

import itertools

import numpy as np
import pytest

from engine.motion.blink import CLOSING_S, OPENING_S, Blinks, blink_shape
from engine.motion.gaze import Gaze
from engine.motion.noise import Noise
from engine.motion.pause import PHRASE_END_S, Pause
from engine.motion.prosody import Prosody

QUIET = Prosody()
TALKING = Prosody(speaking=1.0, lively=1.0)


def of(seed: int = 0, per_min: float = 17.0) -> Blinks:
    noise = Noise(seed)
    return Blinks(noise, Gaze(noise), per_min)


def found(
    blinks: Blinks, seconds: float, rate_hz: int = 25, prosody: Prosody = QUIET
) -> list[tuple[float, float]]:
    """(start, duration) of every closure beyond half."""
    shut = [blinks.at(i / rate_hz, prosody) > 0.5 for i in range(int(rate_hz * seconds))]
    runs, at = [], 0.0
    for closed, group in itertools.groupby(shut):
        length = len(list(group)) / rate_hz
        if closed:
            runs.append((at, length))
        at += length
    return runs


@pytest.mark.parametrize("seed", range(5))
def test_blink_rate(seed: int) -> None:
    assert 15 <= len(found(of(seed), 600)) / 10 <= 20


def test_blink_durations() -> None:
    lengths = [length for _, length in found(of(), 120, 100)]
    assert 0.1 <= float(np.median(lengths)) <= 0.25
    assert max(lengths) < 0.6


def test_blinks_are_irregular() -> None:
    gaps = np.diff([start for start, _ in found(of(), 600)])
    assert gaps.std() > 0.3 * gaps.mean()


def test_blink_closes_faster_than_it_opens() -> None:
    shape = [blink_shape(t / 1000) for t in range(500)]
    peak = int(np.argmax(shape))
    assert shape[peak] == pytest.approx(1.0)
    assert peak / 1000 <= CLOSING_S + 0.001 < OPENING_S
    assert np.abs(np.diff(shape)).max() < 0.05
    assert shape[0] == shape[-1] == 0.0


def test_no_blinks_when_switched_off() -> None:
    blinks = of(per_min=0.0)
    ends = [Prosody(pause=Pause(since_s=0.4, phrases=i)) for i in range(50)]
    assert max(blinks.at(i / 50, ends[i % 50]) for i in range(3000)) == 0.0


def test_phrase_ends_bring_blinks_and_speech_saves_some() -> None:
    blinks, brought = of(), 0
    for phrase in range(200):
        pauses = [Pause(since_s=PHRASE_END_S + i / 50, phrases=phrase) for i in range(50)]
        lids = [blinks.at(3.0, Prosody(pause=pause)) for pause in pauses]
        assert lids[0] == lids[-1]  # nothing is under way where it begins and ends
        brought += max(lids) > 0.9
    assert 0.25 < brought / 200 < 0.5
    assert len(found(of(), 600, prosody=TALKING)) < 0.85 * len(found(of(), 600))


def test_a_blink_never_vanishes_at_once() -> None:
    blinks = of()
    for start in range(60):
        lids = [blinks.at(start + i / 50, Prosody(lively=i / 50)) for i in range(50)]
        assert np.abs(np.diff(lids)).max() < 0.55  # a blink itself: 0.42 in 20 ms

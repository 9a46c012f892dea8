"""The outer trim finds a mouth that is late, slowly, and leaves alone what it cannot judge."""

import numpy as np
import pytest

from engine.timeline import PACKET_SAMPLES, samples
from kiosk import trim
from kiosk.trim import OuterTrim, lateness_ms

RATE_HZ = 50


def envelope(seconds: float, seed: int = 0) -> trim.Array:
    """Syllables of random strength, some four a second."""
    chance = np.random.default_rng(seed)
    noise = chance.normal(size=round(seconds * RATE_HZ))
    kernel = np.hanning(9)
    smooth = np.convolve(noise, kernel / kernel.sum(), mode="same")
    return np.clip(0.1 + 0.3 * smooth, 0.0, 1.0)


def play(late_ms: float, seconds: float, agree: bool = True, silent: bool = False) -> OuterTrim:
    watched = OuterTrim(natural_ms=0.0)
    sound = envelope(seconds)
    moved = sound if agree else envelope(seconds, seed=1)
    at = (np.arange(len(sound)) + 0.5) * PACKET_SAMPLES
    for step, loud in enumerate(sound):
        pts = step * PACKET_SAMPLES
        if step % 2 == 0:
            shown = np.interp(pts - samples(late_ms / 1000), at, np.sqrt(moved))
            watched.show(pts, float(shown))
        watched.hear(pts, 0.0 if silent else float(loud))
    return watched


@pytest.mark.parametrize("late_ms", [-60.0, -25.0, 0.0, 13.0, 40.0, 90.0])
def test_the_lateness_is_found_to_a_few_milliseconds(late_ms: float) -> None:
    sound = envelope(15.0)
    mouth = np.interp(np.arange(len(sound)) - late_ms / trim.STEP_MS, np.arange(len(sound)), sound)
    assert lateness_ms(mouth, sound) == pytest.approx(late_ms, abs=4.0)


def test_the_trim_follows_slowly() -> None:
    assert play(25.0, 22.0).trim_ms == 0.0, "one estimate is not enough"
    assert 0.0 < play(25.0, 30.0).trim_ms <= 2 * trim.MAX_STEP_MS
    assert play(25.0, 120.0).trim_ms == pytest.approx(25.0, abs=5.0)
    assert play(-25.0, 120.0).trim_ms == pytest.approx(-25.0, abs=5.0)


def test_it_is_bounded() -> None:
    assert play(150.0, 200.0).trim_ms == trim.MAX_TRIM_MS


def test_a_small_bias_is_left_alone() -> None:
    assert play(6.0, 120.0).trim_ms == 0.0


def test_a_mouth_that_does_not_follow_the_sound_teaches_nothing() -> None:
    watched = play(40.0, 120.0, agree=False)
    assert watched.trim_ms == 0.0
    assert watched.bias_ms is None


def test_silence_teaches_nothing() -> None:
    assert play(40.0, 120.0, silent=True).trim_ms == 0.0


def test_what_it_remembers_is_bounded() -> None:
    watched = play(0.0, 60.0)
    assert len(watched._mouth) <= trim.WINDOW_STEPS
    assert len(watched._sound) == trim.WINDOW_STEPS

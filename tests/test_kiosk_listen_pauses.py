"""Pauses at a microphone, in quiet places and in noise."""

import numpy as np

from engine.media import FloatArray
from engine.timeline import samples
from kiosk.listen.pauses import Pauses
from tests.live_utils import steady


def noise(duration_s: float, level: float) -> FloatArray:
    rng = np.random.default_rng(8)
    return (level * rng.standard_normal(samples(duration_s))).astype(np.float32)


def test_silence_is_a_pause_and_a_voice_ends_it() -> None:
    pauses = Pauses()
    for _ in range(50):
        pauses.hear(np.zeros(960, np.float32))
    assert pauses.quiet_s == 1.0
    pauses.hear(0.02 * steady(0, 960))
    assert pauses.quiet_s == 0.0
    pauses.hear(np.zeros(333, np.float32))
    assert 0.0 < pauses.quiet_s < 0.01


def test_the_noise_of_a_place_is_no_voice_once_it_is_known() -> None:
    pauses = Pauses()
    pauses.hear(noise(7.0, 0.005))
    assert pauses.quiet_s > 0.5
    pauses.hear(noise(0.1, 0.005) + 0.1 * steady(0, samples(0.1)))
    assert pauses.quiet_s == 0.0
    pauses.hear(noise(0.5, 0.005))
    assert pauses.quiet_s > 0.45


def test_what_is_loud_and_steady_never_becomes_a_pause() -> None:
    pauses = Pauses()
    for second in range(20):
        pauses.hear(steady(48_000 * second, 48_000))
        assert pauses.quiet_s == 0.0

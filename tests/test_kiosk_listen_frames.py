import numpy as np
import pytest

from engine.media import FloatArray
from kiosk.listen.frames import FRAME_SAMPLES, RATE_HZ, SILENCE_DB, Framer, speech_level_db
from tests.ear_utils import noise


def sine(hz: float, level: float = 0.1) -> FloatArray:
    return (level * np.sin(2 * np.pi * hz * np.arange(FRAME_SAMPLES) / RATE_HZ)).astype(np.float32)


@pytest.mark.parametrize("sizes", [[1, 7, 319, 320, 321, 1000], [160], [5000]])
def test_frames_are_the_same_however_the_sound_arrives(sizes: list[int]) -> None:
    sound = noise(1.0, -20.0)
    framer, at = Framer(), 0
    got: list[FloatArray] = []
    while at < len(sound):
        size = sizes[len(got) % len(sizes)]
        got += framer.push(sound[at : at + size])
        at += size
    whole = sound.reshape(-1, FRAME_SAMPLES)
    assert len(got) == len(whole)
    assert np.array_equal(np.stack(got), whole)


def test_the_level_of_speech_is_that_of_its_band() -> None:
    assert speech_level_db(sine(1000.0)) == pytest.approx(-23.0, abs=0.3)  # 0.1 / √2
    assert speech_level_db(sine(50.0)) < -60.0
    assert speech_level_db(sine(7000.0)) < -60.0
    assert speech_level_db(np.zeros(FRAME_SAMPLES, np.float32)) == SILENCE_DB

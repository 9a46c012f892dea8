from collections.abc import Callable

import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs the train extra")

from engine.media import FloatArray
from engine.train import augment
from tests.motion_utils import speech_like, vowel


@pytest.mark.parametrize("seed", range(12))
def test_degraded_speech_keeps_its_length_and_scale(seed: int) -> None:
    sound = speech_like()
    out = augment.degrade(np.random.default_rng(seed), sound, [vowel("a", 1.0), vowel("u", 1.0)])
    assert out.shape == sound.shape
    assert out.dtype == np.float32
    assert np.isfinite(out).all()
    assert 0.0 < np.abs(out).max() <= 1.0


@pytest.mark.parametrize("sound", augment.SOUNDS)
def test_sounds_that_are_no_speech(sound: Callable[[np.random.Generator, int], FloatArray]) -> None:
    out = sound(np.random.default_rng(0), 144_000)
    assert out.shape == (144_000,)
    assert np.isfinite(out).all()
    assert np.sqrt(np.mean(out**2)) == pytest.approx(1.0, abs=0.05)


def test_same_seed_same_sound() -> None:
    a, b = (augment.no_speech(np.random.default_rng(5), 9600) for _ in range(2))
    assert np.array_equal(a, b)

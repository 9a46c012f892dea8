from collections.abc import Callable

import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs the train extra")

from engine.media import FloatArray
from engine.train import sounds


@pytest.mark.parametrize("sound", dict.fromkeys((*sounds.SOUNDS, *sounds.MUSIC, *sounds.NOISES)))
def test_every_sound_has_unit_power(
    sound: Callable[[np.random.Generator, int], FloatArray],
) -> None:
    out = sound(np.random.default_rng(0), 48_000)
    assert out.shape == (48_000,)
    assert out.dtype == np.float32
    assert np.isfinite(out).all()
    assert np.sqrt(np.mean(out**2)) == pytest.approx(1.0, abs=0.05)


def test_same_seed_same_sound() -> None:
    a, b = (sounds.no_speech(np.random.default_rng(5), 9600) for _ in range(2))
    assert np.array_equal(a, b)
    assert not np.array_equal(a, sounds.no_speech(np.random.default_rng(6), 9600))


def test_levels_span_the_range() -> None:
    rng = np.random.default_rng(1)
    levels = [20 * np.log10(np.std(sounds.no_speech(rng, 8000)) + 1e-9) for _ in range(60)]
    assert min(levels) < -45
    assert max(levels) > -16


def test_laughter_comes_in_bouts() -> None:
    out = sounds.laughter(np.random.default_rng(2), 64_000)
    blocks = np.sqrt(np.mean(out.reshape(-1, 400) ** 2, axis=1))
    assert (blocks < 0.1).mean() > 0.2
    assert (blocks > 1.0).mean() > 0.1

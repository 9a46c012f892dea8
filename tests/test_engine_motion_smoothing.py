import numpy as np
import pytest
from numpy.typing import NDArray

from engine.motion.settings import MotionSettings
from engine.motion.smoothing import OneEuro

Floats = NDArray[np.floating]


def default() -> OneEuro:
    settings = MotionSettings()
    return OneEuro(settings.smoothing_min_cutoff_hz, settings.smoothing_beta)


def run(smoother: OneEuro, values: Floats) -> Floats:
    return np.array([smoother(np.array([v], np.float32))[0] for v in values])


def test_jitter_is_reduced() -> None:
    rng = np.random.default_rng(0)
    jitter = 0.3 + 0.01 * rng.standard_normal(500)
    assert run(default(), jitter)[50:].std() < 0.8 * jitter.std()


def test_lag_is_at_most_one_step() -> None:
    ramp = np.concatenate((np.zeros(20), np.linspace(0, 0.5, 5), np.full(20, 0.5)))
    smooth = run(default(), ramp)
    half = [float(np.interp(0.25, x[18:28], np.arange(18, 28))) for x in (ramp, smooth)]
    assert 0.0 <= half[1] - half[0] <= 1.0
    assert smooth[-1] == pytest.approx(0.5, abs=0.005)


def test_first_value_passes_also_after_reset() -> None:
    smoother = default()
    run(smoother, np.ones(5))
    smoother.reset()
    assert smoother(np.array([0.25], np.float32))[0] == 0.25

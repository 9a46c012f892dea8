"""Taking jitter off without lag where it would be seen."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.media import FloatArray
from engine.timeline import MOTION_RATE_HZ

SPEED_CUTOFF_HZ: Final = 10.0
"""Cutoff of the filter that measures speed."""


def _alpha(cutoff_hz: FloatArray | float) -> NDArray[np.float64]:
    ratio = 2.0 * np.pi * np.asarray(cutoff_hz, np.float64) / MOTION_RATE_HZ
    return np.asarray(ratio / (1.0 + ratio))


class OneEuro:
    """The One Euro filter (Casiez, Roussel and Vogel, CHI 2012), at the motion rate.

    A first-order low-pass whose cutoff rises with speed: ``min_cutoff + beta * |speed|``. Its lag
    is at most ``1 / (2 pi min_cutoff)`` seconds, at rest, and falls as the mouth moves; with the
    default settings that is one motion step at rest.
    """

    def __init__(self, min_cutoff_hz: float, beta: float) -> None:
        self._min_cutoff_hz = min_cutoff_hz
        self._beta = beta
        self._value: NDArray[np.float64] | None = None
        self._speed: NDArray[np.float64] | None = None

    def reset(self) -> None:
        """The next value passes unchanged."""
        self._value = self._speed = None

    def __call__(self, value: FloatArray) -> FloatArray:
        """Filter the next step's values, shape (n,)."""
        if self._value is None or self._speed is None:
            self._value = value.astype(np.float64)
            self._speed = np.zeros_like(self._value)
            return value
        speed = (value - self._value) * MOTION_RATE_HZ
        self._speed = self._speed + _alpha(SPEED_CUTOFF_HZ) * (speed - self._speed)
        alpha = _alpha(self._min_cutoff_hz + self._beta * np.abs(self._speed).astype(np.float32))
        self._value = self._value + alpha * (value - self._value)
        return self._value.astype(np.float32)

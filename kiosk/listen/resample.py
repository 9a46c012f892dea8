"""From the rate that a source speaks at to ours, as it arrives."""

import math
from functools import lru_cache
from typing import Final

import numpy as np

from engine.media import FloatArray
from kiosk.listen.interpolate import Interpolator

MIN_RATE_HZ: Final = 8_000
MAX_RATE_HZ: Final = 48_000

HALF_WIDTH: Final = 32
"""Samples of the lower of the two rates that are looked at on either side, and so the delay: 4 ms
from 8 kHz, 2 ms from 16 kHz, 0.7 ms from 44.1 kHz.

``soxr.ResampleStream`` works in blocks, and holds back at most (ms, 10 ms at a time):

    =============== === ==== ==== ===== ===== ===============
    rates            QQ   LQ   MQ    HQ   VHQ  variable rate
    =============== === ==== ==== ===== ===== ===============
    8 to 48 kHz     0.3 52.7 83.0 165.8 151.7  30.0
    16 to 48 kHz    0.1 20.0 37.3  36.5  75.0  15.0
    24 to 48 kHz    0.1 17.9 37.8  37.9  36.8
    44.1 to 48 kHz  0.0  0.5 21.2  19.9  19.6   5.4
    48 to 16 kHz    0.0 20.0 37.3  36.5  75.0  12.5
    =============== === ==== ==== ===== ===== ===============

Its quick quality has no filter to speak of, and the others cost more than all the jitter that is
reckoned with; for files, where nothing waits, it stays the better choice.
"""

PASSED: Final = 0.92
"""The cutoff as a share of half the lower rate: up to 0.84 of that half all passes, from 1.04 on
it is 80 dB down."""


class Resampler:
    """One stream, made to another rate. What comes out does not depend on the chunks' sizes."""

    def __init__(self, in_rate_hz: int, out_rate_hz: int) -> None:
        """Begin a stream.

        Args:
            in_rate_hz: of what is pushed.
            out_rate_hz: of what is returned.

        Raises:
            ValueError: a rate is below 8 kHz or above 48 kHz.
        """
        for rate_hz in (in_rate_hz, out_rate_hz):
            if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
                raise ValueError(
                    f"{rate_hz} Hz: sound can be sampled at {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz"
                )
        self._in_hz = in_rate_hz
        self._out_hz = out_rate_hz
        self._interpolator = _interpolator(in_rate_hz, out_rate_hz)
        self.reset()

    def reset(self) -> None:
        """Begin another stream at the same rates."""
        self._kept: FloatArray = np.zeros(self._interpolator.half_width - 1, np.float32)
        self._kept_from = 1 - self._interpolator.half_width
        """Number of the first sample kept, counted from the stream's first."""
        self._made = 0

    def push(self, samples: FloatArray) -> FloatArray:
        """Take the next samples.

        Args:
            samples: shape (n,), at the rate that comes in.

        Returns:
            What is known by now and was not before, shape (m,), at the rate that goes out.
        """
        if self._in_hz == self._out_hz:
            return samples
        self._kept = np.concatenate([self._kept, samples])
        last = self._kept_from + len(self._kept) - self._interpolator.half_width
        return self._make(last)

    def flush(self) -> FloatArray:
        """What is still to come when nothing is pushed any more; then another stream begins."""
        if self._in_hz == self._out_hz:
            return np.zeros(0, np.float32)
        last = self._kept_from + len(self._kept)
        self._kept = np.pad(self._kept, (0, self._interpolator.half_width))
        rest = self._make(last)
        self.reset()
        return rest

    def _make(self, last: int) -> FloatArray:
        """All that lies before sample *last* and was not made yet."""
        end = max(self._made, -(-last * self._out_hz // self._in_hz))
        places = np.arange(self._made, end, dtype=np.int64) * self._in_hz
        whole = places // self._out_hz
        part = ((places % self._out_hz) / self._out_hz).astype(np.float32)
        self._made = end
        made = self._interpolator.at(self._kept, whole - self._kept_from, part)
        self._forget(end * self._in_hz // self._out_hz - self._interpolator.half_width + 1)
        return made

    def _forget(self, before: int) -> None:
        if (count := before - self._kept_from) > 0:
            self._kept = self._kept[count:].copy()
            self._kept_from += count


@lru_cache(maxsize=16)
def _interpolator(in_rate_hz: int, out_rate_hz: int) -> Interpolator:
    """Shared by streams of the same rates: it holds no state, and takes some ms to make."""
    share = min(1.0, out_rate_hz / in_rate_hz)
    return Interpolator(math.ceil(HALF_WIDTH / share), PASSED * share)

"""Sound between its samples: band-limited interpolation by a windowed sinc.

The method is Julius O. Smith's, "Digital Audio Resampling": a table of the filter at fine steps,
read in between by a straight line.
"""

from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from engine.media import FloatArray

STEPS: Final = 512
"""Table entries for each input sample; the line between them errs by less than -110 dB."""

KAISER_BETA: Final = 8.0
"""Shape of the window: what must not pass is 80 dB down."""

_TAPS_IN_ONE_GO: Final = 2_000_000
"""Bounds the memory that a long stretch takes."""


class Interpolator:
    """Reads sound at any place between its samples."""

    def __init__(self, half_width: int, cutoff: float = 1.0) -> None:
        """Make the table.

        Args:
            half_width: samples that are looked at before and after a place.
            cutoff: what passes, as a share of half the sample rate; 1.0 gives samples themselves
                at whole places.
        """
        self.half_width = half_width
        offsets = np.arange(1 - half_width, half_width + 1)
        distances = offsets[None, :] - np.arange(STEPS + 1)[:, None] / STEPS
        bell = np.sqrt(np.maximum(0.0, 1.0 - (distances / half_width) ** 2))
        taps = np.sinc(cutoff * distances) * np.i0(KAISER_BETA * bell)
        taps /= taps.sum(axis=1, keepdims=True)
        self._taps: FloatArray = taps[:-1].astype(np.float32)
        self._slopes: FloatArray = np.diff(taps, axis=0).astype(np.float32)

    def at(self, sound: FloatArray, whole: NDArray[np.int64], part: FloatArray) -> FloatArray:
        """The sound at the places ``whole + part``.

        Args:
            sound: shape (n,).
            whole: shape (m,); each with ``half_width - 1`` samples before it in *sound* and
                ``half_width`` after it.
            part: shape (m,), each from 0.0 to below 1.0.

        Returns:
            Shape (m,).
        """
        if not len(whole):
            return np.zeros(0, np.float32)
        longest = max(1, _TAPS_IN_ONE_GO // self._taps.shape[1])
        if len(whole) > longest:
            parts = range(0, len(whole), longest)
            return np.concatenate(
                [self.at(sound, whole[k : k + longest], part[k : k + longest]) for k in parts]
            )
        windows = sliding_window_view(sound, self._taps.shape[1])[whole - (self.half_width - 1)]
        fine = part * np.float32(STEPS)
        step = np.minimum(fine.astype(np.int64), STEPS - 1)
        rest = (fine - step).astype(np.float32)
        found: FloatArray = np.einsum("nt,nt->n", windows, self._taps[step])
        found += rest * np.einsum("nt,nt->n", windows, self._slopes[step])
        return found

"""Loudness in a few bands of 20 ms of sound, alike at 16 kHz and at the master rate."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.media import FloatArray
from kiosk.listen.frames import SILENCE_DB

EDGES_HZ: Final = (100, 300, 600, 1000, 1600, 2400, 3400, 4800, 7000)
BANDS: Final = len(EDGES_HZ) - 1

_BIN_HZ: Final = 50  # of any frame that lasts 20 ms
_EDGES: Final = [hz // _BIN_HZ for hz in EDGES_HZ]
_WINDOWS: dict[int, NDArray[np.float64]] = {
    count: np.hanning(count + 1)[:-1] for count in (320, 960)
}


def band_levels_db(frame: FloatArray) -> FloatArray:
    """Level in each band, in dB of full scale.

    Args:
        frame: 20 ms, shape (320,) at 16 kHz or (960,) at 48 kHz.

    Returns:
        Shape (BANDS,), at least ``SILENCE_DB``.
    """
    window = _WINDOWS[len(frame)]
    spectrum = np.fft.rfft(frame * window)[: _EDGES[-1]]
    power = (spectrum.real**2 + spectrum.imag**2) * (2.0 / float(np.sum(window**2)) / len(frame))
    summed = np.add.reduceat(power, _EDGES[:-1])
    return np.maximum(SILENCE_DB, 10.0 * np.log10(np.maximum(summed, 1e-12))).astype(np.float32)

"""The frames that ears work on: 20 ms at 16 kHz, and how loud they are."""

from typing import Final

import numpy as np

from engine.media import FloatArray

RATE_HZ: Final = 16_000
"""What every part that hears a visitor works at."""

FRAME_SAMPLES: Final = 320
FRAME_S: Final = FRAME_SAMPLES / RATE_HZ

SILENCE_DB: Final = -100.0
"""Level of what is digitally silent."""

_LOW_BIN: Final = 4
"""200 Hz: fans and mains hum lie below."""
_HIGH_BIN: Final = 80
"""4 kHz."""
_WINDOW = np.hanning(FRAME_SAMPLES + 1)[:-1]
_POWER_SCALE: Final = 2.0 / float(np.sum(_WINDOW**2)) / FRAME_SAMPLES


def speech_level_db(frame: FloatArray) -> float:
    """Level between 200 Hz and 4 kHz of a frame, shape (FRAME_SAMPLES,), in dB of full scale."""
    spectrum = np.fft.rfft(frame * _WINDOW)[_LOW_BIN:_HIGH_BIN]
    power = float(np.sum(spectrum.real**2 + spectrum.imag**2)) * _POWER_SCALE
    return max(SILENCE_DB, 10.0 * float(np.log10(max(power, 1e-12))))


class Framer:
    """Cuts sound of any length into frames."""

    def __init__(self) -> None:
        self._rest: FloatArray = np.zeros(0, np.float32)

    def push(self, samples: FloatArray) -> list[FloatArray]:
        """The frames that *samples* complete, each of shape (FRAME_SAMPLES,)."""
        joined = np.concatenate([self._rest, np.asarray(samples, np.float32)])
        count = len(joined) // FRAME_SAMPLES
        self._rest = joined[count * FRAME_SAMPLES :]
        return list(joined[: count * FRAME_SAMPLES].reshape(count, FRAME_SAMPLES))

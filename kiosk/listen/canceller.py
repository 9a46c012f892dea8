"""Acoustic echo cancellation by a library, and what it is to cancel.

The library is SpeexDSP's multi-delay filter (BSD-3-Clause; J.-M. Valin, *On Adjusting the Learning
Rate in Frequency Domain Echo Cancellation With Double-Talk*, 2007) by way of ``pyaec`` (MIT), an
optional extra. Without it the guard works alone.
"""

from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.media import FloatArray
from engine.mel import DECIMATOR_TAPS, decimator
from engine.timeline import MEL_DECIMATION
from kiosk.listen.frames import FRAME_SAMPLES, RATE_HZ

FILTER_SAMPLES: Final = 4096
"""256 ms: what the room rings, and the slack of the alignment."""

KEPT_FRAMES: Final = 128

_FULL_SCALE: Final = 32768.0


class Canceller(Protocol):
    """Takes the echo of what was played out of what is heard."""

    def cancel(self, heard: FloatArray, far: FloatArray) -> FloatArray:
        """*heard* with less echo of *far*; all of shape (FRAME_SAMPLES,) at 16 kHz."""
        ...

    def reset(self) -> None:
        """Forget the room."""
        ...


class SpeexCanceller:
    """SpeexDSP's echo canceller; raises ``ImportError`` where ``pyaec`` is not installed."""

    def __init__(self, filter_samples: int = FILTER_SAMPLES) -> None:
        self._filter_samples = filter_samples
        self.reset()

    def cancel(self, heard: FloatArray, far: FloatArray) -> FloatArray:
        """See ``Canceller.cancel``."""
        out = self._aec.cancel_echo(_pcm(heard), _pcm(far))
        return np.asarray(out, np.float32) / np.float32(_FULL_SCALE)

    def reset(self) -> None:
        """Forget the room."""
        from pyaec import Aec

        # Without its preprocessor, which suppresses noise and, with it, soft speech.
        self._aec = Aec(FRAME_SAMPLES, self._filter_samples, RATE_HZ, False)


def installed() -> Canceller | None:
    """The canceller of this machine, if there is one."""
    try:
        return SpeexCanceller()
    except (ImportError, OSError, AttributeError):  # pyaec without its library has no functions
        return None


def _pcm(samples: FloatArray) -> list[int]:
    scaled = np.clip(np.round(samples * _FULL_SCALE), -_FULL_SCALE, _FULL_SCALE - 1)
    return [int(value) for value in scaled]


class FarSound:
    """The last of what was played, at 16 kHz, by number of the frame."""

    def __init__(self) -> None:
        self._taps = decimator().astype(np.float32)
        self.reset()

    def reset(self) -> None:
        """Forget it."""
        self._past: FloatArray = np.zeros(DECIMATOR_TAPS - 1, np.float32)
        self._frames: NDArray[np.float32] = np.zeros((KEPT_FRAMES, FRAME_SAMPLES), np.float32)
        self._count = 0

    def push(self, packet: FloatArray) -> None:
        """Take in 20 ms at 48 kHz, shape (960,)."""
        joined = np.concatenate([self._past, packet])
        low = np.convolve(joined, self._taps, "valid")[::MEL_DECIMATION]
        self._past = joined[-(DECIMATOR_TAPS - 1) :]
        self._frames[self._count % KEPT_FRAMES] = low
        self._count += 1

    def frame(self, number: int) -> FloatArray:
        """Frame *number* since the beginning, shape (FRAME_SAMPLES,); silence if not held."""
        if not max(0, self._count - KEPT_FRAMES) <= number < self._count:
            return np.zeros(FRAME_SAMPLES, np.float32)
        return np.array(self._frames[number % KEPT_FRAMES], np.float32)

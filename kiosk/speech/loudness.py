"""Makes every voice equally loud: trims silence, levels, limits, fades."""

from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from engine.media import FloatArray

TARGET_RMS: Final = 10 ** (-20 / 20)
"""Root mean square of active speech: -20 dBFS."""

PEAK_LIMIT: Final = 10 ** (-1.5 / 20)

_MAX_GAIN: Final = 10.0
_BLOCK_S: Final = 0.020
_ACTIVE_BELOW_LOUDEST: Final = 10 ** (-30 / 20)
_SILENCE: Final = 10 ** (-50 / 20)
_SILENCE_BLOCK_S: Final = 0.005
_LEAD_S: Final = 0.030
_TAIL_S: Final = 0.060
_FADE_S: Final = 0.005
_LIMITER_S: Final = 0.005


def active_rms(samples: FloatArray, rate_hz: int) -> float:
    """Root mean square over the 20 ms blocks within 30 dB of the loudest; 0.0 for silence."""
    levels = _block_rms(samples, round(_BLOCK_S * rate_hz))
    if not len(levels) or levels.max() <= 0.0:
        return 0.0
    active = levels[levels >= levels.max() * _ACTIVE_BELOW_LOUDEST]
    return float(np.sqrt(np.mean(active**2)))


def level(samples: FloatArray, rate_hz: int) -> FloatArray:
    """Bring active speech to ``TARGET_RMS`` with no sample beyond ``PEAK_LIMIT``."""
    rms = active_rms(samples, rate_hz)
    if rms <= 0.0:
        return samples
    gain = min(TARGET_RMS / rms, _MAX_GAIN)
    return limit(np.asarray(samples * np.float32(gain), np.float32), rate_hz)


def louder(samples: FloatArray, rate_hz: int, gain_db: float) -> FloatArray:
    """Make levelled speech louder, or softer, with no sample beyond ``PEAK_LIMIT``."""
    return limit(np.asarray(samples * np.float32(10 ** (gain_db / 20)), np.float32), rate_hz)


def limit(samples: FloatArray, rate_hz: int) -> FloatArray:
    """Hold peaks to ``PEAK_LIMIT`` with a gain that moves smoothly over 5 ms either side.

    The smallest gain needed within the window, averaged over a window of the same length, can
    nowhere exceed the gain needed at its centre (look-ahead limiting).
    """
    peaks = np.abs(samples)
    if not len(samples) or float(peaks.max()) <= PEAK_LIMIT:
        return samples
    needed = PEAK_LIMIT / np.maximum(peaks, PEAK_LIMIT)
    half = max(1, round(_LIMITER_S * rate_hz))
    width = 2 * half + 1
    lowest = sliding_window_view(np.pad(needed, width - 1, mode="edge"), width).min(axis=1)
    sums = np.cumsum(np.pad(lowest, (1, 0)), dtype=np.float64)
    smooth = (sums[width:] - sums[:-width]) / width
    return np.asarray(samples * smooth, np.float32)


def speech_bounds(samples: FloatArray, rate_hz: int) -> tuple[int, int]:
    """First and end sample of the sound, with 30 ms kept before it and 60 ms after.

    All of it, if nothing sounds.
    """
    block = max(1, round(_SILENCE_BLOCK_S * rate_hz))
    levels = _block_rms(samples, block)
    loud = np.flatnonzero(levels > _SILENCE * max(1e-6, float(levels.max(initial=0.0))) * 2)
    if not len(loud):
        return 0, len(samples)
    first = int(loud[0]) * block - round(_LEAD_S * rate_hz)
    end = (int(loud[-1]) + 1) * block + round(_TAIL_S * rate_hz)
    return max(0, first), min(len(samples), end)


def fade(samples: FloatArray, rate_hz: int) -> FloatArray:
    """Fade 5 ms in and out, so that phrases join without a click."""
    length = min(round(_FADE_S * rate_hz), len(samples) // 2)
    if length == 0:
        return samples
    faded = samples.copy()
    ramp = np.linspace(0.0, 1.0, length, endpoint=False, dtype=np.float32)
    faded[:length] *= ramp
    faded[-length:] *= ramp[::-1]
    return faded


def _block_rms(samples: FloatArray, block: int) -> FloatArray:
    whole = len(samples) // block * block
    if whole == 0:
        return np.sqrt(np.mean(samples**2, keepdims=True)) if len(samples) else samples
    squares = samples[:whole].reshape(-1, block).astype(np.float64) ** 2
    return np.asarray(np.sqrt(squares.mean(axis=1)), np.float32)

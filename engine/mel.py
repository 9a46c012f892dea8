"""Streaming log-mel spectrogram of the master timeline.

Speech sampled at 48 kHz is decimated by three (an own linear-phase FIR), cut into 25 ms Hann
windows every 10 ms, and turned into 80 log mel-band energies. The mel scale is O'Shaughnessy's
(*Speech Communication: Human and Machine*, 1987): ``mel = 2595 log10(1 + f / 700)``.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.media import FloatArray
from engine.timeline import (
    HOP_SAMPLES,
    MEL_BANDS,
    MEL_DECIMATION,
    MEL_HOP_SAMPLES,
    MEL_SAMPLE_RATE_HZ,
    MEL_WINDOW_SAMPLES,
    SAMPLE_RATE_HZ,
)

DECIMATOR_TAPS: Final = 73
"""Kaiser (beta 6) low-pass at 7.4 kHz: within 0.2 dB to 6.4 kHz, below -50 dB from 8.6 kHz."""

DECIMATOR_CUTOFF_HZ: Final = 7_400.0

MEL_LOW_HZ: Final = 40.0
MEL_HIGH_HZ: Final = 7_600.0

MEL_FLOOR_DB: Final = -100.0
"""Band power added as a floor, in dB below a full-scale sine: what is softer reads the same."""

MEL_DELAY_SAMPLES: Final = MEL_DECIMATION * (MEL_WINDOW_SAMPLES // 2 - 1) + DECIMATOR_TAPS // 2 + 1
"""Samples of the master timeline needed after a hop's centre before the hop can be given."""

_FFT_SIZE: Final = 512
_DoubleArray = NDArray[np.float64]


def decimator() -> _DoubleArray:
    """The low-pass, shape (DECIMATOR_TAPS,), symmetric, unit gain at 0 Hz."""
    n = np.arange(DECIMATOR_TAPS) - DECIMATOR_TAPS // 2
    ratio = 2 * DECIMATOR_CUTOFF_HZ / SAMPLE_RATE_HZ
    taps = np.sinc(ratio * n) * np.kaiser(DECIMATOR_TAPS, 6.0)
    return np.asarray(taps / taps.sum(), np.float64)


def _to_mel(hz: float) -> float:
    return float(2595.0 * np.log10(1.0 + hz / 700.0))


def filterbank() -> _DoubleArray:
    """Triangular mel filters of peak 1, shape (_FFT_SIZE // 2 + 1, MEL_BANDS)."""
    mels = np.linspace(_to_mel(MEL_LOW_HZ), _to_mel(MEL_HIGH_HZ), MEL_BANDS + 2)
    edges = 700.0 * (10.0 ** (mels / 2595.0) - 1.0)
    bins = np.fft.rfftfreq(_FFT_SIZE, 1 / MEL_SAMPLE_RATE_HZ)[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    filters = np.maximum(0.0, np.minimum(rising, falling))
    narrow = filters.sum(axis=0) < 0.5  # low bands thinner than a bin would be blind
    filters[:, narrow] += np.maximum(0.0, 1.0 - np.abs(bins - edges[1:-1]) / 31.25)[:, narrow]
    return np.asarray(filters, np.float64)


_TAPS = decimator()
_FILTERS = filterbank()
_WINDOW = np.hanning(MEL_WINDOW_SAMPLES + 1)[:-1]
_POWER_SCALE = 1.0 / float(_WINDOW.sum() / 2) ** 2


class MelEncoder:
    """Streaming log-mel: master-rate samples in, hops out, the same whatever the chunking.

    Hop ``k`` is ``10 log10(P_k + floor) / 50 + 1``: band powers in dB below a full-scale sine, a
    floor of ``MEL_FLOOR_DB`` added, so that -100 dB reads -1, -50 dB 0 and 0 dB +1. It is
    centred at sample ``k * HOP_SAMPLES`` of what was pushed since the last reset (silence is
    assumed before) and is given as soon as ``delay_samples`` more samples are there. The decimator
    is a ``DECIMATOR_TAPS``-tap linear-phase FIR; its delay is half its length and is part of
    ``delay_samples``.

    Samples that are not finite count as silence and are counted in ``bad_samples``; samples beyond
    full scale are clipped.
    """

    def __init__(self) -> None:
        self.bad_samples = 0
        self.reset()

    @property
    def delay_samples(self) -> int:
        """Hop ``k`` is centred at ``k * HOP_SAMPLES``; it needs this many samples after that."""
        return MEL_DELAY_SAMPLES

    def reset(self) -> None:
        """Forget everything heard; the next sample pushed is sample 0."""
        self._input: _DoubleArray = np.zeros(DECIMATOR_TAPS // 2)
        self._audio: _DoubleArray = np.zeros(MEL_WINDOW_SAMPLES // 2)

    def push(self, samples: FloatArray) -> FloatArray:
        """Hear more.

        Args:
            samples: shape (n,), mono, full scale ±1.0, at ``SAMPLE_RATE_HZ``; any length.

        Returns:
            Shape (hops, MEL_BANDS), in -1..1; no hops when too little was heard.

        Raises:
            ValueError: if *samples* has more than one dimension.
        """
        if samples.ndim != 1:
            raise ValueError(f"mel needs mono samples of shape (n,), got {samples.shape}: mix down")
        self._decimate(self._clean(samples))
        return self._hops()

    def _clean(self, samples: FloatArray) -> _DoubleArray:
        bad = int(np.count_nonzero(~np.isfinite(samples)))
        if bad:
            self.bad_samples += bad
            samples = np.where(np.isfinite(samples), samples, np.float32(0.0))
        return np.clip(samples.astype(np.float64), -1.0, 1.0)

    def _decimate(self, samples: _DoubleArray) -> None:
        held = np.concatenate((self._input, samples))
        count = max(0, (len(held) - DECIMATOR_TAPS) // MEL_DECIMATION + 1)
        if count:
            windows = np.lib.stride_tricks.sliding_window_view(held, DECIMATOR_TAPS)
            low = windows[: count * MEL_DECIMATION : MEL_DECIMATION] @ _TAPS
            self._audio = np.concatenate((self._audio, low))
        self._input = held[count * MEL_DECIMATION :]

    def _hops(self) -> FloatArray:
        hops = _log_mel(self._audio)
        self._audio = self._audio[len(hops) * MEL_HOP_SAMPLES :]
        return hops


def _log_mel(audio: _DoubleArray) -> FloatArray:
    """Hops of every whole window of *audio*, shape (hops, MEL_BANDS)."""
    count = max(0, (len(audio) - MEL_WINDOW_SAMPLES) // MEL_HOP_SAMPLES + 1)
    if not count:
        return np.zeros((0, MEL_BANDS), np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(audio, MEL_WINDOW_SAMPLES)
    spectrum = np.fft.rfft(windows[::MEL_HOP_SAMPLES][:count] * _WINDOW, _FFT_SIZE, axis=1)
    power = (spectrum.real**2 + spectrum.imag**2) * _POWER_SCALE @ _FILTERS
    decibels = 10.0 * np.log10(power + 10.0 ** (MEL_FLOOR_DB / 10.0))
    return np.asarray(decibels / 50.0 + 1.0, np.float32)


def decimate(samples: FloatArray) -> FloatArray:
    """A whole recording at ``MEL_SAMPLE_RATE_HZ`` as the encoder hears it, shape (n / 3,).

    Sample ``i`` is centred at sample ``3 i`` of *samples*, shape (n,), at ``SAMPLE_RATE_HZ``.
    """
    half = DECIMATOR_TAPS // 2
    low = np.convolve(np.pad(samples.astype(np.float64), (half, half)), _TAPS, mode="valid")
    return low[::MEL_DECIMATION].astype(np.float32)


def hops_of(audio: FloatArray) -> FloatArray:
    """Hops of a whole recording that was ``decimate``d: those that ``MelEncoder`` gives.

    Args:
        audio: shape (n,); hop ``k`` is centred at its sample ``k * MEL_HOP_SAMPLES``.

    Returns:
        Shape (hops, MEL_BANDS); silence is assumed before the first sample.
    """
    return _log_mel(np.pad(audio.astype(np.float64), (MEL_WINDOW_SAMPLES // 2, 0)))


def hop_centre(hop: int) -> int:
    """The sample of the master timeline at which *hop* is centred."""
    return hop * HOP_SAMPLES

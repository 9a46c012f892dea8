"""Fixed ways of hearing speech badly, for judging; the same every time."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from scipy import signal

from engine.media import FloatArray
from engine.timeline import SAMPLE_RATE_HZ
from engine.train import augment
from engine.train.corpus import resample

TELEPHONE_BAND_HZ: Final = (300.0, 3400.0)
QUIET_GAIN: Final = 10.0 ** (-25.0 / 20.0)

ACTIVE_DB: Final = -30.0
"""Speech is where 20 ms are within this of the loudest; only there is its level taken."""

BLOCK_SAMPLES: Final = SAMPLE_RATE_HZ // 50

Condition = Callable[[FloatArray, Sequence[FloatArray]], FloatArray]
"""Speech, and other recordings, to the same speech heard badly."""


def active_rms(samples: FloatArray) -> float:
    """Root mean square of the speech in *samples* without its pauses."""
    blocks = samples[: len(samples) // BLOCK_SAMPLES * BLOCK_SAMPLES].reshape(-1, BLOCK_SAMPLES)
    power = np.mean(blocks**2, axis=1)
    if not len(power):
        return 0.0
    return float(np.sqrt(power[power >= power.max() * 10.0 ** (ACTIVE_DB / 10.0)].mean()))


def babble_0db(samples: FloatArray, others: Sequence[FloatArray]) -> FloatArray:
    """As loud as the speech, five to eight others talk; played backwards if there are none."""
    rng = np.random.default_rng(len(samples))
    voices = list(others) or [samples[::-1].copy()]
    noise = augment.babble(rng, len(samples), voices)
    return np.asarray(samples + noise * np.float32(active_rms(samples)), np.float32)


def telephone(samples: FloatArray, _: Sequence[FloatArray]) -> FloatArray:
    """300 to 3400 Hz, 8 kHz, eight bits of mu-law (ITU-T G.711)."""
    sos = signal.butter(4, TELEPHONE_BAND_HZ, "bandpass", fs=SAMPLE_RATE_HZ, output="sos")
    band = np.asarray(signal.sosfiltfilt(sos, samples), np.float32)  # without delay
    heard = augment.companded(resample(band, SAMPLE_RATE_HZ, augment.TELEPHONE_HZ))
    out = resample(heard, augment.TELEPHONE_HZ, SAMPLE_RATE_HZ)[: len(samples)]
    return np.pad(out, (0, len(samples) - len(out)))


def level_minus_25db(samples: FloatArray, _: Sequence[FloatArray]) -> FloatArray:
    """25 dB softer, as sixteen bits."""
    quiet = samples * QUIET_GAIN
    return np.asarray(np.round(quiet * 32767.0) / 32767.0, np.float32)


CONDITIONS: Final[dict[str, Condition]] = {
    "babble_0db": babble_0db, "telephone": telephone, "level_-25db": level_minus_25db,
}  # fmt: skip

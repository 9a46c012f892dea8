"""Training examples: mel pairs and mouth curves, augmented anew every time."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

from engine.media import FloatArray
from engine.mel import decimate, hops_of
from engine.motion.layout import LOOKAHEAD_STEPS, PAIR_BANDS, SILENT_HOP
from engine.motion.lips import SPEECH
from engine.timeline import (
    HOPS_PER_MOTION_STEP,
    MEL_BANDS,
    MEL_HOP_SAMPLES,
    MEL_SAMPLE_RATE_HZ,
    MOTION_RATE_HZ,
)
from engine.train import augment, sounds, teacher
from engine.train.corpus import Utterance
from engine.train.visemes import NAMES, SILENCE

Labels = NDArray[np.int64]

CROP_STEPS: Final = 200
"""4 s."""

STEP_SAMPLES: Final = MEL_HOP_SAMPLES * HOPS_PER_MOTION_STEP
"""One motion step at the rate the mel encoder hears."""

CROP_SAMPLES: Final = (CROP_STEPS + LOOKAHEAD_STEPS + 2) * STEP_SAMPLES

CURVE_RATE_HZ: Final = 100
"""Targets are kept at this rate and read between."""

LEAD_S: Final = 0.008
"""Lips are taught this much early: as late as the network and the smoothing filter were measured to
be against the teacher without it (``engine.train.evaluate``)."""

SPEEDS: Final = (0.82, 1.22)
"""Played faster or slower: pitch, formants and rate together."""

TRACT: Final = (0.88, 1.13)
"""Range of stretched mel bands (vocal tract length perturbation: Jaitly and Hinton 2013)."""

EQUALISER: Final = 0.09
"""Standard deviation of the colour over the bands, in mel units (0.09 is 4.5 dB)."""

BLURRED_BANDS: Final = 0.35
BLURRED_HOPS: Final = 0.2
"""How often neighbouring bands, neighbouring hops run into each other."""

MASKS: Final = 0.5
"""How often a band of neighbouring frequencies is not heard at all."""

MASKED_BANDS: Final = 14
"""At most."""

SILENT_LABEL: Final = NAMES.index(SILENCE.name)

NO_SPEECH_SHARE: Final = 0.12
"""Part of the examples that hold sounds which must not move the lips."""


@dataclass(frozen=True, slots=True)
class Take:
    """A recording and the mouth that goes with it."""

    samples: FloatArray
    """Shape (n,), at ``MEL_SAMPLE_RATE_HZ``."""
    curves: FloatArray
    """Shape (m, len(SPEECH)), at ``CURVE_RATE_HZ``; shut before and after."""
    weights: FloatArray
    """Shape (m,): how far the curves are to be believed."""
    labels: Labels
    """Shape (m,): the viseme that sounds (index into ``visemes.NAMES``), -1 where unknown."""


@dataclass(frozen=True, slots=True)
class Example:
    """Aligned input and target of one crop."""

    pairs: FloatArray
    """Shape (CROP_STEPS + LOOKAHEAD_STEPS, PAIR_BANDS)."""
    targets: FloatArray
    """Shape (CROP_STEPS, len(SPEECH))."""
    weights: FloatArray
    """Shape (CROP_STEPS,)."""
    labels: Labels
    """Shape (CROP_STEPS,)."""


def take_of(utterance: Utterance) -> Take:
    """An utterance with the teacher's curves."""
    count = int(len(utterance.samples) * CURVE_RATE_HZ / utterance.rate_hz) + 1
    times = np.arange(count, dtype=np.float32) / np.float32(CURVE_RATE_HZ)
    return Take(
        decimate(utterance.samples),
        utterance.curves(times),
        np.ones(count, np.float32),
        teacher.labels(utterance.phones, times),
    )


def pairs_of(hops: FloatArray) -> FloatArray:
    """Mel hops (n, MEL_BANDS), from hop 0 on, as the network's input pairs (m, PAIR_BANDS)."""
    first = np.full((HOPS_PER_MOTION_STEP - 1, MEL_BANDS), SILENT_HOP, np.float32)
    joined = np.concatenate((first, hops))
    count = len(joined) // HOPS_PER_MOTION_STEP
    return joined[: count * HOPS_PER_MOTION_STEP].reshape(count, PAIR_BANDS)


def mel_pairs(samples: FloatArray, steps: int) -> FloatArray:
    """Pairs for *steps* motion steps of *samples* (at ``MEL_SAMPLE_RATE_HZ``), then silence."""
    padding = np.zeros((LOOKAHEAD_STEPS + 2) * STEP_SAMPLES, np.float32)
    return pairs_of(hops_of(np.concatenate((samples, padding))))[: steps + LOOKAHEAD_STEPS]


def other_voice(rng: np.random.Generator, pairs: FloatArray) -> FloatArray:
    """Another vocal tract, colour and level: the bands stretched, shaped and raised; sometimes
    blurred, as by a vocoder, or deaf to a few bands (SpecAugment: Park and others 2019)."""
    hops = pairs.reshape(-1, MEL_BANDS)
    place = np.minimum(np.arange(MEL_BANDS) * rng.uniform(*TRACT), MEL_BANDS - 1.001)
    low, part = place.astype(int), (place % 1.0).astype(np.float32)
    moved = hops[:, low] * (1 - part) + hops[:, low + 1] * part
    for axis, share in ((1, BLURRED_BANDS), (0, BLURRED_HOPS)):
        if rng.random() < share:
            width = int(rng.integers(2, 6 if axis else 4))
            moved = ndimage.uniform_filter1d(moved, width, axis=axis, mode="nearest")
    if rng.random() < MASKS:
        width = int(rng.integers(2, MASKED_BANDS + 1))
        first = int(rng.integers(MEL_BANDS - width))
        moved[:, first : first + width] = moved[:, first : first + width].mean()
    knots = rng.normal(0.0, EQUALISER, int(rng.integers(2, 9)))
    shape = np.interp(np.linspace(0, 1, MEL_BANDS), np.linspace(0, 1, len(knots)), knots)
    heard = np.clip(moved + (shape + rng.uniform(-0.16, 0.08)).astype(np.float32), SILENT_HOP, 1.0)
    return np.asarray(np.where(moved > SILENT_HOP + 0.02, heard, moved), np.float32).reshape(
        pairs.shape
    )


class Examples:
    """An endless source of augmented examples of fixed length."""

    def __init__(self, takes: Sequence[Take], seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._takes = takes
        self._voices = [take.samples for take in takes]

    def no_speech(self) -> Example:
        """A sound that must not move the lips."""
        sound = sounds.no_speech(self._rng, CROP_SAMPLES)
        if self._rng.random() < 0.2:
            sound = augment.degrade(self._rng, sound)
        shut = np.zeros((CROP_STEPS, len(SPEECH)), np.float32)
        silent = np.full(CROP_STEPS, SILENT_LABEL)
        return Example(self._pairs(sound), shut, np.ones(CROP_STEPS, np.float32), silent)

    def _pairs(self, sound: FloatArray) -> FloatArray:
        pairs = mel_pairs(sound, CROP_STEPS)
        return other_voice(self._rng, pairs) if self._rng.random() < 0.8 else pairs

    def of(self, take: Take) -> Example:
        """One augmented crop of *take*, which may begin before it or end after it."""
        length_s = len(take.samples) / MEL_SAMPLE_RATE_HZ
        crop_s = CROP_STEPS / MOTION_RATE_HZ
        speed = Fraction(float(self._rng.uniform(*SPEEDS))).limit_denominator(16)
        if self._rng.random() < 0.4:
            speed = Fraction(1)
        start_s = self._rng.uniform(-1.0, max(0.0, length_s - crop_s * 0.7))
        sound = _cut(take.samples, start_s, int(CROP_SAMPLES * speed) + 1)
        if speed != 1:
            sound = signal.resample_poly(sound, speed.denominator, speed.numerator)
        sound = augment.degrade(self._rng, sound[:CROP_SAMPLES].astype(np.float32), self._voices)
        times = np.arange(CROP_STEPS) * float(speed) / MOTION_RATE_HZ + start_s + LEAD_S
        targets, weights = _read(take.curves, times, 0.0), _read(take.weights[:, None], times, 1.0)
        place = np.round(times * CURVE_RATE_HZ).astype(int)
        inside = (place >= 0) & (place < len(take.labels))
        labels = take.labels[np.clip(place, 0, len(take.labels) - 1)]
        labels = np.where(inside, labels, SILENT_LABEL)
        return Example(self._pairs(sound), targets, weights[:, 0], labels)

    def draw(self) -> Example:
        """A take by chance, or a sound that is no speech."""
        if self._rng.random() < NO_SPEECH_SHARE:
            return self.no_speech()
        return self.of(self._takes[int(self._rng.integers(len(self._takes)))])


def _cut(samples: FloatArray, start_s: float, count: int) -> FloatArray:
    """*count* samples from *start_s* on, silence where there are none."""
    start = round(start_s * MEL_SAMPLE_RATE_HZ)
    out = np.zeros(count, np.float32)
    low, high = max(0, start), min(len(samples), start + count)
    if low < high:
        out[low - start : high - start] = samples[low:high]
    return out


def _read(curves: FloatArray, times_s: NDArray[np.float64], outside: float) -> FloatArray:
    """*curves* at *times_s*; *outside* before their beginning and after their end."""
    grid = np.arange(len(curves)) / CURVE_RATE_HZ
    columns = [
        np.interp(times_s, grid, np.asarray(column, np.float32), left=outside, right=outside)
        for column in curves.T
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def total_s(takes: Sequence[Take]) -> float:
    """Length of all of them in seconds."""
    return sum(len(take.samples) for take in takes) / MEL_SAMPLE_RATE_HZ

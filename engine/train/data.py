"""Training examples: mel pairs and teacher targets, augmented anew every round."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.media import FloatArray
from engine.mel import MelEncoder
from engine.motion.layout import LOOKAHEAD_STEPS, PAIR_BANDS, SILENT_HOP
from engine.motion.lips import SPEECH
from engine.timeline import HOPS_PER_MOTION_STEP, MEL_BANDS, MOTION_STEP_SAMPLES, SAMPLE_RATE_HZ
from engine.train import augment
from engine.train.corpus import Utterance, respeed

CROP_STEPS: Final = 200
"""4 s."""

LEAD_S: Final = 0.008
"""Lips are taught this much early: as late as the network and the smoothing filter were measured to
be against the teacher without it (``engine.train.evaluate``)."""

TRACT: Final = (0.9, 1.1)
"""Range of stretched mel bands (vocal tract length perturbation: Jaitly and Hinton 2013)."""

NO_SPEECH_SHARE: Final = 0.12
"""Part of the examples that hold sounds which must not move the lips."""


@dataclass(frozen=True, slots=True)
class Example:
    """Aligned input and target of one crop."""

    pairs: FloatArray
    """Shape (CROP_STEPS + LOOKAHEAD_STEPS, PAIR_BANDS)."""
    targets: FloatArray
    """Shape (CROP_STEPS, len(SPEECH))."""


def pairs_of(hops: FloatArray) -> FloatArray:
    """Mel hops (n, MEL_BANDS), from hop 0 on, as the network's input pairs (m, PAIR_BANDS)."""
    first = np.full((HOPS_PER_MOTION_STEP - 1, MEL_BANDS), SILENT_HOP, np.float32)
    joined = np.concatenate((first, hops))
    count = len(joined) // HOPS_PER_MOTION_STEP
    return joined[: count * HOPS_PER_MOTION_STEP].reshape(count, PAIR_BANDS)


def mel_pairs(samples: FloatArray, steps: int) -> FloatArray:
    """Pairs for *steps* motion steps of *samples*, silence assumed after the end."""
    padding = np.zeros((LOOKAHEAD_STEPS + 2) * MOTION_STEP_SAMPLES, np.float32)
    hops = MelEncoder().push(np.concatenate((samples, padding)))
    return pairs_of(hops)[: steps + LOOKAHEAD_STEPS]


class Examples:
    """An endless source of augmented examples of fixed length."""

    def __init__(self, utterances: Sequence[Utterance], seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._utterances = utterances
        self._voices = [u.samples for u in utterances]

    def _padded(self, utterance: Utterance) -> tuple[FloatArray, FloatArray]:
        """Samples and targets with silence before and after, on the steps."""
        before, after = (int(x) for x in self._rng.integers(0, 60, 2))
        silence = np.zeros(MOTION_STEP_SAMPLES, np.float32)
        steps = utterance.steps
        speech = utterance.samples[: steps * MOTION_STEP_SAMPLES]
        samples = np.concatenate((np.tile(silence, before), speech, np.tile(silence, after)))
        targets = np.zeros((before + steps + after, len(SPEECH)), np.float32)
        targets[before : before + steps] = utterance.targets(LEAD_S)
        return samples, targets

    def _crop(self, samples: FloatArray, targets: FloatArray) -> tuple[FloatArray, FloatArray]:
        """A stretch that the network hears from its start, as after a flush."""
        steps = len(targets)
        if steps < CROP_STEPS:
            lack = CROP_STEPS - steps
            samples = np.pad(samples, (0, lack * MOTION_STEP_SAMPLES))
            targets = np.pad(targets, ((0, lack), (0, 0)))
            steps = CROP_STEPS
        start = int(self._rng.integers(0, steps - CROP_STEPS + 1))
        end = start + CROP_STEPS
        tail = end + LOOKAHEAD_STEPS + 2
        return samples[start * MOTION_STEP_SAMPLES : tail * MOTION_STEP_SAMPLES], targets[start:end]

    def _no_speech(self) -> Example:
        count = CROP_STEPS * MOTION_STEP_SAMPLES
        sound = augment.no_speech(self._rng, count)
        if self._rng.random() < 0.3:
            sound = sound + augment.no_speech(self._rng, count)
        return Example(
            mel_pairs(sound, CROP_STEPS), np.zeros((CROP_STEPS, len(SPEECH)), np.float32)
        )

    def _other_tract(self, pairs: FloatArray) -> FloatArray:
        """Another vocal tract and another tone of voice: the bands stretched and tilted."""
        hops = pairs.reshape(-1, MEL_BANDS)
        stretch = self._rng.uniform(*TRACT)
        place = np.minimum(np.arange(MEL_BANDS) * stretch, MEL_BANDS - 1.001)
        low, part = place.astype(int), (place % 1.0).astype(np.float32)
        moved = hops[:, low] * (1 - part) + hops[:, low + 1] * part
        tilt = self._rng.uniform(-0.12, 0.12) * np.linspace(-1, 1, MEL_BANDS)
        heard = np.maximum(moved + tilt.astype(np.float32), SILENT_HOP)
        return np.asarray(np.where(moved > SILENT_HOP + 0.02, heard, moved)).reshape(pairs.shape)

    def of(self, utterance: Utterance) -> Example:
        """One augmented example of *utterance*."""
        if self._rng.random() < 0.5:
            utterance = respeed(utterance, float(self._rng.uniform(0.86, 1.16)))
        samples, targets = self._crop(*self._padded(utterance))
        samples = augment.degrade(self._rng, samples, self._voices)
        pairs = mel_pairs(samples, CROP_STEPS)
        return Example(self._other_tract(pairs) if self._rng.random() < 0.5 else pairs, targets)

    def round(self) -> list[Example]:
        """Every utterance, as often as it holds crops, with sounds that are no speech between."""
        out: list[Example] = []
        for utterance in self._utterances:
            for _ in range(max(1, round(utterance.steps / CROP_STEPS))):
                quiet = self._rng.random() < NO_SPEECH_SHARE
                out.append(self._no_speech() if quiet else self.of(utterance))
        return [out[i] for i in self._rng.permutation(len(out))]


def total_s(utterances: Sequence[Utterance]) -> float:
    """Length of all of them in seconds."""
    return sum(len(u.samples) for u in utterances) / SAMPLE_RATE_HZ

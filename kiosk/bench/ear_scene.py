"""A scene to try ears in: visitors who speak now and then, and when they do."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.media import FloatArray
from kiosk.bench.ear_sounds import Said
from kiosk.listen.frames import FRAME_SAMPLES, RATE_HZ, speech_level_db

LABEL_DB: Final = -25.0
GAP_FRAMES: Final = 6


@dataclass(frozen=True, slots=True)
class Scene:
    """Visitors who speak now and then, and where they do."""

    sound: FloatArray
    """Shape (n,), the visitors alone, active speech of level 1; a whole number of frames."""
    spans: tuple[tuple[float, float], ...]
    """Start and end of each utterance, in seconds."""
    labels: NDArray[np.bool_]
    """Of each frame, whether it holds speech."""


def scene(said: Sequence[Said], duration_s: float, seed: int) -> Scene:
    """Utterances of *said* in turn, with pauses of 1.5 to 4 s."""
    rng = np.random.default_rng(seed)
    frames = round(duration_s * RATE_HZ / FRAME_SAMPLES)
    sound = np.zeros(frames * FRAME_SAMPLES, np.float32)
    spans = []
    at, number = 2 * RATE_HZ, 0
    while at + len(said[number % len(said)].samples) < len(sound) - RATE_HZ:
        samples = said[number % len(said)].samples
        sound[at : at + len(samples)] = samples
        spans.append((at / RATE_HZ, (at + len(samples)) / RATE_HZ))
        at += len(samples) + int(rng.uniform(1.5, 4.0) * RATE_HZ)
        number += 1
    return Scene(sound, tuple(spans), _labels(sound))


def _labels(sound: FloatArray) -> NDArray[np.bool_]:
    """Frames within 25 dB of the level of speech; gaps of up to 100 ms are speech, as in a stop."""
    frames = sound.reshape(-1, FRAME_SAMPLES)
    speech = np.array([speech_level_db(frame) > LABEL_DB for frame in frames])
    for before, after in itertools.pairwise(np.flatnonzero(speech)):
        if after - before <= GAP_FRAMES:
            speech[before:after] = True
    return speech

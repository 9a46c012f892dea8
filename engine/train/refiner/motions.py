"""Mouth shapes to draw: as speech makes them, and beyond, in pairs of neighbouring frames."""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.media import Audio, FloatArray
from engine.motion.coefficients import COEFFICIENTS, INDEX, MIRROR
from engine.motion.settings import MotionSettings
from engine.motion.stream import MotionStream
from engine.synthesis.shapes import SHAPES, motion
from engine.timeline import SAMPLE_RATE_HZ
from engine.train.corpus import resample

Coefficients = NDArray[np.float32]

FRAME_SAMPLES: Final = SAMPLE_RATE_HZ // 25
MOUTH: Final = tuple(i for i, name in enumerate(COEFFICIENTS) if name.startswith(("mouth", "jaw")))
SPEAKS: Final = ("neutral", "aa", "ah", "ee", "oh", "oo", "f v", "p b m", "smile")
STRETCH: Final = (0.8, 1.45)
"""Speech is drawn up to so much livelier: other voices, and ``dynamic_scale``."""
SPOKEN_SHARE: Final = 0.55
CLIPS: Final = 24
SPEECH_RATE_HZ: Final = 16_000


def from_speech(path: Path) -> Coefficients:
    """(frames, coefficients) at 25 Hz of what the motion network makes of recorded speech.

    Args:
        path: an archive with arrays named ``….pcm``, 16 kHz mono int16.
    """
    with np.load(path) as archive:
        names = sorted(name for name in archive.files if name.endswith(".pcm"))[:CLIPS]
        return np.concatenate([_heard(archive[name]) for name in names])


def played(pcm: NDArray[np.int16]) -> FloatArray:
    """Recorded speech as the kiosk plays it: (3 · samples,), at ``SAMPLE_RATE_HZ``, ±1."""
    return resample((pcm / 32768).astype(np.float32), SPEECH_RATE_HZ, SAMPLE_RATE_HZ)


def _heard(pcm: NDArray[np.int16]) -> Coefficients:
    stream = MotionStream(MotionSettings())
    stream.push(Audio(0, played(pcm)))
    count = stream.ready_pts // FRAME_SAMPLES
    return np.stack([stream.at(i * FRAME_SAMPLES).coefficients for i in range(count)])


def pairs(rng: np.random.Generator, count: int, spoken: Coefficients | None) -> Coefficients:
    """(2·count, coefficients): rows 2i and 2i + 1 are 40 ms apart; within 0 to 1."""
    out = []
    for _ in range(count):
        if spoken is not None and rng.random() < SPOKEN_SHARE:
            at = int(rng.integers(0, len(spoken) - 1))
            pair = spoken[at : at + 2].copy()
            pair[:, list(MOUTH)] *= rng.uniform(*STRETCH)
        else:
            pair = _mixed(rng)
        out.append(pair)
    return np.concatenate(out).clip(0, 1).astype(np.float32)


def _mixed(rng: np.random.Generator) -> Coefficients:
    """A mixture of key shapes on its way to another, with some of everything a mouth does."""
    here, there = _shape(rng), _shape(rng)
    start = here * rng.uniform(0.2, 1.1)
    return np.stack([start, start + (there - start) * rng.uniform(0.05, 0.3)])


def _shape(rng: np.random.Generator) -> Coefficients:
    names = rng.choice(SPEAKS, 2, replace=False)
    share = rng.uniform(0, 1)
    first, second = (motion(*SHAPES[str(name)]).coefficients for name in names)
    shape = np.asarray(first * share + second * (1 - share), np.float32)
    for index in rng.choice(MOUTH, int(rng.integers(0, 4)), replace=False):
        shape[index] += abs(rng.normal(0, 0.18))
        paired = COEFFICIENTS[index].endswith(("_L", "_R"))  # the jaw goes to one side
        if paired and rng.random() < 0.85:
            shape[MIRROR[index]] = shape[index]
    for name in ("cheekSquint_L", "cheekRaiser_L", "noseSneer_L"):
        if rng.random() < 0.15:
            shape[[INDEX[name], MIRROR[INDEX[name]]]] = rng.uniform(0, 0.4)
    return shape

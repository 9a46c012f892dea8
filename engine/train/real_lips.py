"""Mouth curves against the lips of real speakers.

Recordings with face landmarks (GRID: Cooke, Barker, Cunningham and Shao 2006, *An audio-visual
corpus for speech perception and automatic speech recognition*, CC BY 4.0), as an NPZ: of each clip
``<clip>.landmarks_px`` (frames, 478, 2) at 25 fps in MediaPipe's order, and ``<clip>.pcm``, 16 kHz
int16. All measures are in distances between the eyes' outer corners (33, 263).
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np

from engine.media import FloatArray
from engine.motion.lips import SPEECH, opening
from engine.timeline import SAMPLE_RATE_HZ
from engine.train.corpus import resample
from engine.train.figures import best_lag

TRAINED_SPEAKERS: Final = ("s1",)
"""Never judged on, so that a network trained on them can be compared."""

RATE_HZ: Final = 16_000
FRAME_RATE_HZ: Final = 25
EYES: Final = (33, 263)

OPENING: Final = ((13, 14),)
CORNERS: Final = ((61, 291),)
FULLNESS: Final = ((0, 13), (14, 17))
"""Landmarks: the inner lips' middle, the outer corners, the visible red of either lip."""

WIDTH: Final[dict[str, float]] = {
    "jawOpen": -0.064, "mouthFunnel": -0.077, "mouthPucker": -0.104, "mouthStretch": 0.148,
    "mouthSmile": 0.158, "mouthDimple": 0.019, "mouthUpperUp": 0.004, "mouthLowerDown": -0.001,
    "mouthClose": 0.032, "mouthPress": -0.003, "mouthRollLower": 0.008, "mouthRollUpper": 0.036,
    "mouthShrugLower": 0.016,
}  # fmt: skip
"""Change of the distance of the outer mouth corners at full coefficient (both sides), on the
ICT-FaceKit neutral face (MIT)."""

PUCKER: Final[dict[str, float]] = {
    "jawOpen": 0.064, "mouthFunnel": 0.091, "mouthPucker": 0.172, "mouthStretch": -0.166,
    "mouthSmile": -0.164, "mouthDimple": -0.025, "mouthUpperUp": 0.002, "mouthLowerDown": -0.001,
}  # fmt: skip
"""The same of the lips' visible red less the width, which a pucker raises twice over. Contacts,
which hide the red, are left out: a fitted mesh hardly follows them."""

Curves = Callable[[FloatArray], FloatArray]
"""Samples at the engine's rate to mouth curves at the motion rate."""


def linear(speech: FloatArray, form: dict[str, float]) -> FloatArray:
    """A linear form of speech coefficients (..., len(SPEECH)); names it lacks count nothing."""
    return np.asarray(speech @ np.array([form.get(name, 0.0) for name in SPEECH], np.float32))


def measures_of(speech: FloatArray) -> dict[str, FloatArray]:
    """Opening, width and pucker from speech coefficients (frames, len(SPEECH))."""
    return {
        "opening": opening(speech),
        "width": linear(speech, WIDTH),
        "pucker": linear(speech, PUCKER),
    }


def measured(landmarks_px: FloatArray) -> dict[str, FloatArray]:
    """The same from landmarks (frames, 478, 2), over the mean eye distance."""
    eyes = _distance(landmarks_px, (EYES,)).mean()
    width = _distance(landmarks_px, CORNERS) / eyes
    return {
        "opening": _distance(landmarks_px, OPENING) / eyes,
        "width": width,
        "pucker": _distance(landmarks_px, FULLNESS) / eyes - width,
    }


def _distance(landmarks_px: FloatArray, pairs: tuple[tuple[int, int], ...]) -> FloatArray:
    """Sum over *pairs* of how far apart they are, shape (frames,)."""
    return np.sum(
        [np.linalg.norm(landmarks_px[:, a] - landmarks_px[:, b], axis=1) for a, b in pairs], axis=0
    )


def clips(path: Path) -> Iterator[tuple[str, FloatArray, FloatArray]]:
    """Speaker, landmarks and sound (at the engine's rate) of every judging clip."""
    with np.load(path) as data:
        for key in (k for k in data.files if k.endswith(".landmarks_px")):
            clip = key.removesuffix(".landmarks_px")
            speaker = clip.split("_")[1]
            if speaker not in TRAINED_SPEAKERS:
                sound = data[f"{clip}.pcm"].astype(np.float32) / 32768.0
                yield (
                    speaker,
                    data[key].astype(np.float32),
                    resample(sound, RATE_HZ, SAMPLE_RATE_HZ),
                )


def loudness(samples: FloatArray) -> FloatArray:
    """Root mean square of every frame."""
    block = SAMPLE_RATE_HZ // FRAME_RATE_HZ
    blocks = samples[: len(samples) // block * block].reshape(-1, block)
    return np.asarray(np.sqrt(np.mean(blocks**2, axis=1)))


def clip_scores(landmarks_px: FloatArray, samples: FloatArray, shown: FloatArray) -> list[float]:
    """r of opening, of the loudness with the opening, of width and of pucker.

    Args:
        landmarks_px: shape (frames, 478, 2).
        samples: shape (n,), at the engine's rate.
        shown: shape (steps, len(SPEECH)), at the motion rate.
    """
    real, ours = measured(landmarks_px), measures_of(shown[::2])
    return [
        best_lag(ours["opening"], real["opening"]),
        best_lag(loudness(samples), real["opening"]),
        best_lag(ours["width"], real["width"]),
        best_lag(ours["pucker"], real["pucker"]),
    ]


def figures(path: Path, curves: Curves) -> dict[str, float]:
    """Mean over speakers of the mean over their clips; best lag within two frames each.

    Raises:
        ValueError: nobody to judge on.
    """
    scores: dict[str, list[list[float]]] = defaultdict(list)
    for speaker, landmarks_px, samples in clips(path):
        scores[speaker].append(clip_scores(landmarks_px, samples, curves(samples)))
    if not scores:
        raise ValueError(f"{path}: no clips of speakers other than {', '.join(TRAINED_SPEAKERS)}")
    means = np.mean([np.mean(each, axis=0) for each in scores.values()], axis=0).tolist()
    names = ("r_lips", "r_lips_energy", "r_lips_width", "r_lips_pucker")
    return dict(zip(names, means, strict=True)) | {"r_lips_speakers": len(scores)}

"""Mouth curves fitted to the lips of a recorded speaker, as training takes.

    python -m engine.train.lip_fit real_lips_grid.npz real_lips_grid_words.json ict_face.npz \\
        build/real_lips.npz

Each picture's lip landmarks, freed of head motion and of the speaker's resting face, are explained
by the face prior's coefficients (bounded ridge least squares). What landmarks hardly show, pressed
and rolled lips, is taken from the teacher. Recordings: GRID (see ``real_lips``), speaker s1 alone.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import lsq_linear

from engine.media import FloatArray
from engine.motion.lips import FULL_GAP, GAP, SPEECH, SPEECH_INDEX
from engine.timeline import SAMPLE_RATE_HZ
from engine.train import teacher
from engine.train.alignment import RATE_HZ, AlignmentError, align
from engine.train.corpus import Utterance, resample
from engine.train.data import CURVE_RATE_HZ, Take
from engine.train.real_lips import EYES, FRAME_RATE_HZ, OPENING, TRAINED_SPEAKERS

POINTS: Final[dict[int, int]] = {
    61: 5708, 39: 5695, 37: 2081, 0: 0, 267: 4275, 269: 6200, 291: 6213, 405: 6346, 314: 6461,
    17: 5518, 84: 5957, 181: 5841, 78: 5702, 82: 5711, 13: 5533, 312: 6216, 308: 6207, 317: 6470,
    14: 5517, 87: 5966, 152: 966,
}  # fmt: skip
"""Landmarks of the lips and the chin in MediaPipe's order, and the prior's vertices there."""

PRIOR_EYES: Final = (1507, 3721)
STILL: Final = (33, 133, 362, 263, 168, 197, 5, 4, 2)
"""Landmarks that speech does not move: eyes' corners and nose."""

INNER: Final = (13, 14, 82, 87, 312, 317)
INNER_WEIGHT: Final = 1.8
CHIN_WEIGHT: Final = 0.7
RIDGE: Final = 0.006
HIDDEN: Final = (
    "mouthDimple", "mouthPress", "mouthRollLower", "mouthRollUpper", "mouthShrugLower",
    "mouthLowerDown",
)  # fmt: skip
"""What landmarks hardly show: held small in the fit, then taken from the teacher."""

HIDDEN_RIDGE: Final = 9.0
SHUT: Final = 0.012
"""Inner lips nearer than this, in eye distances, are shut."""

LEAST_REST: Final = 5
"""Pictures at rest that a clip needs for a resting face of its own."""

BEFORE_S: Final = 0.12
AFTER_S: Final = 0.3
"""Around the words the lips are speech's; further off they breathe or wait, and are taught shut."""

SILENT_WEIGHT: Final = 0.3


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording with landmarks and the words said."""

    landmarks: FloatArray
    """Shape (frames, 478, 2), head motion taken away, in eye distances."""
    samples: FloatArray
    """Shape (n,), at ``RATE_HZ``."""
    words: tuple[tuple[float, float, str], ...]

    @property
    def opening(self) -> FloatArray:
        """Of the inner lips, shape (frames,)."""
        a, b = OPENING[0]
        return np.asarray(np.linalg.norm(self.landmarks[:, a] - self.landmarks[:, b], axis=1))

    @property
    def spoken(self) -> list[str]:
        """The words without the silences."""
        return [word for _, _, word in self.words if word not in ("sil", "sp")]

    @property
    def at_rest(self) -> FloatArray:
        """Lip landmarks of silent pictures with shut lips, shape (pictures, points, 2)."""
        times = np.arange(len(self.landmarks)) / FRAME_RATE_HZ
        silent = np.zeros(len(times), bool)
        for start_s, end_s, word in self.words:
            if word in ("sil", "sp"):
                silent |= (times >= start_s) & (times < end_s)
        return self.landmarks[silent & (self.opening < SHUT)][:, list(POINTS)]


def _complex(points: FloatArray) -> NDArray[np.complex128]:
    return np.asarray(points[..., 0] + 1j * points[..., 1])


def steadied(landmarks_px: FloatArray, reference: FloatArray) -> FloatArray:
    """Every picture turned, moved and scaled so that what is still lies as in *reference*.

    Args:
        landmarks_px: shape (frames, 478, 2).
        reference: shape (478, 2).
    """
    still = list(STILL)
    aim = _complex(reference[still])
    out = []
    for points in landmarks_px:
        all_points = _complex(points)
        seen = all_points[still]
        off = seen - seen.mean()
        turn = np.vdot(off, aim - aim.mean()) / np.vdot(off, off)
        moved = (all_points - seen.mean()) * turn + aim.mean()
        out.append(np.stack((moved.real, moved.imag), axis=1))
    return np.asarray(out, np.float32)


def read(path: Path, words_path: Path) -> Iterator[Clip]:
    """The clips of the speakers that may be trained on."""
    words = json.loads(words_path.read_text(encoding="utf-8"))
    reference: FloatArray | None = None
    with np.load(path) as data:
        for key in sorted(k for k in data.files if k.endswith(".landmarks_px")):
            name = key.removesuffix(".landmarks_px")
            if name.split("_")[1] not in TRAINED_SPEAKERS or name not in words:
                continue
            landmarks = data[key].astype(np.float32)
            if reference is None:
                face = landmarks.mean(axis=0)
                reference = face / np.linalg.norm(face[EYES[0]] - face[EYES[1]])
            yield Clip(
                steadied(landmarks, reference),
                data[f"{name}.pcm"].astype(np.float32) / 32768.0,
                tuple((a, b, w) for a, b, w in words[name]),
            )


def basis(prior_path: Path) -> FloatArray:
    """What each coefficient does to the points, shape (len(SPEECH), points, 2), y down."""
    with np.load(prior_path) as prior:
        names = [str(name) for name in prior["expression_names"]]
        neutral, expressions = prior["neutral"], prior["expressions"]
        eyes = np.linalg.norm(neutral[PRIOR_EYES[0]] - neutral[PRIOR_EYES[1]])
        out = np.zeros((len(SPEECH), len(POINTS), 2), np.float32)
        for i, name in enumerate(SPEECH):
            for side in (name, f"{name}_L", f"{name}_R"):
                if side in names:
                    moved = expressions[names.index(side)][list(POINTS.values()), :2]
                    out[i] += moved.astype(np.float32) / eyes
    return out * np.array([1.0, -1.0], np.float32)


def fitted(clip: Clip, moves: FloatArray, rest: FloatArray) -> FloatArray:
    """Coefficients of every picture, shape (frames, len(SPEECH))."""
    weights = np.array([INNER_WEIGHT if p in INNER else 1.0 for p in POINTS], np.float32)
    weights[list(POINTS).index(152)] = CHIN_WEIGHT
    own = clip.at_rest
    rest = own.mean(axis=0) if len(own) >= LEAST_REST else rest
    ridge = np.array([RIDGE * (HIDDEN_RIDGE if n in HIDDEN else 1.0) for n in SPEECH])
    system = np.concatenate(
        ((moves * weights[:, None]).reshape(len(SPEECH), -1).T, np.diag(np.sqrt(ridge)))
    )
    moved = (clip.landmarks[:, list(POINTS)] - rest) * weights[:, None]
    return np.stack(
        [
            lsq_linear(system, np.concatenate((d.ravel(), np.zeros(len(SPEECH)))), (0, 1)).x
            for d in moved
        ]
    ).astype(np.float32)


def completed(curves: FloatArray, taught: FloatArray, opening: FloatArray) -> FloatArray:
    """Hidden coefficients from the teacher, and the jaw set so that the opening is what was seen.

    Args:
        curves: fitted, shape (n, len(SPEECH)).
        taught: the teacher's, the same shape.
        opening: seen, in eye distances, shape (n,).
    """
    out = curves.copy()
    for name in HIDDEN:
        out[:, SPEECH_INDEX[name]] = taught[:, SPEECH_INDEX[name]]
    gap = out @ np.array([GAP[name] for name in SPEECH], np.float32)
    seen = np.minimum(opening, 1.3 * FULL_GAP)
    lack = np.where((gap < 0) & (seen < SHUT), 0.0, seen - gap)
    jaw = out[:, SPEECH_INDEX["jawOpen"]] + lack / GAP["jawOpen"]
    over = np.maximum(-jaw, 0.0)  # a shut mouth with a jaw that hangs: lips reach for each other
    out[:, SPEECH_INDEX["jawOpen"]] = np.clip(jaw, 0.0, 1.0)
    out[:, SPEECH_INDEX["mouthClose"]] += over * GAP["jawOpen"] / -GAP["mouthClose"]
    return np.asarray(np.clip(out, 0.0, 1.0))


def take_of(clip: Clip, moves: FloatArray, rest: FloatArray) -> Take:
    """The clip as a training take.

    Raises:
        AlignmentError: the words cannot be found in the sound.
    """
    phones = align(clip.samples, clip.spoken)
    said = Utterance(resample(clip.samples, RATE_HZ, SAMPLE_RATE_HZ), phones, "", "en")
    frames = np.arange(len(clip.landmarks)) / FRAME_RATE_HZ
    times = np.arange(int(frames[-1] * CURVE_RATE_HZ) + 1) / CURVE_RATE_HZ
    pictures = fitted(clip, moves, rest)
    curves = np.stack([np.interp(times, frames, column) for column in pictures.T], axis=1)
    seen = np.interp(times, frames, clip.opening).astype(np.float32)
    curves = completed(curves.astype(np.float32), said.curves(times.astype(np.float32)), seen)
    start_s, end_s = clip.words[0][1], clip.words[-1][0]
    speaking = (times > start_s - BEFORE_S) & (times < end_s + AFTER_S)
    curves[~speaking] = 0.0
    weights = np.where(speaking, 1.0, SILENT_WEIGHT).astype(np.float32)
    return Take(clip.samples, curves, weights, teacher.labels(phones, times.astype(np.float32)))


def write(path: Path, takes: list[Take]) -> None:
    """Keep *takes* in one NPZ."""
    arrays = {}
    for i, take in enumerate(takes):
        arrays[f"{i:04d}.samples"] = np.round(take.samples * 32767).astype(np.int16)
        arrays[f"{i:04d}.curves"] = take.curves.astype(np.float16)
        arrays[f"{i:04d}.weights"] = take.weights.astype(np.float16)
        arrays[f"{i:04d}.labels"] = take.labels.astype(np.int8)
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]  # its stub takes a flag too


def load(path: Path) -> list[Take]:
    """What ``write`` kept."""
    with np.load(path) as data:
        return [
            Take(
                data[f"{name}.samples"].astype(np.float32) / 32767.0,
                data[f"{name}.curves"].astype(np.float32),
                data[f"{name}.weights"].astype(np.float32),
                data[f"{name}.labels"].astype(np.int64),
            )
            for name in sorted({key.split(".")[0] for key in data.files})
        ]


def make(lips: Path, words: Path, prior: Path) -> list[Take]:
    """Every clip that can be aligned, fitted."""
    clips, moves = list(read(lips, words)), basis(prior)
    rest = np.concatenate([clip.at_rest for clip in clips]).mean(axis=0)
    takes = []
    for clip in clips:
        try:
            takes.append(take_of(clip, moves, rest))
        except AlignmentError as error:
            print(f"left out: {error}")  # noqa: T201  # the progress of a command
    return takes


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Fit mouth curves to a recorded speaker's lips.")
    for name in ("lips", "words", "prior", "out"):
        parser.add_argument(name, type=Path)
    arguments = parser.parse_args()
    write(arguments.out, make(arguments.lips, arguments.words, arguments.prior))


if __name__ == "__main__":
    main()

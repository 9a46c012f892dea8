"""The teacher beside recorded lips: how alike they are, and how wide each viseme really opens.

    python -m engine.train.calibrate real_lips_grid.npz real_lips_grid_words.json

Targets and dominances of ``visemes`` and the time constants of ``teacher`` were set with this: a
gradient fit to the trained-on speaker gave the direction (tongue consonants leave the jaw to the
vowels around them, w and r all but shut the lips, front vowels open as wide as open ones, contacts
come early), the eye on ``sheet`` the last word.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.media import FloatArray
from engine.motion.lips import FULL_GAP, opening
from engine.timeline import SAMPLE_RATE_HZ
from engine.train import teacher
from engine.train.alignment import RATE_HZ, AlignmentError, align
from engine.train.corpus import Utterance, resample
from engine.train.figures import best_lag
from engine.train.lip_fit import Clip, read
from engine.train.real_lips import FRAME_RATE_HZ
from engine.train.teacher import Phone


@dataclass(frozen=True, slots=True)
class Seen:
    """One viseme over all clips."""

    count: int
    real: float
    """Mean opening of the recorded lips in its middle; 1 is an open vowel."""
    taught: float


def pairs(clips: Iterable[Clip]) -> list[tuple[tuple[Phone, ...], FloatArray, FloatArray]]:
    """Of every clip that can be aligned: phones, and recorded and taught opening at 25 Hz."""
    out = []
    for clip in clips:
        try:
            phones = align(clip.samples, clip.spoken)
        except AlignmentError:
            continue
        said = Utterance(resample(clip.samples, RATE_HZ, SAMPLE_RATE_HZ), phones, "", "en")
        times = np.arange(len(clip.landmarks), dtype=np.float32) / np.float32(FRAME_RATE_HZ)
        out.append((phones, clip.opening / np.float32(FULL_GAP), opening(said.curves(times))))
    return out


def likeness(taken: Iterable[tuple[tuple[Phone, ...], FloatArray, FloatArray]]) -> float:
    """Mean over clips of r between recorded and taught opening, best lag within two pictures."""
    return float(np.mean([best_lag(taught, real) for _, real, taught in taken]))


def by_viseme(
    taken: Iterable[tuple[tuple[Phone, ...], FloatArray, FloatArray]],
) -> dict[str, Seen]:
    """How wide each viseme opens, on record and as taught."""
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for phones, real, taught in taken:
        for segment in teacher.segments_of(phones, len(real) / FRAME_RATE_HZ):
            middle = round((segment.start_s + segment.end_s) / 2 * FRAME_RATE_HZ)
            if 0 <= middle < len(real):
                found[segment.viseme.name].append((float(real[middle]), float(taught[middle])))
    means = {name: np.mean(each, axis=0) for name, each in found.items()}
    return {name: Seen(len(found[name]), float(m[0]), float(m[1])) for name, m in means.items()}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="The teacher beside recorded lips.")
    parser.add_argument("lips", type=Path)
    parser.add_argument("words", type=Path)
    arguments = parser.parse_args()
    taken = pairs(read(arguments.lips, arguments.words))
    lines = [f"r {likeness(taken):.3f} over {len(taken)} clips", "viseme  count  real  taught"]
    lines += [
        f"{name:7} {seen.count:5}  {seen.real:.2f}  {seen.taught:.2f}"
        for name, seen in sorted(by_viseme(taken).items(), key=lambda item: -item[1].real)
    ]
    print("\n".join(lines))  # noqa: T201  # what the command is for


if __name__ == "__main__":
    main()

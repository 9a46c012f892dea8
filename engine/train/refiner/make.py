"""Make the refiner's training data: ``python -m engine.train.refiner.make PORTRAITS OUT``.

One archive a portrait: the region as the kiosk draws it at both sizes, and what the rendered truth
adds. What is there already is left alone, so that a run that was cut off goes on where it was.
"""

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.motion.coefficients import COEFFICIENTS
from engine.portrait import closing
from engine.portrait.bake import bake, exposure
from engine.portrait.checks import RefusedError
from engine.portrait.lips import OUTER
from engine.portrait.onboard import Onboarding
from engine.portrait.photo import PhotoError
from engine.portrait.plane import polygon
from engine.portrait.prior import Floats, Prior, fit, load_prior
from engine.portrait.rig import Rig, RigError, load, save
from engine.synthesis.region import GREY, fold, unfold
from engine.train.refiner.inside import Style
from engine.train.refiner.motions import Coefficients, from_speech, pairs
from engine.train.refiner.scene import RESIDUAL_STEPS, Scene
from engine.train.refiner.truth import SIDE_PX, Truth

Bgr = NDArray[np.uint8]

STYLES: Final = 2
"""Sets of teeth and lips drawn of each portrait."""
LIPSTICKS: Final = ((60, 40, 150), (70, 60, 190), (90, 60, 130), (110, 90, 205))


@dataclass(frozen=True)
class Subject:
    """A portrait with closed lips and its landmarks."""

    name: str
    photo: Bgr
    landmarks_px: Floats
    rig: Rig


def subject(path: Path, prior: Prior, onboarding: Onboarding, rigs: Path | None) -> Subject:
    """Read, check and bake the photo at *path*; *rigs* keeps what was baked.

    Raises:
        RefusedError, PhotoError, RigError: it is no portrait that the kiosk would take.
    """
    candidate = onboarding.examine(path)
    photo, landmarks = closing.close(candidate.portrait, candidate.landmarks_px)
    kept = rigs / f"{path.stem}.rig" if rigs is not None else None
    if kept is not None and kept.is_file():
        return Subject(path.stem, photo, landmarks, load(kept))
    rig = bake(candidate.portrait, candidate.landmarks_px, prior, path.stem)
    if kept is not None:
        save(rig, kept)
    return Subject(path.stem, photo, landmarks, rig)


def truth(of: Subject, prior: Prior, style: Style | None = None) -> Truth:
    """The rendered truth of a portrait."""
    laid = fit(prior, of.landmarks_px)
    lit = exposure(of.photo, of.landmarks_px)
    return Truth(of.rig, laid, of.photo, of.landmarks_px, lit, style)


def styled(of: Subject, rng: np.random.Generator) -> tuple[Subject, Style]:
    """The portrait with other teeth and, at times, other lips; and the style to light them in."""
    plain = Style()
    gain = rng.uniform(0.84, 1.05) * (1 + rng.normal(0, 0.03, 3))
    flesh = rng.uniform(0.82, 1.12) * (1 + rng.normal(0, 0.04, 3))
    style = Style(
        enamel=_times(plain.enamel, gain), gum=_times(plain.gum, flesh),
        tongue=_times(plain.tongue, flesh), uneven=float(rng.uniform(0.0, 0.05)),
        seed=int(rng.integers(1 << 30)),
    )  # fmt: skip
    rig = replace(of.rig, upper_teeth=_tinted(of.rig.upper_teeth, gain),
                  lower_teeth=_tinted(of.rig.lower_teeth, gain))  # fmt: skip
    photo = of.photo
    if rng.random() < 0.35:
        colour = np.array(LIPSTICKS[int(rng.integers(len(LIPSTICKS)))], np.float64)
        strength = rng.uniform(0.25, 0.7)
        lips = polygon(photo.shape[:2], of.landmarks_px[list(OUTER)]).astype(np.float32)
        lips = cv2.GaussianBlur(lips, (0, 0), 2.0) * np.float32(strength)
        photo = _painted(photo, lips, colour)
        rig = replace(rig, head=_over(rig.head, lips, rig.box, colour),
                      upper=_over(rig.upper, lips, rig.upper_box, colour))  # fmt: skip
    return replace(of, rig=rig, photo=photo), style


def shard(
    of: Subject, prior: Prior, rng: np.random.Generator, count: int, spoken: Coefficients | None
) -> dict[str, NDArray[np.generic]]:
    """*count* pairs of frames of one portrait; see the module's first lines."""
    rows: dict[str, list[NDArray[np.generic]]] = {}
    still = np.zeros(len(COEFFICIENTS), np.float32)
    for number in range(STYLES):
        dressed, style = styled(of, rng) if number else (of, None)
        drawn, small = truth(dressed, prior, style), Scene(dressed.rig, 512, SIDE_PX // 2)
        # Lipstick changes the face at rest: each style has its own.
        rest = {256: drawn.scene.shot(still), 128: small.shot(still)}
        for weights in pairs(rng, count // STYLES, spoken):
            sample, less = drawn.sample(weights), small.shot(weights)
            for side, shot in ((256, sample.shot), (128, less)):
                _add(rows, f"picture_{side}", _levels(shot.picture))
                _add(rows, f"mask_{side}", np.rint(shot.mask * 255).astype(np.uint8))
                _add(rows, f"neutral_{side}", _levels(rest[side].picture))
            for side, residual in ((256, sample.residual), (128, halved(sample.residual))):
                _add(rows, f"residual_{side}", np.rint(residual * RESIDUAL_STEPS).astype(np.int16))
            _add(rows, "coefficients", weights)
    return {name: np.stack(values) for name, values in rows.items()}


def halved(residual: NDArray[np.float32]) -> NDArray[np.float32]:
    """A folded picture at half the size."""
    side = residual.shape[1]
    planes = unfold(residual)
    sizes = (side, side // 2, side // 2)
    small = [cv2.resize(plane, (size, size), interpolation=cv2.INTER_AREA)
             for plane, size in zip(planes, sizes, strict=True)]  # fmt: skip
    return fold(*(np.asarray(plane, np.float32) for plane in small))


def _add(rows: dict[str, list[NDArray[np.generic]]], name: str, value: NDArray[np.generic]) -> None:
    rows.setdefault(name, []).append(value)


def _levels(picture: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.rint(picture * GREY + GREY).clip(0, 255).astype(np.uint8)


def _times(colour: tuple[float, float, float], gain: Floats) -> tuple[float, float, float]:
    blue, green, red = (np.array(colour) * gain).clip(0, 250)
    return float(blue), float(green), float(red)


def _tinted(image: Bgr, gain: Floats) -> Bgr:
    out = image.astype(np.float32)
    out[..., :3] *= gain.astype(np.float32)
    return np.rint(out).clip(0, 255).astype(np.uint8)


def _painted(image: Bgr, share: NDArray[np.float32], colour: Floats) -> Bgr:
    grey = cv2.cvtColor(np.ascontiguousarray(image[..., :3]), cv2.COLOR_BGR2GRAY)[..., None]
    tinted = grey / max(float(np.mean(colour)), 1.0) * colour
    mixed = image[..., :3] * (1 - share[..., None]) + tinted * share[..., None]
    return np.dstack([np.rint(mixed).clip(0, 255).astype(np.uint8), image[..., 3:]])


def _over(
    image: Bgr, share: NDArray[np.float32], box: tuple[int, int, int, int], colour: Floats
) -> Bgr:
    x0, y0, x1, y1 = box
    return _painted(image, share[y0:y1, x0:x1], colour)


def keep(made: Mapping[str, NDArray[np.generic]], target: Path) -> None:
    """Write a shard, whole or not at all: what is broken off is no ``.npz``."""
    partial = target.with_suffix(".part")
    with partial.open("wb") as file:
        np.savez(file, allow_pickle=False, **made)
    partial.replace(target)


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m engine.train.refiner.make",
                                     description=__doc__)  # fmt: skip
    parser.add_argument("portraits", type=Path, help="folder of photos (jpg, png)")
    parser.add_argument("out", type=Path)
    parser.add_argument("--pairs", type=int, default=32, help="of frames, for each portrait")
    parser.add_argument("--speech", type=Path, help=".npz of recorded speech, for its motion")
    parser.add_argument("--rigs", type=Path, help="folder that keeps the baked rigs")
    parser.add_argument("--part", default="0/1", help="i/n: every n-th portrait from the i-th on")
    options = parser.parse_args(arguments)
    part, parts = (int(n) for n in options.part.split("/"))
    cv2.setNumThreads(1)
    prior, onboarding = load_prior(), Onboarding()
    spoken = from_speech(options.speech) if options.speech else None
    for folder in (options.out, options.rigs):
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
    photos = sorted(p for p in options.portraits.iterdir() if p.suffix in (".jpg", ".png"))
    for number, path in list(enumerate(photos))[part::parts]:
        target = options.out / f"{path.stem}.npz"
        if target.exists():
            continue
        try:
            of = subject(path, prior, onboarding, options.rigs)
        except (RefusedError, PhotoError, RigError) as error:
            sys.stdout.write(f"{path.stem}: left out: {error}\n")
            continue
        made = shard(of, prior, np.random.default_rng(number), options.pairs, spoken)
        keep(made, target)
        sys.stdout.write(f"{path.stem}: {len(made['coefficients'])} frames\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())

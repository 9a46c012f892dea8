"""What open smiles in photos say of teeth: ``python -m engine.train.refiner.photos PORTRAITS``.

The truth's light in the mouth is set so that its teeth are as bright against the cheeks as those
that people show in photos. This prints both, as medians over the photos that show teeth.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from engine.media import Pose
from engine.portrait.bake import CHEEKS
from engine.portrait.checks import RefusedError
from engine.portrait.closing import between_lips
from engine.portrait.lips import INNER_LOWER, INNER_UPPER, OUTER
from engine.portrait.onboard import Candidate, Onboarding
from engine.portrait.photo import PhotoError
from engine.portrait.plane import polygon
from engine.portrait.prior import load_prior
from engine.portrait.rig import RigError
from engine.synthesis.region import GREY
from engine.synthesis.shapes import motion
from engine.train.refiner.make import subject, truth
from engine.train.refiner.truth import Truth

LEAST_PX: Final = 900
"""Photos with fewer pixels of teeth are not asked."""
SMILE: Final = {"jawOpen": 0.12, "mouthSmile": 0.6, "mouthUpperUp": 0.35, "mouthLowerDown": 0.3}
BRIGHT: Final = 0.9
"""Quantile that tells how bright the brightest teeth are."""

Pair = tuple[float, float]


def shown(candidate: Candidate) -> Pair | None:
    """Mean and brightest light of the teeth in a photo, over the cheeks'; None: it shows none."""
    photo, points = candidate.portrait, candidate.landmarks_px
    size = photo.shape[0], photo.shape[1]
    between = polygon(size, points[[*INNER_UPPER, *INNER_LOWER[::-1]]])
    teeth, _ = between_lips(photo, between, polygon(size, points[list(OUTER)]))
    if int(teeth.sum()) < LEAST_PX:
        return None
    grey = np.asarray(cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY), np.float64)
    return float(grey[teeth].mean() / cheeks(candidate)), float(
        np.quantile(grey[teeth], BRIGHT) / cheeks(candidate)
    )


def cheeks(candidate: Candidate) -> float:
    """The cheeks' mean grey level."""
    grey = np.asarray(cv2.cvtColor(candidate.portrait, cv2.COLOR_BGR2GRAY), np.float64)
    places = [(int(x), int(y)) for x, y in candidate.landmarks_px[list(CHEEKS), :2]]
    return float(np.mean([grey[y - 10 : y + 10, x - 10 : x + 10].mean() for x, y in places]))


def drawn(made: Truth, cheek: float) -> tuple[Pair, Pair]:
    """The same of the warp and of the truth, in a smile."""
    sample = made.sample(motion(SMILE, Pose()).coefficients)
    inside = sample.shot.mask[0] > 0.9
    warp = sample.shot.picture * GREY + GREY

    def told(folded: np.ndarray) -> Pair:
        light = (folded[:4].mean(0)[inside] - 16) * 255 / 219 / cheek
        return float(light.mean()), float(np.quantile(light, BRIGHT))

    return told(warp), told(warp + sample.residual)


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m engine.train.refiner.photos")
    parser.add_argument("portraits", type=Path, help="folder of photos (jpg, png)")
    options = parser.parse_args(arguments)
    prior, onboarding = load_prior(), Onboarding()
    rows: list[tuple[Pair, Pair, Pair]] = []
    for path in sorted(p for p in options.portraits.iterdir() if p.suffix in (".jpg", ".png")):
        try:
            candidate = onboarding.examine(path)
            real = shown(candidate)
            if real is not None:
                made = truth(subject(path, prior, onboarding, None), prior)
                rows.append((real, *drawn(made, cheeks(candidate))))
        except (RefusedError, PhotoError, RigError) as error:
            sys.stderr.write(f"{path.stem}: left out: {error}\n")
    if not rows:
        sys.stderr.write("photos: none of them shows teeth\n")
        return 1
    middle = np.median(np.array(rows), 0).round(3)
    told = {
        f"{name}_{kind}": float(value)
        for name, row in zip(("photo", "warp", "truth"), middle, strict=True)
        for kind, value in zip(("mean", "bright"), row, strict=True)
    }
    sys.stdout.write(json.dumps({"photos": len(rows), **told}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

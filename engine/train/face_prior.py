"""Fit the compact face prior: ``python -m engine.train.face_prior ARCHIVE OUT``.

*ARCHIVE* is ICT-FaceKit (MIT, © 2020 USC ICT) as one file of arrays: ``neutral`` (vertices, 3) in
cm, ``expressions`` and ``expression_names``, ``identities``, ``triangles``. What baking never looks
at (mouth socket, eyeballs, the skull's inside) is left out; the identities become their main modes
over what is kept (principal components: Blanz and Vetter 1999); all is rounded to a fixed step.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.motion.coefficients import COEFFICIENTS
from engine.portrait.prior import FULL_PARTS, FULL_VERTICES, PRIOR_68, Floats, Prior, load_prior

MODES: Final = 40
STEPS_PER_CM: Final = 512
"""Deltas are rounded to a 512th of a centimetre: a twentieth of a pixel in a portrait."""
EYES_68: Final = (36, 45)
"""The eyes' outer corners among the 68 points."""
SAMPLES: Final = 200


def compact(full: Prior, modes: int = MODES) -> Prior:
    """*full* with its identities reduced to *modes*, and everything rounded as it is kept.

    A mode is a principal direction times its spread, so that independent normal weights of unit
    variance mean the same before and after.
    """
    count = len(full.identities)
    _, spread, directions = np.linalg.svd(full.identities.reshape(count, -1), full_matrices=False)
    kept = (spread[:modes, None] * directions[:modes]).reshape(-1, *full.neutral.shape)
    neutral = full.neutral.astype(np.float32).astype(np.float64)
    return Prior(neutral, _rounded(full.expressions), _rounded(kept), full.triangles)


def save_prior(prior: Prior, path: Path) -> None:
    """Write *prior* as an archive that ``load_prior`` reads."""
    with path.open("wb") as file:
        np.savez_compressed(
            file,
            allow_pickle=False,
            neutral=prior.neutral.astype(np.float32),
            expressions=prior.expressions.astype(np.float16),
            expression_names=np.array(COEFFICIENTS),
            identities=prior.identities.astype(np.float16),
            triangles=prior.triangles.astype(np.uint16),
        )


def figures(full: Prior, small: Prior, seed: int = 0) -> dict[str, Any]:
    """How far *small* is from *full*, in the eyes' distance (outer corners) of the neutral face.

    Identities: faces drawn from the full prior, and the nearest that the small one can make.
    Expressions: each at full weight. Means over all vertices, then the worst single vertex.
    """
    corners = full.neutral[PRIOR_68[list(EYES_68)]]
    eyes_cm = float(np.linalg.norm(corners[1] - corners[0]))
    rng = np.random.default_rng(seed)
    weights = rng.standard_normal((SAMPLES, len(full.identities)))
    faces = weights @ full.identities.reshape(len(full.identities), -1)
    basis = small.identities.reshape(len(small.identities), -1)
    nearest = np.linalg.lstsq(basis.T, faces.T, rcond=None)[0].T @ basis
    identity = _lengths(faces - nearest) / eyes_cm
    expression = _lengths(full.expressions - small.expressions) / eyes_cm
    points = identity[:, PRIOR_68]
    return {
        "eye_distance_cm": round(eyes_cm, 2),
        "identity_mean": round(float(identity.mean()), 5),
        "identity_p95": round(float(np.quantile(identity, 0.95)), 5),
        "identity_mean_at_68_points": round(float(points.mean()), 5),
        "identity_spread": round(float(_lengths(faces).mean() / eyes_cm), 5),
        "expression_mean": round(float(expression.mean()), 6),
        "expression_worst": round(float(expression.max()), 6),
    }


def _lengths(deltas: Floats) -> Floats:
    return np.asarray(np.linalg.norm(deltas.reshape(len(deltas), -1, 3), axis=2))


def _rounded(deltas: Floats) -> NDArray[np.float64]:
    return np.asarray(np.rint(deltas * STEPS_PER_CM) / STEPS_PER_CM)


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m engine.train.face_prior", description=__doc__)
    parser.add_argument("archive", type=Path, help="ICT-FaceKit as one .npz")
    parser.add_argument("out", type=Path)
    parser.add_argument("--modes", type=int, default=MODES, help="identity modes kept")
    options = parser.parse_args(arguments)
    try:
        full = load_prior(options.archive, identities=None)
        small = compact(full, options.modes)
        save_prior(small, options.out)
    except (OSError, KeyError, ValueError) as error:
        sys.stderr.write(f"face_prior: {error}: give ICT-FaceKit's archive and a file to write\n")
        return 1
    report = figures(full, load_prior(options.out))
    report |= {"vertices": len(small.neutral), "of": FULL_VERTICES, "parts": len(FULL_PARTS)}
    report["bytes"] = options.out.stat().st_size
    sys.stdout.write(json.dumps(report, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Fitting the face prior to one photo: identity, resting expression and pose from 478 landmarks.

The prior is one archive: neutral shape, expression deltas, identity deltas, triangles. The one that
ships is made from ICT-FaceKit (MIT, © 2020 USC ICT), whose full archive can be read too. The fit is
a ridge least squares under a scaled orthographic camera, followed by a thin-plate spline (Bookstein
1989) that takes the last pixels out at the landmarks. Offline only: nothing here runs while a
portrait speaks.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.motion.coefficients import COEFFICIENTS
from engine.runtime import checksums

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FULL_VERTICES = 26719
FULL_PARTS = (slice(0, 11248), slice(14062, 21451))
"""What of the full archive's vertices baking looks at: skin, and gums with tongue and teeth."""

# The parts among those kept.
FACE = slice(0, 9409)
HEAD = slice(9409, 11248)
GUMS = slice(11248, 14225)
TEETH = slice(14225, 18637)

SHIPPED = Path(__file__).parent.parent / "weights" / "face_prior.npz"
"""The compact prior that ships: see its card."""

# The 68 multi-PIE points: vertices of the prior, and the same points in the 478-point mesh.
PRIOR_68 = np.array(
    [1225, 1888, 1052, 367, 1719, 1722, 2199, 1447, 966, 3661, 4390, 3927, 3924, 2608, 3272, 4088,
     3443, 268, 493, 1914, 2044, 1401, 3615, 4240, 4114, 2734, 2509, 978, 4527, 4942, 4857, 1140,
     2075, 1147, 4269, 3360, 1507, 1542, 1537, 1528, 1518, 1511, 3742, 3751, 3756, 3721, 3725,
     3732, 5708, 5695, 2081, 0, 4275, 6200, 6213, 6346, 6461, 5518, 5957, 5841, 5702, 5711, 5533,
     6216, 6207, 6470, 5517, 5966]
)  # fmt: skip
MESH_68 = np.array(
    [162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389, 71, 63,
     105, 66, 107, 336, 296, 334, 293, 301, 168, 197, 5, 4, 75, 97, 2, 326, 305, 33, 160, 158, 133,
     153, 144, 362, 385, 387, 263, 373, 380, 61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181,
     78, 82, 13, 312, 308, 317, 14, 87]
)  # fmt: skip

RESTING = (
    "jawOpen", "mouthSmile_L", "mouthSmile_R", "mouthPucker", "eyeBlink_L", "eyeBlink_R",
    "browInnerUp_L", "browInnerUp_R", "browDown_L", "browDown_R", "mouthUpperUp_L",
    "mouthUpperUp_R", "mouthLowerDown_L", "mouthLowerDown_R",
)  # fmt: skip
"""Expressions a resting photo may already wear."""

CONTOUR_POINTS = 17
CONTOUR_WEIGHT = 0.3
"""The jaw's outline slides with the pose: trust it less than the inner points."""


@dataclass(frozen=True)
class Prior:
    """The face prior, expressions in the order of ``COEFFICIENTS``."""

    neutral: Floats
    """(vertices, 3) in cm, +y up, +z toward the viewer."""
    expressions: Floats
    """(len(COEFFICIENTS), vertices, 3) deltas."""
    identities: Floats
    """(identities, vertices, 3) deltas."""
    triangles: Ints


@dataclass(frozen=True)
class Fit:
    """The prior laid over one photo, in image pixels (+x right, +y down, +z toward the viewer)."""

    points_px: Floats
    """(vertices, 3) at rest."""
    deltas_px: Floats
    """(len(COEFFICIENTS), vertices, 3)."""
    triangles: Ints
    scale_px_per_cm: float
    error_px: float
    """Mean absolute landmark error before the spline."""


def load_prior(path: Path = SHIPPED, identities: int | None = 60) -> Prior:
    """Read a prior's archive: the one that ships, or ICT-FaceKit's own.

    Args:
        path: the archive.
        identities: how many identity deltas to take at most; None takes all.

    Raises:
        DamageError: if the one that ships is not as it was made.
        OSError: if *path* cannot be read.
        KeyError: if an array is missing from it.
    """
    checksums.check(path)
    with np.load(path) as data:
        names = [str(name) for name in data["expression_names"]]
        rows = [names.index(name) for name in COEFFICIENTS]
        full = Prior(
            neutral=data["neutral"].astype(np.float64),
            expressions=data["expressions"][rows].astype(np.float64),
            identities=data["identities"][:identities].astype(np.float64),
            triangles=data["triangles"].astype(np.int64),
        )
    return _kept(full) if len(full.neutral) == FULL_VERTICES else full


def _kept(full: Prior) -> Prior:
    """What baking looks at of the full archive."""
    rows = np.concatenate([np.arange(FULL_VERTICES)[part] for part in FULL_PARTS])
    place = np.full(FULL_VERTICES, -1)
    place[rows] = np.arange(len(rows))
    triangles = place[full.triangles]
    return Prior(
        full.neutral[rows], full.expressions[:, rows], full.identities[:, rows],
        triangles[(triangles >= 0).all(1)],
    )  # fmt: skip


def pose(points: Floats, target: Floats, weight: Floats) -> tuple[float, Floats, Floats]:
    """Scaled orthographic pose: scale, rotation (3, 3), translation (2,)."""
    centre = np.average(points, axis=0, weights=weight)
    middle = np.average(target, axis=0, weights=weight)
    affine = np.linalg.lstsq(
        (points - centre) * weight[:, None], (target - middle) * weight[:, None], rcond=None
    )[0].T
    scale = float(np.linalg.norm(affine[0]) + np.linalg.norm(affine[1])) / 2
    first = affine[0] / np.linalg.norm(affine[0])
    second = affine[1] - first * (affine[1] @ first)
    second /= np.linalg.norm(second)
    rotation = np.stack([first, second, np.cross(first, second)])
    return scale, rotation, middle - scale * rotation[:2] @ centre


def fit(prior: Prior, landmarks_px: Floats, ridge: float = 2.0, rounds: int = 6) -> Fit:
    """Lay the prior over *landmarks_px*, shape (478, 2 or 3)."""
    target = landmarks_px[MESH_68, :2] * [1.0, -1.0]
    weight = np.ones(len(MESH_68))
    weight[:CONTOUR_POINTS] = CONTOUR_WEIGHT
    resting = [COEFFICIENTS.index(name) for name in RESTING]
    shape_basis = prior.identities[:, PRIOR_68]
    rest_basis = prior.expressions[resting][:, PRIOR_68]
    shape, rest = np.zeros(len(shape_basis)), np.zeros(len(rest_basis))
    neutral = prior.neutral[PRIOR_68]
    for _ in range(rounds):
        points = neutral + np.tensordot(shape, shape_basis, 1) + np.tensordot(rest, rest_basis, 1)
        scale, rotation, shift = pose(points, target, weight)
        camera = scale * rotation[:2]
        columns = np.concatenate([shape_basis, rest_basis]) @ camera.T
        design = columns.transpose(1, 2, 0).reshape(-1, len(columns))
        rows = np.repeat(weight, 2)
        damping = np.diag(np.r_[np.full(len(shape), ridge * scale), np.full(len(rest), scale)])
        wanted = (target - neutral @ camera.T - shift).ravel() * rows
        solution = np.linalg.lstsq(
            np.concatenate([design * rows[:, None], damping]),
            np.r_[wanted, np.zeros(len(damping))],
            rcond=None,
        )[0]
        shape, rest = solution[: len(shape)], np.clip(solution[len(shape) :], 0, 1)
    cm = prior.neutral + np.tensordot(shape, prior.identities, 1)
    cm = cm + np.tensordot(rest, prior.expressions[resting], 1)
    flip = np.array([1.0, -1.0, 1.0])
    points = (cm @ rotation.T * scale + np.r_[shift, 0.0]) * flip
    goal = landmarks_px[MESH_68, :2]
    error = float(np.abs(points[PRIOR_68, :2] - goal).mean())
    points[:, :2] += thin_plate(points[PRIOR_68, :2], goal - points[PRIOR_68, :2], points[:, :2])
    deltas = prior.expressions @ rotation.T * scale * flip
    return Fit(points, deltas, prior.triangles, scale, error)


def thin_plate(sources: Floats, values: Floats, queries: Floats, stiffness: float = 2e-3) -> Floats:
    """Interpolate *values* (n, k) at *sources* (n, 2) smoothly to *queries* (m, 2).

    Far from the sources the values fade to nothing: anchors at zero stand on a wide ring.
    """
    span = np.ptp(sources, axis=0).max()
    middle = sources.mean(axis=0)
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], 1) * span * 1.3
    points = np.concatenate([(sources - middle), ring]) / span
    known = np.concatenate([values, np.zeros((len(ring), values.shape[1]))])

    def kernel(a: Floats, b: Floats) -> Floats:
        square = ((a[:, None] - b[None]) ** 2).sum(-1)
        return np.asarray(square * np.log(square + 1e-12))

    count = len(points)
    plane = np.c_[np.ones(count), points]
    system = np.zeros((count + 3, count + 3))
    system[:count, :count] = kernel(points, points) + stiffness * np.eye(count)
    system[:count, count:], system[count:, :count] = plane, plane.T
    weights = np.linalg.solve(system, np.concatenate([known, np.zeros((3, values.shape[1]))]))
    at = (queries - middle) / span
    out = np.empty((len(at), values.shape[1]))
    for start in range(0, len(at), 4096):  # bounded memory
        part = at[start : start + 4096]
        rows = kernel(part, points) @ weights[:count]
        out[start : start + 4096] = rows + np.c_[np.ones(len(part)), part] @ weights[count:]
    return out

"""Dense 2-D flows of the coefficients over the head, from the fitted prior.

Two flows are baked, equal everywhere but in the lenses about the lip line: the lower one goes
smoothly from the lower lip's motion to the nose, as if the upper lip were not there; the upper one
from the upper lip's motion to the chin. Each is continuous, so each can be inverted.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.motion.coefficients import COEFFICIENTS
from engine.portrait.lips import LipLine
from engine.portrait.prior import FACE, HEAD, Fit, Floats, Ints
from engine.portrait.raster import Coverage, rasterise

Box = tuple[int, int, int, int]
Mask = NDArray[np.bool_]

STEP_PX = 5
SEAM_MARGIN_PX = 2.5
FACE_OVAL_JAW = (454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136,
                 172, 58, 132, 93, 234)  # fmt: skip
LIDS = ("eyeBlink", "eyeLook")
"""Coefficients drawn wholly by the eye patches."""
APERTURE = ("eyeSquint", "eyeWide", "cheekSquint", "cheekRaiser")
"""Coefficients whose flow leaves the eyeball alone; the eye patches move the lids."""


@dataclass(frozen=True)
class Flows:
    """Flows on a grid of nodes at the centres of ``STEP_PX`` cells of *box*."""

    box: Box
    lower: Floats
    """(len(COEFFICIENTS), rows, columns, 2) pixels of displacement at full coefficient."""
    upper: Floats
    """The same for the upper layer."""
    depth_px: Floats
    """(rows, columns), toward the viewer, relative to the head's pivot."""
    pivot_px: tuple[float, float]
    pivot_depth_px: float


def mesh_part(fit: Fit, *parts: slice) -> Ints:
    """Triangles whose corners all lie in *parts*."""
    chosen = np.zeros(len(fit.points_px), bool)
    for part in parts:
        chosen[part] = True
    return fit.triangles[chosen[fit.triangles].all(1)]


def jaw_curve(landmarks_px: Floats, width: int) -> Floats:
    """Height of the jaw's lower edge for every column, −inf outside the face."""
    points = landmarks_px[list(FACE_OVAL_JAW), :2][::-1]
    out = np.interp(np.arange(width), points[:, 0], points[:, 1], left=-np.inf, right=-np.inf)
    inside = np.isfinite(out)
    out[inside] = cv2.GaussianBlur(out[inside][None], (0, 0), 3, borderType=cv2.BORDER_REPLICATE)[0]
    return out


def relax(values: Floats, known: Mask, fixed_edges: bool, rounds: int = 500) -> Floats:
    """Fill the unknown nodes harmonically: (rows, columns, k), free at the bottom edge.

    With *fixed_edges* the other edges hold what they have; otherwise they are free too.
    """
    out = _spread(values, known)
    hold = known.copy()
    if fixed_edges:
        hold[0], hold[:, 0], hold[:, -1] = True, True, True
        edge = hold & ~known
        out[edge] = values[edge]
    free = ~hold
    for _ in range(rounds):
        padded = np.pad(out, ((1, 1), (1, 1), (0, 0)), mode="edge")
        mean = (padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]) / 4
        out[free] = mean[free]
    return out


def _spread(values: Floats, known: Mask) -> Floats:
    """A first guess for the unknown nodes: ever wider means of the known ones."""
    out = np.where(known[..., None], values, 0.0)
    have = known.copy()
    size = 3
    while not have.all() and size < 4 * max(known.shape):
        weight = cv2.blur(known.astype(np.float64), (size, size))
        total = np.stack([cv2.blur(np.where(known, values[..., k], 0.0), (size, size))
                          for k in range(values.shape[2])], -1)  # fmt: skip
        new = ~have & (weight > 1e-9)
        out[new] = total[new] / weight[new][:, None]
        have |= new
        size = size * 2 + 1
    return out


def _node_means(dense: Floats, mask: Mask) -> tuple[Floats, Floats]:
    """Means of *dense* (height, width, k) over *mask* in each cell, and the share of it masked."""
    rows, columns = mask.shape[0] // STEP_PX, mask.shape[1] // STEP_PX
    cells = mask.reshape(rows, STEP_PX, columns, STEP_PX).sum((1, 3))
    masked = (dense * mask[..., None]).reshape(rows, STEP_PX, columns, STEP_PX, -1).sum((1, 3))
    return masked / np.maximum(cells, 1)[..., None], cells / STEP_PX**2


def bake(fit: Fit, landmarks_px: Floats, line: LipLine, box: Box) -> Flows:
    """Bake both flows and the depth over *box*, whose sides are whole numbers of cells."""
    x0, y0, x1, y1 = box
    ys, xs = np.mgrid[y0:y1, x0:x1].astype(np.float64)
    jaw = jaw_curve(landmarks_px, x1)[x0:]
    face = mesh_part(fit, FACE)
    cover = rasterise(fit.points_px, face, box)
    seen = (cover.triangle >= 0) & (ys < jaw[None] - 1)
    off_seam = np.abs(ys - line.y(xs)) > SEAM_MARGIN_PX * np.minimum(1, line.reach(xs) * 3)
    above, below = lenses(line, xs, ys)
    share = (STEP_PX * STEP_PX * 0.4) / STEP_PX**2
    lower = np.zeros((len(COEFFICIENTS), seen.shape[0] // STEP_PX, seen.shape[1] // STEP_PX, 2))
    upper = np.zeros_like(lower)
    for out, lens in ((lower, above), (upper, below)):
        mask = seen & off_seam & ~lens
        fields, weight = _fields(fit, face, cover, mask)
        filled = relax(fields, weight > share, fixed_edges=True)
        filled = _soften(filled)
        out[:] = filled.reshape(*filled.shape[:2], len(COEFFICIENTS), 2).transpose(2, 0, 1, 3)
    keep = eye_keep(landmarks_px, box)
    for k, name in enumerate(COEFFICIENTS):
        if name.startswith(LIDS):
            lower[k], upper[k] = 0, 0
        elif name.startswith(APERTURE):
            lower[k] *= keep[..., None]
            upper[k] *= keep[..., None]
    depth, pivot, pivot_depth = _depth(fit, landmarks_px, box, jaw)
    return Flows(box, lower, upper, depth, pivot, pivot_depth)


def lenses(line: LipLine, xs: Floats, ys: Floats) -> tuple[Mask, Mask]:
    """The lens above the seam and the one below it."""
    gap, reach = ys - line.y(xs), line.reach(xs)
    above = (gap <= 0) & (-gap < line.above_px * reach)
    below = (gap >= 0) & (gap < line.below_px * reach)
    return above, below


def _fields(fit: Fit, face: Ints, cover: Coverage, mask: Mask) -> tuple[Floats, Floats]:
    parts = []
    for k in range(len(COEFFICIENTS)):
        means, weight = _node_means(cover.sample(fit.deltas_px[k, :, :2], face), mask)
        parts.append(means)
    return np.concatenate(parts, -1), weight


def _soften(fields: Floats) -> Floats:
    kernel = np.array([0.25, 0.5, 0.25])
    padded = np.pad(fields, ((1, 1), (1, 1), (0, 0)), mode="edge")
    rows = sum(w * padded[i : i + fields.shape[0]] for i, w in enumerate(kernel))
    return np.asarray(sum(w * rows[:, i : i + fields.shape[1]] for i, w in enumerate(kernel)))


def node_centres(box: Box) -> tuple[Floats, Floats]:
    """x and y of every node of *box*, in pixels of the photo."""
    x0, y0, x1, y1 = box
    xs = np.arange(x0, x1, STEP_PX) + (STEP_PX - 1) / 2
    ys = np.arange(y0, y1, STEP_PX) + (STEP_PX - 1) / 2
    return np.meshgrid(xs, ys)  # type: ignore[return-value]  # numpy types a tuple as a list


def eye_keep(landmarks_px: Floats, box: Box) -> Floats:
    """0 over the eyes' openings, 1 away from them."""
    xs, ys = node_centres(box)
    keep = np.ones_like(xs)
    for outer, inner in ((33, 133), (263, 362)):
        a, b = landmarks_px[outer, :2], landmarks_px[inner, :2]
        middle, half = (a + b) / 2, float(np.linalg.norm(a - b)) / 2
        radius = np.hypot((xs - middle[0]) / (half * 1.15), (ys - middle[1]) / (half * 0.75))
        keep *= np.clip((radius - 0.8) / 0.6, 0, 1) ** 2 * (3 - 2 * np.clip((radius - 0.8) / 0.6, 0, 1))
    return keep


def _depth(
    fit: Fit, landmarks_px: Floats, box: Box, jaw: Floats
) -> tuple[Floats, tuple[float, float], float]:
    """Depth of the head on the nodes, and the pivot it turns about."""
    _, y0, _, _ = box
    skin = mesh_part(fit, FACE, HEAD)
    cover = rasterise(fit.points_px, skin, box)
    rows = np.arange(y0, box[3])[:, None]
    ears = landmarks_px[[234, 454], :2]
    ear_y = float(ears[:, 1].mean())
    reach = np.where(np.isfinite(jaw), jaw, ear_y)[None]
    seen = (cover.triangle >= 0) & (rows < reach)
    means, weight = _node_means(np.where(seen, cover.depth_px, 0)[..., None].astype(float), seen)
    span = float(np.abs(ears[1, 0] - ears[0, 0]))
    peak = float(cover.depth_px[seen].max())
    pivot_depth = peak - 0.95 * span
    filled = relax(means - pivot_depth, weight > 0.4, fixed_edges=True)
    for _ in range(3):
        filled = _soften(filled)
    return filled[..., 0], (float(ears[:, 0].mean()), ear_y + 0.25 * span), pivot_depth

"""Dense 2-D flows of the coefficients over the head, from the fitted prior.

Two flows are baked, equal everywhere but in the lenses about the lip line: the lower one goes
smoothly from the lower lip's motion to the nose, as if the upper lip were not there; the upper one
from the upper lip's motion to the chin. Each is continuous, so each can be inverted.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.motion.coefficients import COEFFICIENTS, INDEX
from engine.portrait import corners, shaping
from engine.portrait.lips import LipLine
from engine.portrait.plane import smoothstep
from engine.portrait.prior import FACE, HEAD, Fit, Floats, Ints
from engine.portrait.raster import Coverage, rasterise

Box = tuple[int, int, int, int]
Mask = NDArray[np.bool_]

STEP_PX = 5
SEAM_MARGIN_PX = 2.5
RIM_PX = 9.0
"""How far each lip goes on, unstretched, behind the other."""
FACE_OVAL_JAW = (454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136,
                 172, 58, 132, 93, 234)  # fmt: skip
LIDS = ("eyeBlink", "eyeLook")
"""Coefficients drawn wholly by the eye patches."""
OPENING_ROUND = 0.9
JAW_HELD_PX = 40.0
"""How far above the jaw's edge skin rises freely."""
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


def relax(values: Floats, known: Mask, fixed_edges: bool, rounds: int = 80) -> Floats:
    """Fill the unknown nodes harmonically: (rows, columns, k), free at the bottom edge.

    With *fixed_edges* the other edges hold what they have; otherwise they are free too. Each level
    of a pyramid starts from the coarser one's answer.
    """
    hold = known.copy()
    if fixed_edges:
        hold[0], hold[:, 0], hold[:, -1] = True, True, True
    out = np.where(hold[..., None], values, _from_coarser(values, hold)).astype(np.float32)
    free = ~hold[..., None]
    for _ in range(rounds):
        padded = np.pad(out, ((1, 1), (1, 1), (0, 0)), mode="edge")
        mean = padded[:-2, 1:-1] + padded[2:, 1:-1]
        mean += padded[1:-1, :-2]
        mean += padded[1:-1, 2:]
        mean *= 0.25
        np.copyto(out, mean, where=free)
    return np.where(hold[..., None], values, out)


def _from_coarser(values: Floats, hold: Mask) -> Floats:
    """A first guess: the same filling at half the size."""
    rows, columns, count = values.shape
    if hold.all() or min(rows, columns) < 4:
        known = values[hold]
        return np.broadcast_to(known.mean(0) if len(known) else np.zeros(count), values.shape)
    grow = ((0, rows % 2), (0, columns % 2))
    wide = np.pad(np.where(hold[..., None], values, 0.0), (*grow, (0, 0)), mode="edge")
    held = np.pad(hold, grow, mode="edge").astype(np.float64)
    quads = (wide.shape[0] // 2, 2, wide.shape[1] // 2, 2)
    weight = held.reshape(quads).sum((1, 3))
    total = wide.reshape(*quads, count).sum((1, 3))
    small = relax(total / np.maximum(weight, 1)[..., None], weight > 0, fixed_edges=False)
    return np.repeat(np.repeat(small, 2, 0), 2, 1)[:rows, :columns]


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
    for out, lens, side in ((lower, above, -1), (upper, below, 1)):
        mask = seen & off_seam & ~lens
        fields, weight = _fields(fit, face, cover, mask)
        known = weight > share
        _hold_jaw(fields, jaw, box)
        if side < 0:
            _round_opening(fields, line, box)
        known |= _rigid_rim(fields, known, line, box, side)
        filled = _soften(relax(fields, known, fixed_edges=True))
        out[:] = filled.reshape(*filled.shape[:2], len(COEFFICIENTS), 2).transpose(2, 0, 1, 3)
    nodes = node_centres(box)
    corners.meet(lower, upper, line, nodes)
    corners.hold(lower, upper, fit, landmarks_px, nodes)
    shaping.apply(lower, upper, line, nodes)
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
    """Mean displacement in each cell, (rows, columns, 2 · coefficients), and the share known."""
    rows, columns = mask.shape[0] // STEP_PX, mask.shape[1] // STEP_PX
    ys, xs = np.nonzero(mask)
    node = np.repeat((ys // STEP_PX) * columns + xs // STEP_PX, 3)
    vertex = face[cover.triangle[ys, xs]].ravel()
    weight = cover.corners[ys, xs].ravel().astype(np.float64)
    total = np.maximum(np.bincount(node, weight, rows * columns), 1e-9)
    out = np.empty((rows * columns, len(COEFFICIENTS), 2))
    for k in range(len(COEFFICIENTS)):
        for axis in (0, 1):
            moved = weight * fit.deltas_px[k, vertex, axis]
            out[:, k, axis] = np.bincount(node, moved, rows * columns) / total
    share = np.bincount(node, weight, rows * columns) / STEP_PX**2
    return out.reshape(rows, columns, -1), share.reshape(rows, columns)


def _hold_jaw(fields: Floats, jaw: Floats, box: Box) -> None:
    """Keep the jaw's edge from rising with a smile or a pout: skin slides over bone.

    Nothing is known of the neck behind the edge; what it uncovers would be guessed.
    """
    xs, ys = node_centres(box)
    edge = jaw[np.minimum(xs[0].astype(int) - box[0], len(jaw) - 1)]
    free = np.where(np.isfinite(edge)[None], smoothstep((edge[None] - ys) / JAW_HELD_PX), 1.0)
    for k, name in enumerate(COEFFICIENTS):
        if not name.startswith(("jaw", "mouthClose")):
            down = fields[..., 2 * k + 1]
            down[down < 0] *= free[down < 0]


def _rigid_rim(fields: Floats, known: Mask, line: LipLine, box: Box, side: int) -> Mask:
    """Carry the lip's motion on across the seam unchanged, for what the lip hides of itself.

    *side* is −1 where the rim lies above the seam (the lower lip's), +1 below. Writes into
    *fields* and returns the nodes now known.
    """
    xs, ys = node_centres(box)
    reach = line.reach(xs)
    gap = (ys - line.y(xs)) * side
    rim = (gap > -SEAM_MARGIN_PX) & (gap < RIM_PX * np.minimum(1, reach * 1.5)) & (reach > 0.1)
    rim &= ~known
    for row, column in np.argwhere(rim):
        r = row
        while 0 <= r < known.shape[0] and not known[r, column]:
            r -= side
        if 0 <= r < known.shape[0]:
            fields[row, column] = fields[r, column]
    return rim


def _round_opening(fields: Floats, line: LipLine, box: Box) -> None:
    """Let the lower lip hang round when the jaw opens: the prior's comes down to a point."""
    xs, ys = node_centres(box)
    side = 1 - corners.from_corner(line, xs)
    gap = ys - line.y(xs)
    column = fields[..., 2 * INDEX["jawOpen"] + 1]
    lip = (gap > SEAM_MARGIN_PX) & (gap < 3 * STEP_PX) & (side < 1)
    if not lip.any():
        return
    drop = float(column[lip].max())
    ends = float(column[lip & (side > 0.8)].mean()) if (lip & (side > 0.8)).any() else drop
    straight, hanging = 1 - side, 1 - side**2.4
    extra = (drop - ends) * (hanging - straight) * OPENING_ROUND
    near = np.where(gap > 0, np.exp(-((np.maximum(gap - 8, 0) / 26) ** 2)), 0.0)
    column += np.where(side < 1, extra, 0.0) * near


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
    across, down = np.meshgrid(xs, ys)
    return across, down


def eye_keep(landmarks_px: Floats, box: Box) -> Floats:
    """0 over the eyes' openings, 1 away from them."""
    xs, ys = node_centres(box)
    keep = np.ones_like(xs)
    for outer, inner in ((33, 133), (263, 362)):
        a, b = landmarks_px[outer, :2], landmarks_px[inner, :2]
        middle, half = (a + b) / 2, float(np.linalg.norm(a - b)) / 2
        radius = np.hypot((xs - middle[0]) / (half * 1.15), (ys - middle[1]) / (half * 0.75))
        keep *= np.clip((radius - 0.8) / 0.6, 0, 1) ** 2 * (
            3 - 2 * np.clip((radius - 0.8) / 0.6, 0, 1)
        )
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

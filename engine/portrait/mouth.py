"""Drawing the inside of the mouth once: cavity, tongue and lower teeth, gums and upper teeth."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.motion.coefficients import INDEX
from engine.portrait.flows import Box, mesh_part
from engine.portrait.lips import LipLine
from engine.portrait.prior import GUMS, TEETH, Fit, Floats, Ints
from engine.portrait.raster import rasterise

Image = NDArray[np.uint8]

SUPERSAMPLE = 3
ENAMEL = np.array([196.0, 214.0, 226.0])
GUM = np.array([92.0, 86.0, 168.0])
SHOW_CM = 0.20
"""Upper teeth stand this much lower than in the prior, whose closed lips hide them too well."""
SINK_CM = 0.22
"""Lower teeth stand this much lower than in the prior: speech shows little of them."""
LOWER_LIGHT = 0.64
TONGUE_FADE = 0.62
CAVITY = np.array([16.0, 12.0, 34.0])


@dataclass(frozen=True)
class Interior:
    """Straight colours, blue-green-red-alpha, all over ``box``."""

    box: Box
    cavity: Image
    lower: Image
    upper: Image
    jaw_motion: Floats
    """(coefficients, 3) pixels the lower teeth move."""
    upper_depth_px: float
    lower_depth_px: float


def draw(fit: Fit, line: LipLine, exposure: float) -> Interior:
    """Draw the interior; *exposure* is the photo's light on skin, 1 for a well-lit face."""
    middle = float(np.median(line.ys))
    box = (int(line.left_px) - 24, int(middle) - 50, int(line.right_px) + 24, int(middle) + 74)
    jaw = np.linalg.norm(fit.deltas_px[INDEX["jawOpen"]], axis=1)
    teeth = mesh_part(fit, TEETH)
    gums = mesh_part(fit, GUMS)
    moving = jaw > 0.5 * jaw[TEETH].max()
    upper = _render(
        _lowered(fit, SHOW_CM), teeth[~moving[teeth].any(1)], gums[~moving[gums].any(1)], box,
        exposure,
    )  # fmt: skip
    lower = _render(
        _lowered(fit, SINK_CM), teeth[moving[teeth].all(1)], gums[moving[gums].any(1)], box,
        exposure * LOWER_LIGHT,
    )  # fmt: skip
    lower_vertices = np.arange(len(moving))[TEETH][moving[TEETH]]
    upper_vertices = np.arange(len(moving))[TEETH][~moving[TEETH]]
    front = [float(np.quantile(fit.points_px[v, 2], 0.9)) for v in (upper_vertices, lower_vertices)]
    return Interior(
        box, _cavity(box), lower, upper,
        fit.deltas_px[:, lower_vertices].mean(1), front[0], front[1],
    )  # fmt: skip


def _lowered(fit: Fit, by_cm: float) -> Fit:
    down = np.array([0.0, by_cm * fit.scale_px_per_cm, 0.0])
    return replace(fit, points_px=fit.points_px + down)


def _cavity(box: Box) -> Image:
    width, height = box[2] - box[0], box[3] - box[1]
    ys, xs = np.mgrid[0:height, 0:width]
    radius = np.hypot((xs - width / 2) / (width / 2), (ys - height * 0.5) / (height * 0.6))
    shade = 0.65 + 0.5 * np.clip(radius, 0, 1)
    return np.dstack([CAVITY * shade[..., None], np.full((height, width), 255)]).astype(np.uint8)


def _render(fit: Fit, teeth: Ints, gums: Ints, box: Box, exposure: float) -> Image:
    """Teeth and gums, lit from the front and above, fading into the dark with depth."""
    points = fit.points_px * SUPERSAMPLE
    big: Box = tuple(v * SUPERSAMPLE for v in box)  # type: ignore[assignment]  # four stay four
    both = np.concatenate([teeth, gums])
    cover = rasterise(points, both, big)
    normal = cover.sample(_normals(points, both), both)
    seen = cover.triangle >= 0
    light = np.clip(normal @ np.array([0.0, -0.28, 0.96]), 0, 1)
    front = float(fit.points_px[teeth, 2].max()) * SUPERSAMPLE
    deep = np.where(seen, front - cover.depth_px, 0) / (fit.scale_px_per_cm * SUPERSAMPLE)
    fade = np.exp(-((np.maximum(deep, 0) / 1.5) ** 1.5))
    is_tooth = (cover.triangle < len(teeth))[..., None]
    colour = np.where(is_tooth, ENAMEL, GUM) * (0.35 + 0.65 * light**1.5)[..., None]
    fade = np.where(is_tooth[..., 0], fade, np.maximum(fade, TONGUE_FADE * exposure))
    colour = CAVITY + (colour * exposure - CAVITY) * fade[..., None]
    # A gloss on wet enamel, broad and faint.
    gloss = np.clip(normal @ np.array([0.0, -0.5, 0.866]), 0, 1) ** 40 * 26 * fade * exposure
    colour = np.where(seen[..., None], colour + gloss[..., None], 0)
    alpha = seen.astype(np.float64)
    size = (box[2] - box[0], box[3] - box[1])
    small = cv2.resize(np.dstack([colour * alpha[..., None], alpha]), size,
                       interpolation=cv2.INTER_AREA)  # fmt: skip
    small[..., :3] /= np.maximum(small[..., 3:], 1e-3)
    small[..., 3] *= 255
    return np.clip(np.rint(small), 0, 255).astype(np.uint8)


def _normals(points: Floats, triangles: Ints) -> Floats:
    """Smooth vertex normals with +y down, +z toward the viewer."""
    out = np.zeros_like(points)
    a, b, c = points[triangles[:, 0]], points[triangles[:, 1]], points[triangles[:, 2]]
    face = np.cross(c - a, b - a)
    for k in range(3):
        np.add.at(out, triangles[:, k], face)
    return np.asarray(out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9))

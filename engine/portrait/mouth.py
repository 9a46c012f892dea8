"""Drawing the inside of the mouth once: cavity, tongue and lower teeth, gums and upper teeth.

The tongue and the lower gum are the prior's own, lit by their normals. Teeth are drawn tooth by
tooth at the prior's place: at the size of a mouth in a portrait, shading, the thin dark lines
between them and the fall-off into the dark are what the eye reads.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.motion.coefficients import INDEX
from engine.portrait.flows import Box, mesh_part
from engine.portrait.lips import LipLine
from engine.portrait.plane import smoothstep
from engine.portrait.prior import GUMS, PRIOR_68, TEETH, Fit, Floats, Ints
from engine.portrait.raster import rasterise

Image = NDArray[np.uint8]

SUPERSAMPLE: Final = 3
ENAMEL: Final = np.array([180.0, 191.0, 204.0])
NECK_TINT: Final = np.array([0.84, 0.93, 0.98])
"""Enamel is warmer toward the gum."""
GUM: Final = np.array([92.0, 86.0, 168.0])
CAVITY: Final = np.array([16.0, 12.0, 34.0])
TONGUE_FADE: Final = 0.72
EYES_68: Final = (36, 45)
"""The eyes' outer corners among the prior's 68 points."""
SHOW_CM: Final = 0.24
"""Upper teeth stand this much lower than in the prior, whose closed lips hide them too well."""
SINK_CM: Final = 0.58
"""Lower teeth stand this much lower than in the prior: speech shows little of them."""
LOWER_LIGHT: Final = 0.62
LOWER_TINT: Final = np.array([0.87, 0.90, 1.0])
"""Light comes to the lower teeth off lips and tongue."""


@dataclass(frozen=True)
class Tooth:
    """One tooth of the right half; the left mirrors it. Centimetres as seen from the front."""

    width: float
    rise: float
    """How far its edge stands back from the middle teeth's."""
    light: float
    """Of the middle teeth's light, as the row turns away into the dark."""


UPPER_ROW: Final = (
    Tooth(0.76, 0.00, 1.00), Tooth(0.58, 0.06, 0.95), Tooth(0.56, 0.03, 0.84),
    Tooth(0.42, 0.09, 0.66), Tooth(0.34, 0.13, 0.48), Tooth(0.28, 0.18, 0.30),
)  # fmt: skip
LOWER_ROW: Final = (
    Tooth(0.47, 0.00, 1.00), Tooth(0.50, 0.01, 0.96), Tooth(0.52, 0.00, 0.85),
    Tooth(0.44, 0.05, 0.66), Tooth(0.36, 0.09, 0.46), Tooth(0.28, 0.13, 0.28),
)  # fmt: skip
CROWN_CM: Final = (0.98, 0.80)
"""Height of the middle crowns, upper and lower."""


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
    """Draw the interior; *exposure*: how well the face is lit (``bake.exposure``)."""
    middle = float(np.median(line.ys))
    box = (int(line.left_px) - 24, int(middle) - 50, int(line.right_px) + 24, int(middle) + 74)
    jaw = np.linalg.norm(fit.deltas_px[INDEX["jawOpen"]], axis=1)
    moving = jaw > 0.5 * jaw[TEETH].max()
    teeth = np.arange(len(moving))[TEETH]
    lower, upper = teeth[moving[TEETH]], teeth[~moving[TEETH]]
    gums = mesh_part(fit, GUMS)
    cm, level = fit.scale_px_per_cm, upright(fit)
    x, y = front_edge(fit, upper, level, lowest=True)
    front = _row(UPPER_ROW, CROWN_CM[0], cm, (x, y + SHOW_CM * cm), level, box, exposure, True)
    x, y = front_edge(fit, lower, level, lowest=False)
    dim = exposure * LOWER_LIGHT
    low = _row(LOWER_ROW, CROWN_CM[1], cm, (x, y + SINK_CM * cm), level, box, dim, False)
    low[..., :3] = np.rint(low[..., :3] * LOWER_TINT)
    tongue = _soft_parts(fit, gums[moving[gums].any(1)], level, box, dim)
    depths = [float(np.quantile(fit.points_px[v, 2], 0.9)) for v in (upper, lower)]
    jaw_motion = fit.deltas_px[:, lower].mean(1)
    return Interior(box, _cavity(box), _laid(tongue, low), front, jaw_motion, *depths)


def upright(fit: Fit) -> Floats:
    """(2, 2) from pixels to places along and across the face: teeth lean with a leaning head."""
    left, right = fit.points_px[PRIOR_68[list(EYES_68)], :2]
    along = (right - left) / max(float(np.linalg.norm(right - left)), 1e-6)
    return np.array([[along[0], along[1]], [-along[1], along[0]]])


def front_edge(fit: Fit, vertices: Ints, level: Floats, *, lowest: bool) -> tuple[float, float]:
    """Middle and edge of the front teeth among *vertices*, in places of *level*."""
    points = fit.points_px[vertices]
    placed = points[:, :2] @ level.T
    heights = placed[points[:, 2] > np.quantile(points[:, 2], 0.85), 1]
    return float(placed[:, 0].mean()), float(heights.max() if lowest else heights.min())


def _cavity(box: Box) -> Image:
    width, height = box[2] - box[0], box[3] - box[1]
    ys, xs = np.mgrid[0:height, 0:width]
    radius = np.hypot((xs - width / 2) / (width / 2), (ys - height * 0.5) / (height * 0.6))
    shade = 0.65 + 0.5 * np.clip(radius, 0, 1)
    return np.dstack([CAVITY * shade[..., None], np.full((height, width), 255)]).astype(np.uint8)


def _row(
    row: tuple[Tooth, ...], crown_cm: float, px_per_cm: float, edge_px: tuple[float, float],
    level: Floats, box: Box, exposure: float, is_upper: bool,
) -> Image:  # fmt: skip
    """Draw a row of teeth and its gum, from the back teeth to the middle ones.

    *edge_px*, the middle of its edge, is in places of *level*.
    """
    unit = px_per_cm * SUPERSAMPLE
    height, width = (box[3] - box[1]) * SUPERSAMPLE, (box[2] - box[0]) * SUPERSAMPLE
    ys, xs = np.mgrid[0:height, 0:width] / SUPERSAMPLE
    xs, ys = np.tensordot(level, np.stack([xs + box[0], ys + box[1]]), 1)
    toward_gum = -1.0 if is_upper else 1.0
    # Heights from the edge toward the gum, in centimetres.
    up = (ys - edge_px[1]) * toward_gum / px_per_cm
    across = np.abs(xs - edge_px[0]) / px_per_cm
    reach = sum(tooth.width for tooth in row)
    fade = np.clip(1 - (across / reach) ** 2, 0, 1)
    gum_light = (0.30 + 0.70 * fade) * (1 - 0.35 * np.clip((up - crown_cm) / 0.6, 0, 1))
    colour = CAVITY + (GUM * exposure - CAVITY) * gum_light[..., None]
    top = crown_cm * (1 - 0.22 * (across / reach) ** 1.5)
    alpha = smoothstep((up - top + 0.30) * unit / 3) * smoothstep((reach - across) * unit / 6)
    start = 0.0
    for tooth in row:
        middle, half = start + tooth.width / 2, tooth.width / 2
        start += tooth.width
        side = (across - middle) / half
        colour, alpha = _tooth(tooth, side, up, top, half, unit, exposure, colour, alpha)
    size = (box[2] - box[0], box[3] - box[1])
    return _shrunk(colour, alpha, size)


@dataclass(frozen=True)
class Outline:
    """Where one tooth is; each 0 to 1 at every place but *along*."""

    inside: Floats
    gap: Floats
    """The line between neighbours: deep, soft, never black."""
    along: Floats
    """From the edge (0) to the neck (1)."""


def outline(
    tooth: Tooth, side: Floats, up: Floats, top: Floats, half: float, unit: float
) -> Outline:
    """A tooth's shape; *side* runs from −1 to 1 across it.

    Args:
        tooth: which one.
        side: places across it.
        up: places from the row's edge toward the gum, centimetres.
        top: where the crowns end there.
        half: half its width, centimetres.
        unit: samples a centimetre.
    """
    height, crown = up - tooth.rise, top - tooth.rise
    t = np.clip(height / np.maximum(crown, 0.1), 0, 1.3)
    # Widest a third up from the edge, narrower at the neck; corners round.
    wide = 1.0 - 0.16 * np.clip(t - 0.3, 0, 1) ** 1.5 / 0.6 - 0.05 * np.clip(0.3 - t, 0, 1) / 0.3
    corner = 0.10 * np.abs(side) ** 3
    inside = smoothstep((wide - np.abs(side)) * half * unit / 1.6 + 0.35)
    inside *= smoothstep((height - corner) * unit / 2.0 + 0.5)
    scallop = 1.0 - 0.13 * side**2
    inside *= smoothstep((crown * scallop - height) * unit / 3.0 + 0.5)
    gap = smoothstep((1.06 - np.abs(side)) * half * unit / 1.5)
    gap *= smoothstep((height - corner - 0.03) * unit / 3) * smoothstep((crown - height) * unit / 3)
    return Outline(inside, gap, t)


def _tooth(
    tooth: Tooth, side: Floats, up: Floats, top: Floats, half: float, unit: float,
    exposure: float, colour: Floats, alpha: Floats,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Lay one tooth over what is drawn; *side* runs from −1 to 1 across it."""
    shape = outline(tooth, side, up, top, half, unit)
    inside, gap, t = shape.inside, shape.gap, shape.along
    height = up - tooth.rise
    bulge = 1 - 0.20 * np.abs(side) ** 2.5 - 0.10 * np.clip(t, 0, 1) ** 2
    edge = 1 - 0.14 * np.exp(-((height / 0.05) ** 2))
    gloss = 0.10 * np.exp(-(((side + 0.15) / 0.32) ** 2) - ((t - 0.42) / 0.22) ** 2)
    tint = 1 + (NECK_TINT - 1) * np.clip(t, 0, 1)[..., None] ** 1.5
    shade = (bulge * edge + gloss) * tooth.light
    enamel = CAVITY + (ENAMEL * tint * exposure - CAVITY) * np.clip(shade, 0, 1.08)[..., None]
    dark = CAVITY + (np.array([84.0, 96.0, 132.0]) * exposure - CAVITY) * tooth.light * 0.75
    colour = colour * (1 - gap[..., None]) + dark * gap[..., None]
    colour = colour * (1 - inside[..., None]) + enamel * inside[..., None]
    return colour, np.maximum(alpha, np.maximum(inside, gap * 0.9))


def _soft_parts(fit: Fit, gums: Ints, level: Floats, box: Box, exposure: float) -> Image:
    """Tongue and gum from the prior, lit from the front and above, fading with depth."""
    sunk = np.append(SINK_CM * fit.scale_px_per_cm * level[1], 0.0)
    points = (fit.points_px + sunk) * SUPERSAMPLE
    x0, y0, x1, y1 = (v * SUPERSAMPLE for v in box)
    cover = rasterise(points, gums, (x0, y0, x1, y1))
    normal = cover.sample(normals(points, gums), gums)
    seen = cover.triangle >= 0
    light = np.clip(normal @ np.array([0.0, -0.28, 0.96]), 0, 1)
    front = float(fit.points_px[TEETH, 2].max()) * SUPERSAMPLE
    deep = np.where(seen, front - cover.depth_px, 0) / (fit.scale_px_per_cm * SUPERSAMPLE)
    fade = np.maximum(np.exp(-((np.maximum(deep, 0) / 1.5) ** 1.5)), TONGUE_FADE * exposure)
    flesh = GUM * (0.62 + 0.38 * light)[..., None] * exposure
    colour = CAVITY + (flesh - CAVITY) * fade[..., None]
    return _shrunk(colour, seen.astype(np.float64), (box[2] - box[0], box[3] - box[1]))


def _shrunk(colour: Floats, alpha: Floats, size: tuple[int, int]) -> Image:
    """From the supersampled drawing to the layer's own size."""
    whole = np.dstack([colour * alpha[..., None], alpha])
    small = np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.float64)
    small[..., :3] /= np.maximum(small[..., 3:], 1e-3)
    small[..., 3] *= 255
    return np.clip(np.rint(small), 0, 255).astype(np.uint8)


def _laid(back: Image, front: Image) -> Image:
    """*front* over *back*, both straight."""
    near, far = front[..., 3:] / 255.0, back[..., 3:] / 255.0
    alpha = near + far * (1 - near)
    colour = front[..., :3] * near + back[..., :3] * far * (1 - near)
    colour /= np.maximum(alpha, 1e-3)
    return np.dstack([colour, 255 * alpha]).clip(0, 255).astype(np.uint8)


def normals(points: Floats, triangles: Ints) -> Floats:
    """Smooth vertex normals with +y down, +z toward the viewer."""
    out = np.zeros_like(points)
    a, b, c = points[triangles[:, 0]], points[triangles[:, 1]], points[triangles[:, 2]]
    face = np.cross(c - a, b - a)
    for k in range(3):
        np.add.at(out, triangles[:, k], face)
    return np.asarray(out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9))

"""The inside of a mouth as surfaces with normals and depths, to be lit: teeth, gums, tongue.

Every tooth stands exactly where the rig draws it (``engine.portrait.mouth``), so that what the
refiner learns is light and matter, not another set of teeth. Lengths in centimetres of the face.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.motion.coefficients import INDEX
from engine.portrait.flows import mesh_part
from engine.portrait.mouth import (
    CROWN_CM,
    LOWER_ROW,
    SHOW_CM,
    SINK_CM,
    UPPER_ROW,
    Tooth,
    front_edge,
    normals,
    outline,
    upright,
)
from engine.portrait.plane import smoothstep
from engine.portrait.prior import GUMS, TEETH, Fit
from engine.portrait.raster import rasterise

Floats = NDArray[np.float64]
Maps = NDArray[np.float32]
Box = tuple[int, int, int, int]

FINE: Final = 2
"""Samples a portrait pixel and axis."""
ARCH_DEG: Final = 48.0
"""How far the row has turned aside at its end."""
ARCH_CM: Final = 1.1
"""And how far it stands back there."""
BEHIND_CM: Final = (0.05, 0.34)
"""Upper and lower front teeth behind the lips."""
LOWER_ENAMEL: Final = np.array([0.70, 0.73, 0.78])
"""Lower teeth stand in the lip's red light and look darker than the upper ones."""
TONGUE_SINK_CM: Final = 0.14
"""The rig hides the tongue as deep as the lower teeth; a speaker's shows."""
GUM_GLOSS, TOOTH_GLOSS, TONGUE_GLOSS = 0.55, 1.0, 0.8


@dataclass(frozen=True)
class Style:
    """How this mouth differs from others; blue-green-red."""

    enamel: tuple[float, float, float] = (202.0, 213.0, 224.0)
    gum: tuple[float, float, float] = (108.0, 104.0, 190.0)
    tongue: tuple[float, float, float] = (108.0, 112.0, 200.0)
    uneven: float = 0.03
    """Of each tooth's brightness."""
    seed: int = 0


@dataclass(frozen=True)
class Surface:
    """One piece of the inside, over the cavity's box at ``FINE`` samples a pixel."""

    albedo: Maps
    """(rows, columns, 3)."""
    alpha: Maps
    normal: Maps
    """(rows, columns, 3): +x right, +y down, +z toward the viewer."""
    depth_cm: Maps
    """Behind the lips' opening."""
    gloss: Maps


@dataclass(frozen=True)
class Inside:
    """All pieces of a mouth, back to front."""

    box: Box
    tongue: Surface
    lower: Surface
    upper: Surface
    px_per_cm: float


def build(fit: Fit, box: Box, style: Style) -> Inside:
    """The inside of the mouth of a fitted face over the rig's ``cavity_box``."""
    jaw = np.linalg.norm(fit.deltas_px[INDEX["jawOpen"]], axis=1)
    moving = jaw > 0.5 * jaw[TEETH].max()
    teeth = np.arange(len(moving))[TEETH]
    low, up = teeth[moving[TEETH]], teeth[~moving[TEETH]]
    cm, level = fit.scale_px_per_cm, upright(fit)
    x, y = front_edge(fit, up, level, lowest=True)
    upper = _row(UPPER_ROW, CROWN_CM[0], cm, (x, y + SHOW_CM * cm), level, box, style, True)
    x, y = front_edge(fit, low, level, lowest=False)
    lower = _row(LOWER_ROW, CROWN_CM[1], cm, (x, y + SINK_CM * cm), level, box, style, False)
    gums = mesh_part(fit, GUMS)
    soft = gums[moving[gums].any(1)]
    return Inside(box, _tongue(fit, soft, level, box, style), lower, upper, cm)


def _places(box: Box) -> tuple[Floats, Floats]:
    height, width = (box[3] - box[1]) * FINE, (box[2] - box[0]) * FINE
    ys, xs = np.mgrid[0:height, 0:width]
    return (xs + 0.5) / FINE - 0.5 + box[0], (ys + 0.5) / FINE - 0.5 + box[1]


def _row(
    row: tuple[Tooth, ...], crown_cm: float, px_per_cm: float, edge_px: tuple[float, float],
    level: Floats, box: Box, style: Style, is_upper: bool,
) -> Surface:  # fmt: skip
    unit = px_per_cm * FINE
    xs, ys = _places(box)
    x, y = np.tensordot(level, np.stack([xs, ys]), 1)
    toward_gum = -1.0 if is_upper else 1.0
    up = (y - edge_px[1]) * toward_gum / px_per_cm
    signed = (x - edge_px[0]) / px_per_cm
    across = np.abs(signed)
    reach = sum(tooth.width for tooth in row)
    along = np.clip(across / reach, 0, 1.2)
    top = crown_cm * (1 - 0.22 * along**1.5)
    # The gum: a soft roll about the necks.
    roll = np.clip((up - top) / 0.5, -1, 1)
    nx, ny = np.zeros_like(up), toward_gum * (0.55 * roll + 0.1)
    albedo = np.broadcast_to(np.array(style.gum), (*up.shape, 3)) * (1 - 0.10 * roll)[..., None]
    alpha = smoothstep((up - top + 0.30) * unit / 3) * smoothstep((reach - across) * unit / 6)
    gloss = np.full_like(up, GUM_GLOSS)
    rng = np.random.default_rng([style.seed, int(is_upper)])
    own = np.array(style.enamel) * (1.0 if is_upper else LOWER_ENAMEL)
    start = 0.0
    for number, tooth in enumerate(row):
        middle, half = start + tooth.width / 2, tooth.width / 2
        start += tooth.width
        side = (across - middle) / half
        tint = 1 + style.uneven * rng.normal(size=2)[(signed > 0).astype(int)]
        yellow = 0.03 if number == 2 else 0.0
        piece = outline(tooth, side, up, top, half, unit)
        turned, leant = _bulge(side, piece.along)
        inside, gap = piece.inside, piece.gap
        enamel = own * _enamel(piece.along, yellow) * tint[..., None]
        line = own * (0.42, 0.47, 0.60)
        albedo = _mix(_mix(albedo, line, gap), enamel, inside)
        nx = _mix1(nx, np.sign(signed) * turned, inside)
        ny = _mix1(ny, toward_gum * leant, inside)
        gloss = _mix1(_mix1(gloss, np.zeros_like(gap), gap), np.full_like(gap, TOOTH_GLOSS), inside)
        alpha = np.maximum(alpha, np.maximum(inside, gap * 0.9))
    turn = np.deg2rad(ARCH_DEG) * along**1.2
    normal = np.stack(
        [nx + np.sign(signed) * np.tan(np.minimum(turn, 1.3)), ny, np.ones_like(nx)], -1
    )
    normal[..., :2] = normal[..., :2] @ level
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    depth = BEHIND_CM[0 if is_upper else 1] + ARCH_CM * along**2.2
    return _surface(albedo, alpha, normal, depth, gloss)


def _bulge(side: Floats, t: Floats) -> tuple[Floats, Floats]:
    """How a tooth's face turns across it and along it, as slopes."""
    bulge = np.clip(side, -1, 1)
    across = 0.25 * bulge + 0.65 * bulge**3
    along = 0.45 * (t - 0.45) + 0.5 * np.clip(t - 0.8, 0, 1) - 1.2 * np.clip(0.10 - t, 0, 1)
    return across, along


def _enamel(t: Floats, yellow: float) -> Floats:
    """Tint along the crown: bluish and darker at the translucent edge, warm at the neck."""
    edge = np.exp(-((t / 0.10) ** 2))[..., None]
    neck = (np.clip(t, 0, 1) ** 1.6)[..., None]
    tint = 1 + neck * (np.array([0.80, 0.91, 0.97]) - 1) + edge * (np.array([0.90, 0.87, 0.84]) - 1)
    return np.asarray(tint * (1 - yellow * np.array([2.0, 0.8, 0.2])))


def _tongue(
    fit: Fit, triangles: NDArray[np.int64], level: Floats, box: Box, style: Style
) -> Surface:
    """Tongue and lower gum of the prior."""
    sunk = np.append(TONGUE_SINK_CM * fit.scale_px_per_cm * level[1], 0.0)
    points = (fit.points_px + sunk) * FINE
    x0, y0, x1, y1 = (v * FINE for v in box)
    cover = rasterise(points, triangles, (x0, y0, x1, y1))
    seen = cover.triangle >= 0
    normal = cover.sample(normals(points, triangles), triangles)
    for _ in range(2):
        normal = np.asarray(cv2.GaussianBlur(normal, (0, 0), 2.0))
    normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-6)
    front = float(fit.points_px[TEETH, 2].max()) * FINE
    deep = np.where(seen, front - cover.depth_px.astype(np.float64), 0.0) / (
        fit.scale_px_per_cm * FINE
    )
    rng = np.random.default_rng([style.seed, 7])
    grain = np.asarray(cv2.GaussianBlur(rng.normal(size=seen.shape), (0, 0), 1.2), np.float64)
    albedo = np.array(style.tongue) * (1 + 0.10 * grain)[..., None]
    # The furrow along its middle.
    xs, _ = _places(box)
    middle = float(np.mean(fit.points_px[TEETH, 0]))
    furrow = np.exp(-(((xs - middle) / (0.14 * fit.scale_px_per_cm)) ** 2))
    albedo = albedo * (1 - 0.07 * furrow)[..., None]
    gloss = np.full(seen.shape, TONGUE_GLOSS) * (1 + 0.8 * grain).clip(0, 2)
    alpha = np.asarray(cv2.GaussianBlur(seen.astype(np.float64), (0, 0), 1.0), np.float64)
    depth = np.maximum(deep, 0) + BEHIND_CM[1]
    smooth = np.asarray(normal, np.float64)
    return _surface(np.asarray(albedo, np.float64), alpha, smooth, depth, gloss)


def _mix(under: Floats, over: Floats, alpha: Floats) -> Floats:
    return np.asarray(under * (1 - alpha[..., None]) + over * alpha[..., None])


def _mix1(under: Floats, over: Floats, alpha: Floats) -> Floats:
    return np.asarray(under * (1 - alpha) + over * alpha)


def _surface(
    albedo: Floats, alpha: Floats, normal: Floats, depth_cm: Floats, gloss: Floats
) -> Surface:
    return Surface(*(np.asarray(m, np.float32) for m in (albedo, alpha, normal, depth_cm, gloss)))

"""The eyes' parts: eyeballs complete behind the lids, closed lids, and how the lids move."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.motion.coefficients import COEFFICIENTS, INDEX
from engine.portrait.flows import Box
from engine.portrait.layers import fill
from engine.portrait.plane import smoothstep
from engine.portrait.prior import PRIOR_68, Fit, Floats
from engine.portrait.rig import LASH_BAND_PX, LIDS_MEET

Image = NDArray[np.uint8]
Mask = NDArray[np.bool_]

# Viewer's left eye first (the subject's right).
UPPER = (
    (33, 246, 161, 160, 159, 158, 157, 173, 133),
    (362, 398, 384, 385, 386, 387, 388, 466, 263),
)
LOWER = ((33, 7, 163, 144, 145, 153, 154, 155, 133), (362, 382, 381, 380, 374, 373, 390, 249, 263))
CREASE = ((130, 247, 30, 29, 27, 28, 56, 190, 243), (463, 414, 286, 258, 257, 259, 260, 467, 359))
IRIS = ((468, 469, 470, 471, 472), (473, 474, 475, 476, 477))
UPPER_68, LOWER_68 = ((37, 38), (43, 44)), ((40, 41), (46, 47))
EYEBALL_CM = 1.2
GAZE_DEG = {"Out": (26.0, 0.0), "In": (-26.0, 0.0), "Up": (0.0, -16.0), "Down": (0.0, 18.0)}
"""Full gaze: outward and down."""
LOOK_LIDS = 0.6
NARROW = 0.25
"""Eyes narrower than this share of their width are given the room of one that is not."""
RING_REACH = 1.15
"""Skin for the closed lid is taken from at least this far about the eye, in its half sizes."""
GRAIN = 0.8
"""Of the lids' skin, over the median detail of the skin about the eye."""
HAIR = 0.7
"""What about the eye is darker than this share of the skin below it is brow or lash."""
LASH = 0.22
"""Light of the closed lashes, over the skin's."""
WIDE = 0.5
"""Eyes opened wide show less white than in the prior: it alarms."""


@dataclass(frozen=True)
class Eyes:
    """Both eyes; pictures are blue-green-red-alpha over their boxes, of one size."""

    boxes: tuple[Box, Box]
    balls: Image
    closed: Image
    curves: NDArray[np.float32]
    lid_motion: NDArray[np.float32]
    gaze_motion: NDArray[np.float32]
    irises: NDArray[np.float32]


def draw(photo: Image, landmarks_px: Floats, fit: Fit) -> Eyes:
    """Draw both eyes' parts from the photo."""
    width = 12 + int(
        max(abs(landmarks_px[a, 0] - landmarks_px[b, 0]) for a, b in ((33, 133), (263, 362)))
    )
    opening = float(np.ptp(landmarks_px[list(UPPER[0] + LOWER[0]), 1]))
    opening = max(opening, NARROW * width)  # narrow eyes need skin above and below all the same
    boxes, balls, closed, curves, irises = [], [], [], [], []
    for side in (0, 1):
        ends = landmarks_px[[UPPER[side][0], UPPER[side][-1]], :2]
        middle = ends.mean(0)
        half, up, down = width // 2 + 22, int(opening * 1.5), int(opening * 1.1)
        x0, y0 = int(middle[0]) - half, int(middle[1]) - up
        box = (x0, y0, x0 + 2 * half, y0 + up + down)
        curve = _curves(landmarks_px, side, box)
        iris = _iris(landmarks_px, side)
        boxes.append(box)
        curves.append(curve)
        irises.append(iris)
        balls.append(_ball(photo, box, curve, iris))
        closed.append(_closed(photo, box, curve, outer_left=side == 0))
    return Eyes(
        (boxes[0], boxes[1]), np.stack(balls), np.stack(closed),
        np.stack(curves).astype(np.float32), _lid_motion(fit), _gaze_motion(fit),
        np.array(irises, np.float32),
    )  # fmt: skip


def _iris(landmarks_px: Floats, side: int) -> tuple[float, float, float]:
    centre, *rim = (landmarks_px[i, :2] for i in IRIS[side])
    radius = float(np.mean([np.linalg.norm(p - centre) for p in rim]))
    return float(centre[0]), float(centre[1]), radius


def _curves(landmarks_px: Floats, side: int, box: Box) -> Floats:
    """Crease, upper margin, lower margin over the columns of *box*, as heights in it."""
    xs = np.arange(box[0], box[2]).astype(np.float64)
    rows = []
    for points in (CREASE, UPPER, LOWER):
        at = landmarks_px[list(points[side]), :2]
        at = at[np.argsort(at[:, 0])]
        fine = np.interp(xs, at[:, 0], at[:, 1]) - box[1]
        rows.append(cv2.GaussianBlur(fine[None], (0, 0), 2.5, borderType=cv2.BORDER_REPLICATE)[0])
    crease, upper, lower = rows
    lower = np.maximum(lower, upper)
    # A fold a little above the landmarks' ring leaves the lid room to unroll.
    crease = np.minimum(crease, upper - LASH_BAND_PX - 1.5)
    return np.stack([crease, upper, lower])


def _opening(box: Box, curve: Floats, inset: float) -> Floats:
    ys = np.arange(box[3] - box[1])[:, None]
    top = smoothstep(ys - (curve[1] + inset)[None] + 0.5)
    bottom = smoothstep((curve[2] - inset)[None] - ys + 0.5)
    return top * bottom


def _ball(photo: Image, box: Box, curve: Floats, iris: tuple[float, float, float]) -> Image:
    """The eyeball as seen, carried on under the lids: the iris mirrored, the white filled in."""
    x0, y0, x1, y1 = box
    patch = photo[y0:y1, x0:x1].astype(np.float64)
    visible = _opening(box, curve, 2.0) > 0.9
    clean = _opening(box, curve, 4.0) > 0.9
    ys, xs = np.mgrid[0 : y1 - y0, 0 : x1 - x0].astype(np.float64)
    cx, cy, radius = iris[0] - x0, iris[1] - y0, iris[2]
    away = np.hypot(xs - cx, ys - cy)
    white = fill(patch, clean & (away > radius * 1.12))
    mirror = np.clip(np.rint(2 * cy - ys), 0, y1 - y0 - 1).astype(int)
    mirrored = patch[mirror, xs.astype(int)]
    seen_below = clean[mirror, xs.astype(int)]
    disc = fill(np.where(visible[..., None], patch, mirrored),
                (visible | seen_below) & (away < radius))  # fmt: skip
    inside = smoothstep((radius - away) / 2 + 0.5)[..., None]
    whole = white * (1 - inside) + disc * inside
    soft = np.asarray(cv2.GaussianBlur(visible.astype(np.float64), (0, 0), 1))
    mix = smoothstep((soft - 0.5) * 2)[..., None]
    colour = patch * mix + whole * (1 - mix)
    return np.dstack([colour, 255 * _opening(box, curve, 0.0)]).clip(0, 255).astype(np.uint8)


def _closed(photo: Image, box: Box, curve: Floats, outer_left: bool) -> Image:
    """The eye shut: smooth lid skin down to the meeting line, and the lashes lying on it."""
    x0, y0, x1, y1 = box
    ys, xs = np.mgrid[0 : y1 - y0, 0 : x1 - x0].astype(np.float64)
    crease, upper, lower = curve
    meet = upper + LIDS_MEET * (lower - upper)
    wide = np.flatnonzero(lower - upper > 0.8)
    middle_x, middle_y = wide.mean(), float(np.mean(upper[wide] * 0.62 + lower[wide] * 0.38))
    half_x, half_y = np.ptp(wide) / 2 + 17, float((lower - crease).max()) / 2 + 6
    away = np.hypot((xs - middle_x) / half_x, (ys - middle_y) / half_y)
    skin = _skin_around(photo, box, (middle_x, middle_y), (half_x, half_y))
    span = np.maximum(meet - crease, 1.0)[None]
    v = np.clip((ys - crease[None]) / span, 0, 1)
    tall = np.clip((lower - upper) / np.maximum((lower - upper).max(), 1), 0, 1)[None]
    lid = skin * _roundness(v, (xs - middle_x) / half_x, tall)[..., None]
    fold = np.exp(-(((ys - crease[None]) / 2.2) ** 2)) * smoothstep(tall / 0.5)
    lid *= (1 - 0.17 * fold)[..., None]
    within = smoothstep((1.08 - away) / 0.22)
    out = lid
    lash = _lashes(xs, ys, meet, tall[0], outer_left)[..., None]
    dark = np.minimum(LASH * skin, np.array([30.0, 34.0, 48.0]))
    out = out * (1 - lash) + dark * lash
    return np.dstack([out, 255 * within]).clip(0, 255).astype(np.uint8)


def _roundness(v: Floats, side: Floats, tall: Floats) -> Floats:
    """Light on a lid over its ball, over flat skin's: brightest high in its middle.

    *v* is 0 at the crease and 1 at the lashes, *side* −1 and 1 at the corners, *tall* how high
    the eye was open there, 0 to 1.
    """
    high = np.exp(-(((v - 0.42) / 0.3) ** 2)) * np.exp(-((side / 0.6) ** 2))
    under_fold = np.exp(-((v / 0.16) ** 2))
    return np.asarray(0.95 + tall * (0.15 * high - 0.10 * under_fold) - 0.13 * v**3)


def _skin_around(
    photo: Image, box: Box, middle: tuple[float, float], half: tuple[float, float]
) -> Floats:
    """The skin of a ring about the eye, carried on over *box*; positions are in the box."""
    size = (box[2] - box[0], box[3] - box[1])
    needed = max(RING_REACH * h - min(m, n - 1 - m)
                 for m, h, n in zip(middle, half, size, strict=True))  # fmt: skip
    room = min(box[0], box[1], photo.shape[1] - box[2], photo.shape[0] - box[3])
    pad = int(np.clip(np.ceil(needed), 0, max(room, 0)))
    patch = photo[box[1] - pad : box[3] + pad, box[0] - pad : box[2] + pad].astype(np.float64)
    ys, xs = np.mgrid[-pad : size[1] + pad, -pad : size[0] + pad].astype(np.float64)
    away = np.hypot((xs - middle[0]) / half[0], (ys - middle[1]) / half[1])
    ring = (away > 1.05) & (away < 1.5)
    ring &= _no_hair(patch, ring)
    skin = fill(patch, ring if ring.any() else away >= np.quantile(away, 0.9))
    skin = np.asarray(cv2.GaussianBlur(skin, (0, 0), 3), np.float64)
    skin += _grain(patch, ring)[..., None]
    return skin[pad : pad + size[1], pad : pad + size[0]]


def _grain(patch: Floats, ring: NDArray[np.bool_]) -> Floats:
    """Noise as fine and as strong as the skin's own: lids without it look painted."""
    grey = patch.mean(-1)
    detail = np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 2))
    strength = GRAIN * float(np.median(detail[ring])) if ring.any() else 0.0
    noise = np.random.default_rng(3).normal(0, 1, grey.shape)
    soft = np.asarray(cv2.GaussianBlur(noise, (0, 0), 1.1), np.float64)
    return soft * (strength / max(float(soft.std()), 1e-6))


def _no_hair(patch: Floats, ring: Mask) -> Mask:
    """Where *ring* shows skin: brows and lashes are darker than most of it."""
    light = patch.mean(-1)
    under = ring & (np.arange(len(patch))[:, None] > len(patch) / 2)  # no brow is there
    usual = float(np.median(light[under])) if under.any() else 0.0
    return np.asarray(cv2.blur(light, (3, 3)) > HAIR * usual)


def _lashes(xs: Floats, ys: Floats, meet: Floats, tall: Floats, outer_left: bool) -> Floats:
    """A soft dark line that thickens toward the outer corner, and short strokes below it."""
    columns = xs.shape[1]
    along = np.linspace(0, 1, columns)
    outer = 1 - along if outer_left else along
    thick = (1.4 + 1.4 * outer) * (0.45 + 0.55 * smoothstep(tall / 0.5))
    gap = ys - meet[None]
    line = np.exp(-((gap / np.maximum(thick, 0.3)[None]) ** 2)) * smoothstep(tall / 0.12)[None]
    strokes = np.zeros_like(xs, dtype=np.float32)
    rng = np.random.default_rng(7)
    for x in np.arange(4, columns - 4, 1.7):
        i = int(x)
        if tall[i] < 0.15:
            continue
        length = (3.5 + 5.5 * outer[i]) * rng.uniform(0.7, 1.1)
        lean = (0.9 * (outer[i] - 0.35)) * length * (-1 if outer_left else 1)
        start = (round(x * 16), round(float(meet[i]) * 16))
        end = (round((x + lean) * 16), round((float(meet[i]) + length) * 16))
        cv2.line(strokes, start, end, float(rng.uniform(0.35, 0.6)), 1, cv2.LINE_AA, 4)
    soft = cv2.GaussianBlur(strokes, (0, 0), 0.7)
    return np.asarray(np.clip(0.80 * line + soft, 0, 0.92))


def _lid_motion(fit: Fit) -> NDArray[np.float32]:
    """(2, 2, coefficients): upper lid down, lower lid up, in openings of the eye."""
    out = np.zeros((2, 2, len(COEFFICIENTS)), np.float32)
    for side in (0, 1):
        up, low = PRIOR_68[list(UPPER_68[side])], PRIOR_68[list(LOWER_68[side])]
        opening = float((fit.points_px[low, 1] - fit.points_px[up, 1]).mean())
        out[side, 0] = fit.deltas_px[:, up, 1].mean(1) / opening
        out[side, 1] = -fit.deltas_px[:, low, 1].mean(1) / opening
        for k, name in enumerate(COEFFICIENTS):
            if not name.startswith(("eye", "cheekSquint", "cheekRaiser")):
                out[side, :, k] = 0
            elif name.startswith("eyeBlink") and abs(out[side, 0, k]) > 0.3:
                out[side, :, k] = LIDS_MEET, 1 - LIDS_MEET
            elif name.startswith("eyeWide"):
                out[side, :, k] *= WIDE
            elif name.startswith("eyeLook"):
                out[side, :, k] *= LOOK_LIDS
    return np.clip(out, -0.35, 1)


def _gaze_motion(fit: Fit) -> NDArray[np.float32]:
    """(2, coefficients, 2) pixels the iris moves: the front of a ball that turns."""
    out = np.zeros((2, len(COEFFICIENTS), 2), np.float32)
    radius = EYEBALL_CM * fit.scale_px_per_cm
    for side, letter, outward in ((0, "R", -1.0), (1, "L", 1.0)):
        for name, (across, down) in GAZE_DEG.items():
            k = INDEX[f"eyeLook{name}_{letter}"]
            out[side, k] = np.sin(np.deg2rad([outward * across, down])) * radius
    return out

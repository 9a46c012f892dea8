"""The pictures a rig is made of: the plate behind the head, the head's matte, the lips' parts."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.portrait.flows import Box, jaw_curve
from engine.portrait.lips import LipLine
from engine.portrait.plane import eye_distance, smoothstep
from engine.portrait.prior import Floats

Image = NDArray[np.uint8]
Mask = NDArray[np.bool_]

JAW_SOFT_PX = 4.0
EYE_PATCH_PX = 30.0
"""How far the eye patches reach beyond the eyes' corners, at most."""
SEAM_OVERLAP_PX = 5.0
"""How far the lower lip goes on behind the upper one: its inner, wet side."""
SEAM_DARK_PX = 1.3
"""Half the thickness of the dark line between closed lips; it belongs to the upper layer."""
LIP_SOFT_PX = 1.2
INNER_SHADE = np.array([0.42, 0.40, 0.26])
"""How much darker and redder the lower lip turns inward."""
HEM_SHADE = 0.12
"""How much darker the upper lip turns where it curls under."""


@dataclass(frozen=True)
class Layers:
    """Straight (not premultiplied) colours, blue-green-red-alpha."""

    plate: Image
    """(height, width, 3): the photo without the head."""
    head: Image
    """(rows, columns, 4) over the head's box, the lower lip carried on behind the upper."""
    upper: Image
    """(rows, columns, 4) over the mouth's box: the upper lip and what hangs on it."""
    hole: Image
    """(rows, columns) over the mouth's box: where the head lies open behind the upper lip."""
    mouth_box: Box


def fill(image: Floats, known: Mask) -> Floats:
    """Fill the unknown pixels of (height, width, k) smoothly: a pull-push pyramid."""
    weight = known.astype(np.float32)
    return _pull_push(image.astype(np.float32) * weight[..., None], weight).astype(np.float64)


def _pull_push(total: NDArray[np.float32], weight: NDArray[np.float32]) -> NDArray[np.float32]:
    if min(weight.shape) <= 2:
        mean = total.sum((0, 1)) / max(float(weight.sum()), 1e-6)
        whole = total + mean * (1 - np.minimum(weight, 1))[..., None]  # what nobody knows
        return np.asarray(whole / np.maximum(weight, 1)[..., None], np.float32)
    half = (max(1, weight.shape[1] // 2), max(1, weight.shape[0] // 2))
    small_weight = np.asarray(cv2.resize(weight, half, interpolation=cv2.INTER_AREA), np.float32)
    small_total = np.asarray(cv2.resize(total, half, interpolation=cv2.INTER_AREA), np.float32)
    spread = np.asarray(np.minimum(1, small_weight * 4), np.float32)
    gain = spread / np.maximum(small_weight, np.float32(1e-6))
    lifted = np.asarray(small_total.reshape(*spread.shape, -1) * gain[..., None], np.float32)
    below = _pull_push(lifted, spread)
    size = (weight.shape[1], weight.shape[0])
    wide = cv2.resize(below, size, interpolation=cv2.INTER_LINEAR).reshape(*weight.shape, -1)
    return np.asarray(total + wide * (1 - weight)[..., None], dtype=np.float32)


def behind_head(photo: Image, landmarks_px: Floats) -> Floats:
    """The photo with its neck carried up behind the jaw; for a photo whose plate is not known."""
    image = photo.astype(np.float64)
    ys, xs, jaw, chin, eyes = _places(photo, landmarks_px)
    away = np.abs(xs - float(landmarks_px[152, 0]))
    neck = fill(image, (away < 0.40 * eyes) & (ys > jaw + 8) & (ys < chin + 0.3 * eyes))
    shade = 1 - 0.25 * np.clip((chin - ys) / eyes, 0, 1)
    column = smoothstep((0.47 * eyes - away) / 14)
    upward = column * smoothstep((ys - chin + 0.55 * eyes) / 30) * smoothstep((jaw + 10 - ys) / 6)
    mix = upward[..., None]
    return np.asarray(image * (1 - mix) + neck * shade[..., None] * mix)


def head_matte(photo: Image, landmarks_px: Floats, box: Box) -> Floats:
    """How much of each pixel moves with the head, for a photo whose matte is not known.

    Sharp along the jaw, where the neck stays behind; elsewhere a wide soft oval that takes hair
    and some background along, so that no outline has to be found.
    """
    ys, xs, jaw, chin, eyes = _places(photo, landmarks_px)
    ears = landmarks_px[[234, 454], :2]
    x, y = ears.mean(0)
    half = float(np.ptp(ears[:, 0])) / 2
    top = (y - float(landmarks_px[10, 1])) * 1.55
    down = (chin - y) * 1.15
    radius = np.hypot((xs - x) / (1.45 * half), (ys - y) / np.where(ys < y, top, down))
    oval = smoothstep((1.45 - radius) / 0.45)
    oval *= smoothstep((chin + 0.3 * eyes - ys) / (0.3 * eyes))
    throat = smoothstep((0.50 * eyes - np.abs(xs - landmarks_px[152, 0])) / 12) * (ys > jaw)
    inside = smoothstep((jaw - ys) / JAW_SOFT_PX + 0.5) * (ys > y)
    x0, y0, x1, y1 = box
    border = np.minimum.reduce([xs - x0, x1 - 1 - xs, ys - y0, y1 - 1 - ys])
    whole = np.maximum(np.maximum(inside, oval * (1 - throat)), _about_eyes(xs, ys, landmarks_px))
    return np.asarray(whole * smoothstep(border / 24))


def _about_eyes(xs: Floats, ys: Floats, landmarks_px: Floats) -> Floats:
    """1 where the eye patches are drawn: in a turned face they reach beyond the head's outline."""
    out = np.zeros_like(xs)
    for outer, inner in ((33, 133), (263, 362)):
        ends = landmarks_px[[outer, inner], :2]
        (x, y), width = ends.mean(0), float(np.linalg.norm(ends[1] - ends[0]))
        half = width / 2 + EYE_PATCH_PX
        radius = np.maximum(np.abs(xs - x) / half, np.abs(ys - y) / (0.9 * half))
        out = np.maximum(out, smoothstep((1.25 - radius) / 0.25))
    return out


def _places(photo: Image, landmarks_px: Floats) -> tuple[Floats, Floats, Floats, float, float]:
    """y and x of every pixel, the jaw's height in every column, the chin's, the eyes' distance."""
    height, width = photo.shape[:2]
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float64)
    eyes = eye_distance(landmarks_px)
    return ys, xs, jaw_curve(landmarks_px, width)[None], float(landmarks_px[152, 1]), eyes


def build(
    photo: Image, landmarks_px: Floats, line: LipLine, box: Box,
    plate: Floats | None = None, matte: Floats | None = None,
) -> Layers:  # fmt: skip
    """Part the photo into layers; a known *plate* or *matte* (0..1) is taken as it is."""
    behind = behind_head(photo, landmarks_px) if plate is None else plate
    alpha = head_matte(photo, landmarks_px, box) if matte is None else matte
    image = photo.astype(np.float64)
    # The head's own colour: what, laid over the plate, gives the photo back.
    solid = alpha > 0.97
    own = (image - (1 - alpha[..., None]) * behind) / np.maximum(alpha[..., None], 0.25)
    near = fill(image, solid)
    same = np.abs(image - behind).max(-1) < 1.5
    faint = (alpha < 0.25) & ~same
    own = np.where(faint[..., None], near, np.where(same[..., None], image, own)).clip(0, 255)
    x0, y0, x1, y1 = box
    colour, cover = own[y0:y1, x0:x1], alpha[y0:y1, x0:x1]
    ys, xs = np.mgrid[y0:y1, x0:x1].astype(np.float64)
    head = np.dstack([_lower_lip(colour, xs, ys, line), 255 * cover])
    upper, mouth_box = _upper_lip(image, line)
    hole = 255 * _hole(line, mouth_box)
    return Layers(_bytes(behind), _bytes(head), _bytes(upper), _bytes(hole), mouth_box)


def _lower_lip(colour: Floats, xs: Floats, ys: Floats, line: LipLine) -> Floats:
    """The head with the lower lip carried on behind the upper."""
    gap, reach = ys - line.y(xs), line.reach(xs)
    dark = SEAM_DARK_PX + 2.0
    lip = (gap > dark) & (gap < dark + 5) & (reach > 0.05)
    inner = fill(colour, lip)
    inward = smoothstep((dark - gap) / (dark + SEAM_OVERLAP_PX))[..., None]
    inner *= 1 - INNER_SHADE * inward
    band = smoothstep((dark + 2 - gap) / 2.5) * smoothstep((gap + 14) / 4) * (reach > 0.02)
    band = band * smoothstep((reach - 0.2) / 0.4)
    return np.asarray(colour * (1 - band[..., None]) + inner * band[..., None])


def _hole(line: LipLine, box: Box) -> Floats:
    """1 where the mouth opens: above the lower lip's rim, behind the upper lip."""
    ys, xs = np.mgrid[box[1] : box[3], box[0] : box[2]].astype(np.float64)
    gap, reach = ys - line.y(xs), line.reach(xs)
    overlap = SEAM_OVERLAP_PX * np.clip(reach * 1.3, 0, 1)
    top = smoothstep((-gap - overlap) / LIP_SOFT_PX + 0.5)
    bottom = smoothstep((line.hole_px * reach + gap) / 3)
    return np.asarray(np.minimum(top, bottom) * (reach > 0))


def _upper_lip(photo: Floats, line: LipLine) -> tuple[Floats, Box]:
    """The upper lip's patch: all above the seam that the lower layer may leave open."""
    pad_x, pad_y = 28, 18
    middle = float(np.median(line.ys))
    box = (
        int(line.left_px) - pad_x, int(middle - line.hole_px) - pad_y,
        int(line.right_px) + pad_x, int(middle) + 24,
    )  # fmt: skip
    x0, y0, x1, y1 = box
    ys, xs = np.mgrid[y0:y1, x0:x1].astype(np.float64)
    gap, reach = ys - line.y(xs), line.reach(xs)
    edge = SEAM_DARK_PX * smoothstep(reach / 0.5)
    under = 1 - smoothstep((gap - edge) / LIP_SOFT_PX + 0.5)
    border = np.minimum.reduce([xs - x0, x1 - 1 - xs, ys - y0])
    fade = smoothstep(border / 12)
    # Below the seam the patch goes on in the seam's own shade, or it would carry a pink hem.
    rows = np.where(gap > 0.2, line.y(xs) + 0.2, ys).astype(np.float32)
    colour = cv2.remap(photo.astype(np.float32), xs.astype(np.float32), rows, cv2.INTER_LINEAR)
    hem = smoothstep((gap + 3.5) / 4) * smoothstep(reach / 0.4)
    colour = colour * (1 - HEM_SHADE * hem)[..., None]
    return np.dstack([colour, 255 * under * fade]), box


def _bytes(image: Floats) -> Image:
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)

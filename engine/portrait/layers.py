"""The pictures a rig is made of: the plate behind the head, the head's matte, the lips' parts."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.portrait.flows import Box, jaw_curve
from engine.portrait.lips import LipLine
from engine.portrait.prior import Floats

Image = NDArray[np.uint8]
Mask = NDArray[np.bool_]

JAW_SOFT_PX = 4.0
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


def smoothstep(value: NDArray[np.floating]) -> Floats:
    """0 below 0, 1 above 1, smooth between."""
    t = np.clip(np.asarray(value, np.float64), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def fill(image: Floats, known: Mask) -> Floats:
    """Fill the unknown pixels of (height, width, k) smoothly: a pull-push pyramid."""
    weight = known.astype(np.float32)
    return _pull_push(image.astype(np.float32) * weight[..., None], weight).astype(np.float64)


def _pull_push(total: NDArray[np.float32], weight: NDArray[np.float32]) -> NDArray[np.float32]:
    if min(weight.shape) <= 2:
        return np.asarray(total / np.maximum(weight, 1e-6)[..., None], np.float32)
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


def _plain_background(photo: Floats) -> tuple[Floats, Mask]:
    """A smooth fit of the background, and where the photo shows it."""
    height, width = photo.shape[:2]
    ys, xs = np.mgrid[0:height, 0:width] / max(height, width) - 0.5
    terms = np.stack([xs**i * ys**j for i in range(5) for j in range(5 - i)], -1)
    known = np.zeros((height, width), bool)
    known[: height // 20] = True
    known[: height // 2, : width // 12] = True
    known[: height // 2, -width // 12 :] = True
    for _ in range(4):
        rows = known.copy()
        rows[::3] &= False
        solution = np.linalg.lstsq(terms[rows][::7], photo[rows][::7], rcond=None)[0]
        model = terms @ solution
        known = np.abs(photo - model).max(-1) < 7
        known[int(height * 0.75) :] = False
    return model, known


def behind_head(photo: Image, landmarks_px: Floats) -> Floats:
    """The photo with the head taken away: background carried on, the neck carried up."""
    image = photo.astype(np.float64)
    height, width = photo.shape[:2]
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float64)
    jaw = jaw_curve(landmarks_px, width)[None]
    centre = float(landmarks_px[152, 0])
    eyes = float(np.linalg.norm(landmarks_px[33, :2] - landmarks_px[263, :2]))
    background, _ = _plain_background(image)
    grey = image.mean(-1)
    blue = (image[..., 0] > image[..., 2] + 25) & (grey < 120)
    chin = float(landmarks_px[152, 1])
    throat = (np.abs(xs - centre) < 0.52 * eyes) & (ys > jaw + 2) & (grey > 75)
    body = ((blue | throat) & (ys > chin - 0.3 * eyes)) | (ys > chin + 0.3 * eyes)
    body = cv2.morphologyEx(body.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0
    plate = np.where(body[..., None], image, background)
    neck_known = (np.abs(xs - centre) < 0.40 * eyes) & (ys > jaw + 8) & (ys < chin + 60)
    neck = fill(image, neck_known)
    shade = 1 - 0.25 * np.clip((chin - ys) / eyes, 0, 1)
    column = smoothstep((0.47 * eyes - np.abs(xs - centre)) / 14)
    upward = column * smoothstep((ys - (chin - 0.55 * eyes)) / 30) * (ys < jaw + 10)
    upward = np.where(body & (ys > jaw + 9), 0, upward)[..., None]
    return np.asarray(plate * (1 - upward) + neck * shade[..., None] * upward)


def head_matte(photo: Image, plate: Floats, landmarks_px: Floats) -> Floats:
    """How much of each pixel is head: the face inside its jaw, the hair by its colour."""
    height, width = photo.shape[:2]
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float64)
    jaw = jaw_curve(landmarks_px, width)[None]
    brow_y = float(landmarks_px[[105, 334], 1].mean())
    eyes = float(np.linalg.norm(landmarks_px[33, :2] - landmarks_px[263, :2]))
    chin = float(landmarks_px[152, 1])
    inside = smoothstep((jaw - ys) / JAW_SOFT_PX + 0.5) * (ys > brow_y)
    image = photo.astype(np.float64)
    sure = (image.mean(-1) < 62) & (np.abs(image[..., 0] - image[..., 2]) < 40) & (ys < chin + 10)
    hair = fill(image, sure)
    away = hair - plate
    share = ((image - plate) * away).sum(-1) / np.maximum((away**2).sum(-1), 1)
    share = np.clip(share, 0, 1) * smoothstep((chin + 0.24 * eyes - ys) / 30)
    throat = smoothstep((0.50 * eyes - np.abs(xs - landmarks_px[152, 0])) / 12) * (ys > jaw)
    return _without_holes(np.maximum(inside, share * (1 - throat)))


def _without_holes(matte: Floats) -> Floats:
    """Everything enclosed by solid head is head: the forehead, the parting."""
    solid = (matte > 0.9).astype(np.uint8)
    outlines, _ = cv2.findContours(solid, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(solid, [max(outlines, key=cv2.contourArea)], -1, 1, cv2.FILLED)
    return np.maximum(matte, solid)


def build(
    photo: Image, landmarks_px: Floats, line: LipLine, box: Box,
    plate: Floats | None = None, matte: Floats | None = None,
) -> Layers:  # fmt: skip
    """Part the photo into layers; a known *plate* or *matte* (0..1) is taken as it is."""
    behind = behind_head(photo, landmarks_px) if plate is None else plate
    alpha = head_matte(photo, behind, landmarks_px) if matte is None else matte
    image = photo.astype(np.float64)
    # The head's own colour: what, laid over the plate, gives the photo back.
    solid = alpha > 0.97
    own = (image - (1 - alpha[..., None]) * behind) / np.maximum(alpha[..., None], 0.25)
    near = fill(image, solid)
    own = np.where(alpha[..., None] > 0.25, own, near).clip(0, 255)
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

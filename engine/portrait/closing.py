"""Closing lips that a photo shows parted, so that they can open and close when the portrait speaks.

What lies between the lips (teeth, the dark) would otherwise cling to them. It is filled from the
lips around it and a seam is drawn where the teeth ended, for there the lower lip begins.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.portrait.layers import fill
from engine.portrait.lips import INNER_LOWER, INNER_UPPER, OUTER
from engine.portrait.plane import eye_distance, polygon, smoothstep

Floats = NDArray[np.float64]
Bgr = NDArray[np.uint8]
Mask = NDArray[np.bool_]

PARTED: Final = 0.028
"""Lips whose inner edges are this far apart, in eye distances, are parted: the mesh says 0.02 of
lips that touch."""
SHOWN: Final = 0.008
"""So are lips between which teeth cover this share of the lips' area."""
SLIT: Final = 0.02
"""Without teeth, what is between parted lips is dark over this height (eye distances): the mesh
takes the red of a lip below a thick moustache for an opening."""
DARK: Final = 0.6
"""Of the lips' light."""
MIDDLE: Final = 0.8
"""Share of the mouth's width in which teeth are looked for: beyond lies bright skin at times."""
GROWN_PX: Final = 11
"""Teeth that are found are followed so far beyond the mesh's edges, as far as the lips' own."""
LESS_RED: Final = 6
"""Teeth have so much less red than lips (CIELAB a, 8 bit)."""
SEAM_PX: Final = 1.8
SEAM_DEPTH: Final = 0.5
GRAIN: Final = 0.7
"""Of the filled lips' texture, over that of the lips there are."""


def close(photo: Bgr, landmarks_px: Floats) -> tuple[Bgr, Floats]:
    """*photo* (height, width, 3) with closed lips and its landmarks (478, 2 or 3), moved to match.

    Where the lips are closed already, both come back as they are.
    """
    eyes = eye_distance(landmarks_px)
    size = photo.shape[0], photo.shape[1]
    between = polygon(size, landmarks_px[[*INNER_UPPER, *INNER_LOWER[::-1]]])
    lips = polygon(size, landmarks_px[list(OUTER)])
    if not lips.any():
        return photo, landmarks_px
    teeth, dark = between_lips(photo, between, lips)
    gap = float(np.linalg.norm(landmarks_px[13, :2] - landmarks_px[14, :2])) / eyes
    if teeth.sum() < SHOWN * lips.sum():
        if gap < PARTED:
            return photo, landmarks_px
        if _height(dark & between) < SLIT * eyes:
            return photo, _touching(photo, landmarks_px)
    around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))
    hide = (cv2.dilate(teeth.astype(np.uint8), around) > 0) | between
    hide |= dark & (cv2.dilate(hide.astype(np.uint8), around) > 0)
    closed = _filled(photo, hide, lips)
    moved, seam = _met(landmarks_px, teeth)
    ys = np.arange(photo.shape[0])[:, None]
    left, right = moved[INNER_UPPER[0], 0], moved[INNER_UPPER[-1], 0]
    xs = np.arange(photo.shape[1])
    side = (xs - (left + right) / 2) / max((right - left) / 2, 1.0)
    reach = smoothstep(2 * (1 - np.abs(side)))
    line = np.exp(-(((ys - seam[None]) / SEAM_PX) ** 2)) * reach[None]
    closed *= (1 - SEAM_DEPTH * line)[..., None]
    return np.clip(np.rint(closed), 0, 255).astype(np.uint8), moved


def between_lips(photo: Bgr, between: Mask, lips: Mask) -> tuple[Mask, Mask]:
    """What about the slit is as bright as the lips and less red, and what is dark there."""
    none = np.zeros_like(between)
    near, far = (cv2.dilate(between.astype(np.uint8), np.ones((n, 1), np.uint8)) > 0
                 for n in (7, 2 * GROWN_PX + 1))  # fmt: skip
    skin = lips & ~near
    columns = np.flatnonzero(between.any(0))
    if not skin.any() or columns.size == 0:
        return none, none
    lab = np.asarray(cv2.cvtColor(photo, cv2.COLOR_BGR2LAB), np.float64)
    light, red = np.median(lab[skin][:, 0]), np.median(lab[skin][:, 1])
    dark = far & (lab[..., 0] < DARK * light)
    pale = far & (lab[..., 0] > 0.95 * light) & (lab[..., 1] < red - LESS_RED)
    edge = round((1 - MIDDLE) / 2 * np.ptp(columns))
    pale[:, : columns[0] + edge] = pale[:, columns[-1] + 1 - edge :] = False
    _, parts = cv2.connectedComponents(pale.astype(np.uint8), connectivity=4)
    seeds = np.setdiff1d(np.unique(parts[near]), 0)
    # What runs on to the window's edge is skin: of that, only what is surely between the lips.
    inner = cv2.erode(far.astype(np.uint8), np.ones((3, 1), np.uint8)) > 0
    skins = np.unique(parts[far & ~inner])
    whole = np.isin(parts, np.setdiff1d(seeds, skins))
    return np.asarray(whole | (near & np.isin(parts, seeds))), np.asarray(dark)


def _height(mask: Mask) -> float:
    """Median rows of *mask* in the middle half of its columns."""
    columns = np.flatnonzero(mask.any(0))
    if columns.size < 4:
        return 0.0
    rows = mask.sum(0)[columns[0] : columns[-1] + 1]
    return float(np.median(rows[len(rows) // 4 : -(len(rows) // 4)]))


def _touching(photo: Bgr, landmarks_px: Floats) -> Floats:
    """Landmarks with both inner lips where the lips do touch: at the darkest row between them."""
    grey = np.asarray(cv2.GaussianBlur(cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY), (0, 0), 1.0), float)
    moved = landmarks_px.copy()
    pairs = list(zip(INNER_UPPER, INNER_LOWER, strict=True))[1:-1]
    xs, ys = [], []
    for up, low in pairs:
        top, bottom = sorted((landmarks_px[up, 1], landmarks_px[low, 1]))
        x = round(float(landmarks_px[[up, low], 0].mean()))
        first = max(0, int(top) - 3)
        strip = grey[first : int(bottom) + 4, max(0, x - 2) : x + 3]
        if not strip.size:
            return landmarks_px  # half out of the photo: nothing to look at
        xs.append(x)
        ys.append(first + int(np.argmin(strip.mean(1))))
    middle = float(np.mean(xs))
    seam = np.polyval(np.polyfit(np.array(xs) - middle, ys, 2), np.array(xs) - middle)
    for (up, low), y in zip(pairs, seam, strict=True):
        moved[[up, low], 1] = y
    return moved


def _filled(photo: Bgr, hide: Mask, lips: Mask) -> Floats:
    """The lips carried on over *hide*, with their texture."""
    image = photo.astype(np.float64)
    known = (cv2.dilate(lips.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0) & ~hide
    if not known.any():
        return image
    smooth = np.asarray(cv2.GaussianBlur(fill(image, known), (0, 0), 2), np.float64)
    detail = image.mean(-1) - cv2.GaussianBlur(image.mean(-1), (0, 0), 2)
    rng = np.random.default_rng(5)
    noise = cv2.GaussianBlur(rng.normal(size=hide.shape), (0, 0), 0.9)
    amount = GRAIN * float(np.median(np.abs(detail[known]))) / max(float(noise.std()), 1e-6)
    smooth += (noise * amount)[..., None]
    soft = cv2.GaussianBlur(hide.astype(np.float64), (0, 0), 1.2)[..., None]
    return np.asarray(image * (1 - soft) + smooth * soft)


def _met(landmarks_px: Floats, teeth: Mask) -> tuple[Floats, Floats]:
    """Landmarks with both inner lips on the seam, and the seam's height over every column."""
    upper, lower = landmarks_px[list(INNER_UPPER), :2], landmarks_px[list(INNER_LOWER), :2]
    xs, ys = upper[:, 0], 0.35 * upper[:, 1] + 0.65 * lower[:, 1]
    columns = np.flatnonzero(teeth.any(0))
    if columns.size > 0.3 * (xs[-1] - xs[0]):
        last = teeth.shape[0] - 1 - np.argmax(teeth[::-1, columns], axis=0)
        at = np.concatenate([columns, np.repeat(xs[[0, -1]], columns.size)])
        heights = np.concatenate([last, np.repeat(ys[[0, -1]], columns.size)])
        ys = np.polyval(np.polyfit(at - xs.mean(), heights, 2), xs - xs.mean())
    moved = landmarks_px.copy()
    for points in (INNER_UPPER, INNER_LOWER):
        moved[list(points), 0], moved[list(points), 1] = xs, ys
    order = np.argsort(xs)
    return moved, np.interp(np.arange(teeth.shape[1]), xs[order], ys[order])

"""A person's outline out of a coarse mask: near it the colours on both sides decide.

Each pixel near the mask's outline is judged by the colours of person and background about it, one
normal distribution each, as in Bayesian matting (Chuang, Curless, Salesin, Szeliski 2001), and by
how deep within the mask it lies. Where both sides have like colours the mask stands.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.media import ByteArray, FloatArray

SCALE: Final = 2
"""It is done at this part of the portrait's size; the radii are in those pixels."""
INWARD_PX: Final = 5
OUTWARD_PX: Final = 7
AROUND_PX: Final = 14.0
"""Standard deviation of the neighbourhood whose colours count."""
COLOUR_NOISE: Final = 25.0
"""Least variance of a colour, in squared levels of L*a*b*."""
CRUMB: Final = 0.03
"""A piece smaller than this part of the largest is furniture that the mask took for person."""
PER_PX: Final = 0.5
DEEPEST: Final = 4.0
WEIGHT: Final = 0.8
CLEAREST: Final = 4.5
"""Logarithms of odds: per pixel within the mask, and at most; of a colour: its weight, at most."""
ALIKE, APART = 0.8, 1.6
"""Bhattacharyya distances of the two sides' colours: below, colours do not count; above, fully."""


def outline(mask: ByteArray, photo: ByteArray) -> FloatArray:
    """How much of each pixel of *photo*, (height, width, 3), is person, nearly hard.

    Args:
        mask: (rows, columns) of any size: how surely it is person, 0 to 255.
        photo: the portrait that the mask lies over.

    Returns:
        (height, width) 0 to 1.
    """
    height, width = photo.shape[:2]
    size = width // SCALE, height // SCALE
    colours = cv2.cvtColor(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2LAB)
    sure = cv2.resize(mask, size, interpolation=cv2.INTER_CUBIC).astype(np.float32) / 255
    inside = _large_pieces((sure > 0.5).astype(np.uint8))
    sure = np.where(cv2.dilate(inside, _disc(OUTWARD_PX)) > 0, sure, 0)
    front = np.asarray(cv2.erode(inside, _disc(INWARD_PX)), np.uint8)
    back = np.asarray(1 - cv2.dilate(inside, _disc(OUTWARD_PX)), np.uint8)
    odds = np.clip(_depth_px(inside) * PER_PX, -DEEPEST, DEEPEST)
    odds += WEIGHT * _evidence(np.asarray(colours, np.float32), front, back)
    judged = np.where(front + back == 0, 1 / (1 + np.exp(-odds)), sure)
    # Single pixels that look like the other side are noise.
    calm = cv2.medianBlur(np.rint(255 * np.clip(judged, 0, 1)).astype(np.uint8), 3)
    large = cv2.resize(calm, (width, height), interpolation=cv2.INTER_LINEAR) / np.float32(255)
    return np.asarray(np.clip((large - 0.5) * 1.5 + 0.5, 0, 1), np.float32)


def _large_pieces(inside: NDArray[np.uint8]) -> NDArray[np.uint8]:
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(inside)
    areas = stats[1:, cv2.CC_STAT_AREA]  # the first is what is outside
    large = 1 + np.flatnonzero(areas >= CRUMB * areas.max(initial=0))
    return np.isin(pieces, large).astype(np.uint8)


def _depth_px(inside: NDArray[np.uint8]) -> FloatArray:
    """How far within, or less than 0: without."""
    within = np.asarray(cv2.distanceTransform(inside, cv2.DIST_L2, 5), np.float32)
    without = np.asarray(cv2.distanceTransform(1 - inside, cv2.DIST_L2, 5), np.float32)
    return within - without


def _evidence(
    colours: FloatArray, front: NDArray[np.uint8], back: NDArray[np.uint8]
) -> NDArray[np.float32]:
    """Logarithm of the odds that each colour is of the *front*; 0 where nobody could tell."""
    mean_f, spread_f, near_f = _colours_about(colours, front)
    mean_b, spread_b, near_b = _colours_about(colours, back)
    ratio = _likelihood(colours - mean_f, spread_f) - _likelihood(colours - mean_b, spread_b)
    distance = _squared(mean_f - mean_b, spread_f + spread_b) / 4
    trust = np.clip((distance - ALIKE) / (APART - ALIKE), 0, 1)
    trust *= np.clip(np.minimum(near_f, near_b) / 0.05, 0, 1)
    return np.asarray(np.clip(ratio, -CLEAREST, CLEAREST) * trust, np.float32)


def _colours_about(
    colours: FloatArray, part: NDArray[np.uint8]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean, (rows, columns, 3), covariance and amount of *part* about each pixel."""
    weight = part.astype(np.float32)[..., None]
    near = _about(weight)
    total = np.maximum(near, 1e-4)
    mean = _about(colours * weight) / total
    products = colours[..., :, None] * colours[..., None, :] * weight[..., None]
    square = np.stack([_about(np.ascontiguousarray(products[..., i])) for i in range(3)], -1)
    spread = square / total[..., None] - mean[..., :, None] * mean[..., None, :]
    spread += COLOUR_NOISE * np.eye(3, dtype=np.float32)
    return np.asarray(mean, np.float32), np.asarray(spread, np.float32), near[..., 0]


def _about(values: FloatArray) -> FloatArray:
    blurred = cv2.GaussianBlur(values, (0, 0), AROUND_PX)
    return np.asarray(blurred, np.float32).reshape(values.shape)


def _likelihood(off: FloatArray, spread: FloatArray) -> FloatArray:
    """Logarithm of a normal density, but for a constant."""
    volume = np.log(np.maximum(np.linalg.det(spread), 1e-6))
    return np.asarray(-(_squared(off, spread) + volume) / 2, np.float32)


def _squared(off: FloatArray, spread: FloatArray) -> FloatArray:
    """Mahalanobis distance, squared."""
    return np.asarray((off * np.linalg.solve(spread, off[..., None])[..., 0]).sum(-1), np.float32)


def _disc(radius: int) -> NDArray[np.uint8]:
    size = 2 * radius + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)), np.uint8)

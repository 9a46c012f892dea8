"""Geometry of the photo's plane that several steps of baking need."""

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

EYE_CORNERS = (33, 263)
"""The eyes' outer corners among the landmarks."""


def eye_distance(landmarks_px: Floats) -> float:
    """Between the outer corners of the eyes in landmarks (478, 2 or more): the face's measure."""
    left, right = EYE_CORNERS
    return float(np.linalg.norm(landmarks_px[left, :2] - landmarks_px[right, :2]))


def smoothstep(value: NDArray[np.floating]) -> Floats:
    """0 below 0, 1 above 1, smooth between."""
    t = np.clip(np.asarray(value, np.float64), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def polygon(size: tuple[int, int], points_px: Floats) -> Mask:
    """What of a picture of *size* (rows, columns) lies within *points_px* (n, 2 or more)."""
    mask = np.zeros(size, np.uint8)
    cv2.fillPoly(mask, [np.rint(points_px[:, :2]).astype(np.int32)], 1)
    return np.asarray(mask > 0)

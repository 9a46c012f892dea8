"""How much a mouth moves, judged from recorded pictures alone."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from engine.media import ByteArray
from kiosk.bench.browser import TimeArray


@dataclass(frozen=True, slots=True)
class Box:
    """A part of a picture, in shares of its side."""

    left: float
    top: float
    right: float
    bottom: float

    def of(self, side_px: int) -> tuple[slice, slice]:
        """Rows and columns of a picture *side_px* pixels wide."""
        edges = (self.top, self.bottom, self.left, self.right)
        top, bottom, left, right = (round(edge * side_px) for edge in edges)
        return slice(top, bottom), slice(left, right)


MOUTH: Final = Box(0.40, 0.49, 0.60, 0.62)
"""The mouth of the persona that ships, with room for an open one."""

UPPER_FACE: Final = Box(0.30, 0.28, 0.70, 0.48)
"""Brows to nose: what the head does, without what the mouth does."""

_ALIGN_SCALE: Final = 2


def steadied(grey: ByteArray, reference: ByteArray) -> TimeArray:
    """Undo the head's shift against *reference*, by phase correlation of the upper face.

    Args:
        grey: shape (n, side, side).
        reference: shape (side, side).

    Returns:
        Shape (n, side, side), float.
    """
    side = grey.shape[-1]
    rows, columns = UPPER_FACE.of(side)
    target = _enlarged(reference[rows, columns])
    window = cv2.createHanningWindow((target.shape[1], target.shape[0]), cv2.CV_32F)
    out = np.empty(grey.shape, np.float64)
    for index, frame in enumerate(grey):
        (x, y), _ = cv2.phaseCorrelate(target, _enlarged(frame[rows, columns]), window)
        shift = np.array([[1, 0, -x / _ALIGN_SCALE], [0, 1, -y / _ALIGN_SCALE]], np.float32)
        out[index] = cv2.warpAffine(
            frame.astype(np.float32), shift, (side, side), borderMode=cv2.BORDER_REPLICATE
        )
    return out


def _enlarged(patch: ByteArray) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    bigger = cv2.resize(patch, None, fx=_ALIGN_SCALE, fy=_ALIGN_SCALE)
    return np.asarray(bigger, np.float32)


def mouth_change(grey: ByteArray, resting: ByteArray) -> TimeArray:
    """How far each picture's mouth is from the resting one, in grey levels.

    Args:
        grey: shape (n, side, side).
        resting: shape (m, side, side): pictures of the closed mouth.

    Returns:
        Shape (n,): mean absolute difference over the mouth, after steadying the head and
        taking out the difference in brightness.
    """
    reference = resting[len(resting) // 2]
    rest = steadied(resting, reference).mean(axis=0)
    rows, columns = MOUTH.of(grey.shape[-1])
    difference = (steadied(grey, reference) - rest)[:, rows, columns]
    difference -= difference.mean(axis=(1, 2), keepdims=True)
    return np.asarray(np.abs(difference).mean(axis=(1, 2)), np.float64)


def first_above(values: TimeArray, threshold: float, run: int = 2) -> int | None:
    """The index at which *values* first stay above *threshold* for *run* of them."""
    above = values > threshold
    for index in range(len(values) - run + 1):
        if above[index : index + run].all():
            return index
    return None

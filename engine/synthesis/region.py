"""The mouth's region: a square of the portrait, upright and of one size whatever the pose.

The refiner always sees lips and chin in the same place, and what it adds is laid back where the
head has gone. Pictures of it are planar YUV 4:2:0 with each luma plane folded into four of half the
size, so that luma and chroma share one grid.
"""

from typing import Final

import cv2
import numpy as np

from engine.media import ByteArray, FloatArray
from engine.portrait.rig import Rig
from engine.synthesis.framing import Framing, Rect
from engine.synthesis.warp import Turn

SIDE_EYES: Final = 1.25
"""The square's side, in eye distances: nose to open jaw, and the folds of the cheeks."""
DROP_EYES: Final = 0.14
"""How far below the mouth its middle lies."""
CHANNELS: Final = 6
"""Four of luma (upper left, upper right, lower left, lower right), U and V."""
GREY: Final = 128.0
"""A sample g is (g − GREY) / GREY to the network."""
FADE: Final = 0.14
"""Of the side: toward the square's edge nothing is added any more."""


class Region:
    """The region of a rig in pictures of one size; *side_px* is that of the network's picture."""

    def __init__(self, rig: Rig, framing: Framing, side_px: int) -> None:
        """Find its place.

        Args:
            rig: the portrait.
            framing: of the picture.
            side_px: width and height of the region's pictures, even.
        """
        if side_px < 16 or side_px % 2:
            raise ValueError(f"side {side_px}: must be even and at least 16")
        self.side_px = side_px
        left, top, right, bottom = rig.mouth_px
        reach = SIDE_EYES * rig.eye_distance_px
        middle = np.array(
            [(left + right) / 2, (top + bottom) / 2 + DROP_EYES * rig.eye_distance_px]
        )
        self.step = reach * framing.scale / side_px
        """Between two of its pixels at rest, in output pixels."""
        pivot = np.array(rig.pivot_px)
        corner = (middle - pivot) * framing.scale - reach * framing.scale / 2 + self.step / 2
        self.corner = np.append(corner, _depth(rig) * framing.scale)
        """The first pixel's centre at rest, from the pivot, in output pixels."""
        self._pivot = np.array(framing.to_output(*rig.pivot_px))
        self._fade = fade(side_px)
        self._fade_half = fade(side_px // 2)

    def matrix(self, turned: Turn) -> FloatArray:
        """(2, 3) from the region's pixels to the picture's."""
        origin = turned.matrix @ self.corner + turned.shift + self._pivot
        return np.column_stack([turned.matrix[:, :2] * self.step, origin]).astype(np.float32)

    def crop(self, luma: ByteArray, chroma: ByteArray, turned: Turn) -> FloatArray:
        """(6, side/2, side/2): the region of a picture, −1 to 1; outside it, black.

        Args:
            luma: (height, width).
            chroma: (2, height/2, width/2).
            turned: where the head is.
        """
        matrix, side = self.matrix(turned), self.side_px
        halved = _half(matrix)
        planes = [_taken(luma, matrix, side, 16.0)]
        planes += [_taken(plane, halved, side // 2, GREY) for plane in chroma]
        return ((fold(planes[0], planes[1], planes[2]) - GREY) / GREY).astype(np.float32)

    def crop_mask(self, mask: ByteArray, origin: Rect, turned: Turn) -> FloatArray:
        """(side/2, side/2), 0 to 1, of a mask that covers *origin* of the picture; 0 beyond."""
        matrix = _half_of_full(self.matrix(turned))
        matrix[:, 2] -= origin[:2]
        return _taken(mask, matrix, self.side_px // 2, 0.0) / np.float32(255)

    def add(
        self, luma: ByteArray, chroma: ByteArray, residual: FloatArray, turned: Turn,
        cover: ByteArray | None = None,
    ) -> None:  # fmt: skip
        """Add *residual*, (6, side/2, side/2) grey levels, to a picture in place.

        Args:
            luma: (height, width).
            chroma: (2, height/2, width/2).
            residual: what to add.
            turned: where the head is.
            cover: (height, width), 255 where it is added in full, 0 where not at all; None: all.
        """
        full, u, v = unfold(residual)
        matrix = self.matrix(turned)
        halved = _half(matrix)
        _added(luma, full * self._fade, matrix, cover, 1)
        for plane, more in zip(chroma, (u, v), strict=True):
            _added(plane, more * self._fade_half, halved, cover, 2)


def fade(side_px: int) -> FloatArray:
    """(side, side): 1, falling smoothly to 0 at the edge."""
    at = (np.arange(side_px) + 0.5) / side_px
    t = np.clip(np.minimum(at, 1 - at) / FADE, 0, 1)
    line = t * t * (3 - 2 * t)
    return np.outer(line, line).astype(np.float32)


def fold(luma: FloatArray, u: FloatArray, v: FloatArray) -> FloatArray:
    """(6, rows/2, columns/2) of luma (rows, columns) and chroma of half the size."""
    quarters = [luma[y::2, x::2] for y in (0, 1) for x in (0, 1)]
    return np.stack([*quarters, u, v]).astype(np.float32)


def unfold(folded: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Luma, U and V of ``fold``."""
    rows, columns = folded.shape[1:]
    luma = np.empty((2 * rows, 2 * columns), np.float32)
    for k in range(4):
        luma[k // 2 :: 2, k % 2 :: 2] = folded[k]
    return luma, folded[4], folded[5]


def _depth(rig: Rig) -> float:
    """Of the lips, from the pivot, in the portrait's pixels."""
    left, top, right, bottom = rig.mouth_px
    column = int(((left + right) / 2 - rig.box[0]) / rig.step_px)
    row = int(((top + bottom) / 2 - rig.box[1]) / rig.step_px)
    rows, columns = rig.depth_px.shape
    return float(rig.depth_px[min(max(row, 0), rows - 1), min(max(column, 0), columns - 1)])


def _half(matrix: FloatArray) -> FloatArray:
    """Between chroma samples what *matrix* is between pixels: each lies between two of them."""
    turning, origin = matrix[:, :2], matrix[:, 2]
    return np.column_stack([turning, (origin + turning @ (0.5, 0.5) - 0.5) / 2]).astype(np.float32)


def _half_of_full(matrix: FloatArray) -> FloatArray:
    """From the region's half-size samples to the picture's pixels."""
    turning, origin = matrix[:, :2], matrix[:, 2]
    return np.column_stack([turning * 2, origin + turning @ (0.5, 0.5)]).astype(np.float32)


def _taken(plane: ByteArray, matrix: FloatArray, side: int, outside: float) -> FloatArray:
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    taken = cv2.warpAffine(plane, matrix, (side, side), flags=flags, borderValue=outside)
    return np.asarray(taken, np.float32)


def _added(
    plane: ByteArray, more: FloatArray, matrix: FloatArray, cover: ByteArray | None, by: int
) -> None:
    """Add *more*, over the region, to the picture's *plane* in place.

    *cover* is *by* times as large as the plane.
    """
    rows, columns = more.shape
    corners = (
        matrix[:, :2] @ np.array([[0, columns, 0, columns], [0, 0, rows, rows]]) + matrix[:, 2:]
    )
    x0, y0 = (max(0, int(np.floor(v)) - 1) for v in corners.min(1))
    x1, y1 = (
        min(n, int(np.ceil(v)) + 2) for v, n in zip(corners.max(1), plane.shape[::-1], strict=True)
    )
    if x0 >= x1 or y0 >= y1:
        return  # out of the picture
    moved = matrix.copy()
    moved[:, 2] -= (x0, y0)
    laid = cv2.warpAffine(more, moved, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR)
    if cover is not None:
        part = cover[by * y0 : by * y1, by * x0 : by * x1]
        size = (x1 - x0, y1 - y0)
        share = part if by == 1 else cv2.resize(part, size, interpolation=cv2.INTER_AREA)
        laid = cv2.multiply(laid, share, scale=1 / 255, dtype=cv2.CV_32F)
    view = plane[y0:y1, x0:x1]
    cv2.add(view, laid, dst=view, dtype=cv2.CV_8U)

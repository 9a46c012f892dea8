"""From the portrait's pixels to the output's: scale, crop, and layers made ready in planar YUV.

All drawing happens in BT.601 limited-range YUV 4:2:0, the encoder's own space: one and a half
samples a pixel instead of three, and no conversion at the end.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from engine.media import ByteArray

MIN_WIDTH_SOURCE_PX = 560
"""Never crop closer than this: head and shoulders stay in the picture."""

WIDE_ROWS: Final = 0.77
"""In a landscape picture, this share of the portrait's rows: a head and the tops of shoulders."""
WIDE_ABOVE: Final = 0.02
"""And this share of the rows left out above."""
WIDE_ASPECT: Final = 1.5
"""Width over height from which a picture is a landscape."""

Rect = tuple[int, int, int, int]


@dataclass(frozen=True)
class Framing:
    """output = (source − origin + ½) · scale − ½, pixel centres at whole numbers."""

    scale: float
    origin_x: float
    origin_y: float

    def to_output(self, x: float, y: float) -> tuple[float, float]:
        """A point of the portrait in output pixels."""
        return (
            (x - self.origin_x + 0.5) * self.scale - 0.5,
            (y - self.origin_y + 0.5) * self.scale - 0.5,
        )

    def rect(self, box: Rect, width: int, height: int, even: int = 2) -> Rect:
        """An output rectangle over *box*, inside the picture, its sides multiples of *even*."""
        low = self.to_output(box[0], box[1])
        high = self.to_output(box[2], box[3])
        starts, ends = [], []
        for first, last, size in zip(low, high, (width, height), strict=True):
            start = max(0, int(first // 2) * 2)
            cells = int(np.ceil((min(last, size) - start) / even))
            if start + cells * even > size:
                cells -= 1
            starts.append(start)
            ends.append(start + cells * even)
        return starts[0], starts[1], ends[0], ends[1]

    def place(
        self, image: ByteArray, box: Rect, rect: Rect, *, alpha_outside: bool = True
    ) -> ByteArray:
        """Resample *image*, lying over *box* of the portrait, onto output rectangle *rect*.

        Outside *box* the edge is carried on; without *alpha_outside*, transparent.
        """
        if self.scale < 1:
            blur = 0.36 * (1 / self.scale - 1) + 0.01
            image = np.asarray(cv2.GaussianBlur(image, (0, 0), blur), np.uint8)
        s = self.scale
        shift_x = (box[0] - self.origin_x + 0.5) * s - 0.5 - rect[0]
        shift_y = (box[1] - self.origin_y + 0.5) * s - 0.5 - rect[1]
        matrix = np.array([[s, 0, shift_x], [0, s, shift_y]])
        size = (rect[2] - rect[0], rect[3] - rect[1])
        border = cv2.BORDER_REPLICATE if alpha_outside else cv2.BORDER_CONSTANT
        placed = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_CUBIC, borderMode=border)
        return np.asarray(placed, np.uint8)


def frame(source: tuple[int, int], centre_x: float, width: int, height: int) -> Framing:
    """Fit a portrait of *source* (width, height) into the output: full height, face centred.

    A landscape is framed closer: where a whole portrait would stand lost between empty sides.
    """
    source_width, source_height = source
    wide = min(max(0.0, (width / height - 1) / (WIDE_ASPECT - 1)), 1.0)
    if wide > 0:
        scale = height / (source_height * (1 - wide * (1 - WIDE_ROWS)))
        return Framing(scale, centre_x - width / scale / 2, wide * WIDE_ABOVE * source_height)
    scale = min(height / source_height, width / min(MIN_WIDTH_SOURCE_PX, source_width))
    seen = width / scale
    x = centre_x - seen / 2
    if seen <= source_width:
        x = min(max(0.0, x), source_width - seen)
    return Framing(scale, x, source_height - height / scale)


@dataclass(frozen=True)
class Planes:
    """A layer, premultiplied: luma at full size, chroma at half. Four channels, for speed."""

    luma: ByteArray
    """(rows, columns, 4): Y·α, α, hole, 0."""
    chroma: ByteArray
    """(rows/2, columns/2, 4): U·α, V·α, α, 0."""


def opaque(image: ByteArray) -> tuple[ByteArray, ByteArray]:
    """Luma (rows, columns) and chroma (rows/2, columns/2, 2) of a picture with even sides."""
    return _yuv(image)


def layer(image: ByteArray, hole: ByteArray | None = None) -> Planes:
    """Premultiplied planes of a blue-green-red-alpha picture with even sides.

    *hole*, (rows, columns), is cut out of it and kept beside it.
    """
    luma, chroma = _yuv(np.ascontiguousarray(image[..., :3]))
    alpha = np.ascontiguousarray(image[..., 3])
    if hole is not None:
        alpha = _times(alpha, np.asarray(cv2.bitwise_not(hole), np.uint8))
    size = (alpha.shape[1] // 2, alpha.shape[0] // 2)
    half = np.asarray(cv2.resize(alpha, size, interpolation=cv2.INTER_AREA), np.uint8)
    u, v = (_times(np.ascontiguousarray(chroma[..., k]), half) for k in (0, 1))
    empty, empty_half = np.zeros_like(alpha), np.zeros_like(half)
    cut = empty if hole is None else hole
    return Planes(
        np.dstack([_times(luma, alpha), alpha, cut, empty]),
        np.dstack([u, v, half, empty_half]),
    )


def _times(colour: ByteArray, alpha: ByteArray) -> ByteArray:
    return np.asarray(cv2.multiply(colour, alpha, scale=1 / 255), np.uint8)


def _yuv(image: ByteArray) -> tuple[ByteArray, ByteArray]:
    height, width = image.shape[:2]
    planar = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420), np.uint8).reshape(-1)
    size = height * width
    quarter = (height // 2, width // 2)
    u = planar[size : size + size // 4].reshape(quarter)
    v = planar[size + size // 4 :].reshape(quarter)
    return planar[:size].reshape(height, width).copy(), np.dstack([u, v])

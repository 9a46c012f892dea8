"""From the portrait's pixels to the output's: scale, crop, and layers made ready in planar YUV.

All drawing happens in BT.601 limited-range YUV 4:2:0, the encoder's own space: one and a half
samples a pixel instead of three, and no conversion at the end.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.media import ByteArray, FloatArray

MIN_WIDTH_SOURCE_PX = 560
"""Never crop closer than this: head and shoulders stay in the picture."""

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
        """The smallest output rectangle over *box* with even sides, inside the picture."""
        x0, y0 = self.to_output(box[0], box[1])
        x1, y1 = self.to_output(box[2], box[3])
        return (
            max(0, int(np.floor(x0 / even)) * even), max(0, int(np.floor(y0 / even)) * even),
            min(width, int(np.ceil(x1 / even)) * even), min(height, int(np.ceil(y1 / even)) * even),
        )  # fmt: skip

    def place(
        self, image: ByteArray, box: Rect, rect: Rect, border: int = cv2.BORDER_REPLICATE
    ) -> ByteArray:
        """Resample *image*, lying over *box* of the portrait, onto output rectangle *rect*."""
        if self.scale < 1:
            image = cv2.GaussianBlur(image, (0, 0), 0.36 * (1 / self.scale - 1) + 0.01)
        s = self.scale
        shift_x = (box[0] - self.origin_x + 0.5) * s - 0.5 - rect[0]
        shift_y = (box[1] - self.origin_y + 0.5) * s - 0.5 - rect[1]
        matrix = np.array([[s, 0, shift_x], [0, s, shift_y]])
        size = (rect[2] - rect[0], rect[3] - rect[1])
        return np.asarray(
            cv2.warpAffine(image, matrix, size, flags=cv2.INTER_CUBIC, borderMode=border), np.uint8
        )


def frame(source: tuple[int, int], centre_x: float, width: int, height: int) -> Framing:
    """Fit the portrait of *source* (width, height) into the output: full height, face in the middle."""
    source_width, source_height = source
    scale = min(height / source_height, width / min(MIN_WIDTH_SOURCE_PX, source_width))
    seen = width / scale
    x = centre_x - seen / 2
    if seen <= source_width:
        x = min(max(0.0, x), source_width - seen)
    return Framing(scale, x, source_height - height / scale)


@dataclass(frozen=True)
class Planes:
    """A layer, premultiplied: luma at full size, chroma at half."""

    luma: ByteArray
    """(rows, columns, 2): Y·α, α; or (rows, columns) where it is opaque."""
    chroma: ByteArray
    """(rows/2, columns/2, 3): U·α, V·α, α; or two channels where it is opaque."""


def opaque(image: ByteArray) -> Planes:
    """Planes of an opaque picture with even sides."""
    luma, chroma = _yuv(image)
    return Planes(luma, chroma)


def layer(image: ByteArray) -> Planes:
    """Premultiplied planes of a blue-green-red-alpha picture with even sides."""
    luma, chroma = _yuv(np.ascontiguousarray(image[..., :3]))
    alpha = np.ascontiguousarray(image[..., 3])
    half = cv2.resize(alpha, (alpha.shape[1] // 2, alpha.shape[0] // 2), interpolation=cv2.INTER_AREA)
    return Planes(
        np.dstack([cv2.multiply(luma, alpha, scale=1 / 255), alpha]),
        np.dstack([cv2.multiply(chroma, cv2.merge([half, half]), scale=1 / 255), half]),
    )


def _yuv(image: ByteArray) -> tuple[ByteArray, ByteArray]:
    height, width = image.shape[:2]
    planar = cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420).reshape(-1)
    size = height * width
    quarter = (height // 2, width // 2)
    u = planar[size : size + size // 4].reshape(quarter)
    v = planar[size + size // 4 :].reshape(quarter)
    return planar[:size].reshape(height, width).copy(), np.dstack([u, v])


def pixel_grid(width: int, height: int) -> tuple[FloatArray, FloatArray]:
    """x and y of every pixel."""
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    return xs, ys


Maps = NDArray[np.float32]

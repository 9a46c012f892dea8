"""Laying premultiplied 8-bit layers over a picture, in place; and buffers that are reused."""

import math
from typing import Final

import cv2
import numpy as np

from engine.media import ByteArray, FloatArray

BLACK_LUMA: Final = 16
GREY_CHROMA: Final = 128


class Scratch:
    """Working memory by name, grown once and handed out again at any smaller size."""

    def __init__(self) -> None:
        self._bytes: dict[str, ByteArray] = {}
        self._floats: dict[str, FloatArray] = {}

    def bytes(self, name: str, *shape: int) -> ByteArray:
        """Contiguous uint8 of *shape*, content undefined; valid until *name* is asked for again."""
        size = math.prod(shape)
        have = self._bytes.get(name)
        if have is None or have.size < size:
            have = self._bytes[name] = np.empty(size, np.uint8)
        return have[:size].reshape(shape)

    def floats(self, name: str, *shape: int) -> FloatArray:
        """Contiguous float32 of *shape*, content undefined."""
        size = math.prod(shape)
        have = self._floats.get(name)
        if have is None or have.size < size:
            have = self._floats[name] = np.empty(size, np.float32)
        return have[:size].reshape(shape)


def over(target: ByteArray, colour: ByteArray, alpha: ByteArray, rest: ByteArray) -> None:
    """target = colour + target · (1 − alpha), in place; *colour* is premultiplied.

    *rest* is working memory of the same shape.
    """
    cv2.bitwise_not(alpha, dst=rest)
    cv2.multiply(target, rest, dst=rest, scale=1 / 255)
    cv2.add(rest, colour, dst=rest)
    target[...] = rest


def darken(target: ByteArray, light: ByteArray, black: int) -> None:
    """Scale *target* toward *black* by *light* (255 leaves it), in place."""
    shade = cv2.convertScaleAbs(cv2.bitwise_not(light), alpha=black / 255)
    kept = cv2.multiply(target, light, scale=1 / 255)
    target[...] = cv2.add(kept, shade)

"""Laying premultiplied 8-bit layers over a picture, in place."""

import cv2
import numpy as np

from engine.media import ByteArray

BLACK_LUMA, GREY_CHROMA = 16, 128


def over(target: ByteArray, colour: ByteArray, alpha: ByteArray) -> None:
    """target = colour + target · (1 − alpha); *colour* is premultiplied."""
    rest = cv2.bitwise_not(alpha)
    kept = cv2.multiply(target, rest, scale=1 / 255)
    cv2.add(kept, colour, dst=kept)
    target[...] = kept


def darken(target: ByteArray, light: ByteArray, black: int) -> None:
    """Scale *target* toward *black* by *light* (255 leaves it)."""
    shade = cv2.multiply(cv2.bitwise_not(light), black / 255)
    kept = cv2.multiply(target, light, scale=1 / 255)
    cv2.add(kept, np.asarray(shade, np.uint8), dst=kept)
    target[...] = kept

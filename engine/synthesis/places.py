"""Where the parts of a rig lie in the output."""

import cv2
import numpy as np

from engine.media import ByteArray
from engine.portrait.rig import Rig
from engine.synthesis.framing import Framing, Rect


def hole(rig: Rig, framing: Framing, rect: Rect, upper_rect: Rect) -> ByteArray:
    """The head's opening behind the upper lip, over *rect*."""
    out = np.zeros((rect[3] - rect[1], rect[2] - rect[0]), np.uint8)
    x0, y0, x1, y1 = upper_rect
    part = framing.place(rig.hole, rig.upper_box, upper_rect, alpha_outside=False)
    out[y0 - rect[1] : y1 - rect[1], x0 - rect[0] : x1 - rect[0]] = part
    return out


def occupied(alpha: ByteArray, rect: Rect) -> Rect:
    """The part of *rect* where *alpha* is not nothing, in output pixels."""
    rows, columns = np.flatnonzero(alpha.max(1) > 0), np.flatnonzero(alpha.max(0) > 0)
    return (rect[0] + int(columns[0]), rect[1] + int(rows[0]),
            rect[0] + int(columns[-1]) + 1, rect[1] + int(rows[-1]) + 1)  # fmt: skip


def mouth_box(rig: Rig) -> Rect:
    """Where the mouth's opening can lie at rest pose, in the portrait."""
    left, _, right, bottom = rig.mouth_px
    wide = (right - left) // 5
    return left - wide, rig.upper_box[1] + 2, right + wide, bottom


def covered(head: list[ByteArray], rect: Rect, size: tuple[int, int]) -> ByteArray:
    """(height, width), how much of each pixel is the head's, its open mouth too.

    Args:
        head: planes of the head's layer over *rect*; the second is its alpha, the third its hole.
        rect: in output pixels.
        size: width and height of the output.
    """
    out = np.zeros(size[::-1], np.uint8)
    x0, y0, x1, y1 = rect
    cv2.add(head[1], head[2], dst=out[y0:y1, x0:x1])
    return out

"""The square of a photo that becomes the portrait: head and shoulders, always composed alike."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bgr = NDArray[np.uint8]

EXPAND_RATIO: Final = (0.15, 0.2)
"""Least and most room about the head and shoulders, as a share of them on each side."""
MIN_RESOLUTION_PX: Final = (512, 1024)
"""Least side that the square may be asked to have in the photo."""
_CROWN: Final = 0.35
"""The hair's height above the forehead, over the height of the face from forehead to chin."""
_BUST: Final = 1.5
"""Head and shoulders over the head, both as high as wide."""
_ABOVE: Final = 0.15
"""Share of the portrait above the crown."""
_TOP, _CHIN = 10, 152


@dataclass(frozen=True)
class Crop:
    """A square of the photo, in its pixels."""

    left_px: float
    top_px: float
    side_px: float
    wanted_px: float
    """The side it would have if the photo went on around it."""

    @property
    def room(self) -> float:
        """Of the room that was wanted, how much there is: 1 is all."""
        return self.side_px / self.wanted_px

    def cut(self, photo: Bgr, size_px: int) -> Bgr:
        """The square, (size_px, size_px, 3)."""
        scale = size_px / self.side_px
        left, top, side = round(self.left_px), round(self.top_px), round(self.side_px)
        patch = photo[top : top + side, left : left + side]
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(patch, (size_px, size_px), interpolation=way), np.uint8)

    def moved(self, landmarks_px: Floats, size_px: int) -> Floats:
        """Landmarks of the photo, (n, 2 or 3), in the square cut to *size_px*."""
        origin = np.zeros(landmarks_px.shape[1])
        origin[:2] = round(self.left_px), round(self.top_px)
        return np.asarray((landmarks_px - origin) * (size_px / round(self.side_px)))


def frame(landmarks_px: Floats, width: int, height: int, expand_ratio: float) -> Crop:
    """The square about the head whose landmarks are (478, 2 or 3) in a photo of *width*, *height*.

    Where the photo ends too soon the square is moved inside, and then made smaller.
    """
    top, chin = landmarks_px[_TOP, :2], landmarks_px[_CHIN, :2]
    face = float(np.linalg.norm(chin - top))
    head = face * (1 + _CROWN)
    wanted = head * _BUST * (1 + 2 * expand_ratio)
    side = float(np.floor(min(wanted, width, height)))
    middle = float(landmarks_px[[33, 263, _CHIN], 0].mean())
    crown = float(min(top[1], chin[1])) - face * _CROWN
    # A square made smaller gives up the room below the chin first, then that above the crown.
    above = _ABOVE * side if side == np.floor(wanted) else max(0.05 * side, (side - head) * 0.35)
    left = min(max(0.0, middle - side / 2), width - side)
    highest = min(max(0.0, crown - above), height - side)
    return Crop(left, highest, side, wanted)

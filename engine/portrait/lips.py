"""The lip line: where the upper and the lower face part, and the lenses they leave open."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

INNER_UPPER = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
INNER_LOWER = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
OUTER = (61, 40, 37, 0, 267, 270, 291, 321, 314, 17, 84, 91)
"""The outline of both lips."""
NOSE_BASE, CHIN = 2, 152
SEARCH_PX = 4


@dataclass(frozen=True)
class LipLine:
    """The closed lips' seam as a height over x, and how far the lenses about it reach."""

    left_px: float
    right_px: float
    xs: Floats
    ys: Floats
    above_px: float
    """Height of the lens above the seam, within which the lower layer is only guessed.

    Hardly beyond the nose: the farther it goes, the more a wide jaw draws the skin behind the upper
    lip down with it, below a raised lip's rim."""
    below_px: float
    hole_px: float
    """How far above the seam the lower layer is cut out."""

    def y(self, x: NDArray[np.floating]) -> Floats:
        """The seam's height; level beyond the corners."""
        return np.asarray(np.interp(x, self.xs, self.ys))

    def side(self, x: NDArray[np.floating]) -> Floats:
        """-1 at the left corner, 0 in the middle of the mouth, 1 at the right corner."""
        half = (self.right_px - self.left_px) / 2
        return np.asarray((x - (self.left_px + self.right_px) / 2) / half)

    def reach(self, x: NDArray[np.floating]) -> Floats:
        """1 in the middle of the mouth, 0 at and beyond its corners, round between."""
        return np.asarray(np.sqrt(np.clip(1 - self.side(x) ** 2, 0, 1)))


def find(photo: NDArray[np.uint8], landmarks_px: Floats) -> LipLine:
    """Trace the seam: near the inner-lip landmarks, at the darkest row of each column."""
    upper, lower = landmarks_px[list(INNER_UPPER), :2], landmarks_px[list(INNER_LOWER), :2]
    guess = (upper + lower) / 2
    left, right = float(guess[0, 0]), float(guess[-1, 0])
    xs = np.arange(np.floor(left), np.ceil(right) + 1)
    rough = np.interp(xs, guess[:, 0], guess[:, 1])
    grey = cv2.GaussianBlur(cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY), (0, 0), 0.8).astype(float)
    offsets = np.arange(-SEARCH_PX, SEARCH_PX + 0.25, 0.25)
    rows = (rough[:, None] + offsets).astype(np.float32)
    columns = np.repeat(xs[:, None], len(offsets), 1).astype(np.float32)
    values = cv2.remap(grey.astype(np.float32), columns, rows, cv2.INTER_LINEAR)
    weight = np.exp(-(values - values.min(1, keepdims=True)) / 4) * np.exp(-((offsets / 3) ** 2))
    seam = rough + (weight * offsets).sum(1) / weight.sum(1)
    seam = cv2.GaussianBlur(seam[None], (0, 0), 4, borderType=cv2.BORDER_REPLICATE)[0]
    middle = float(np.median(seam))
    return LipLine(
        left_px=left,
        right_px=right,
        xs=xs,
        ys=seam,
        above_px=1.1 * (middle - float(landmarks_px[NOSE_BASE, 1])),
        hole_px=0.8 * (middle - float(landmarks_px[NOSE_BASE, 1])),
        below_px=0.70 * (float(landmarks_px[CHIN, 1]) - middle),
    )

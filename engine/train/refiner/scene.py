"""A rig drawn as the kiosk draws it, with what the truth needs kept: masks, and where skin went."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.media import ByteArray, FloatArray, MotionFrame, Pose
from engine.portrait.rig import Rig
from engine.synthesis.framing import Rect, frame
from engine.synthesis.mouth import Mouth
from engine.synthesis.refining import Shown
from engine.synthesis.region import Region
from engine.synthesis.synthesizer import OutputFormat, Synthesizer
from engine.synthesis.warp import Turn, bounded, turn

FloatMaps = NDArray[np.float32]
REST = Pose()
RESIDUAL_STEPS: Final = 16
"""Of a stored residual to one grey level."""


@dataclass(frozen=True)
class Shot:
    """One picture of the region, side px wide; folded as ``Region.crop`` gives it."""

    picture: FloatArray
    """(6, side/2, side/2), −1 to 1."""
    mask: FloatArray
    """(2, side/2, side/2): where the inside of the mouth is seen; the upper lip's layer."""


class Scene(Synthesizer):
    """Draws a rig at rest pose and cuts the region out."""

    def __init__(self, rig: Rig, size_px: int, side_px: int) -> None:
        """*size_px*: of the whole picture; *side_px*: of the region's."""
        super().__init__(rig, OutputFormat(size_px, size_px))
        framing = frame((rig.plate.shape[1], rig.plate.shape[0]), rig.pivot_px[0], size_px, size_px)
        self.region = Region(rig, framing, side_px)
        self.turned: Turn = turn(bounded(REST), self._eye_px)
        self._planes = np.empty((size_px * 3 // 2, size_px), np.uint8)
        self._mask = np.zeros((2, size_px, size_px), np.uint8)
        self.inside = self._mouth

    def shot(self, weights: FloatArray, inside: Mouth | None = None) -> Shot:
        """Draw *weights*, with another *inside* of the mouth if one is given."""
        self._mask[...] = 0
        self._mouth = inside or self.inside
        self.render(MotionFrame(0, weights, REST), self._planes)
        size = self.output.height
        luma, chroma = self._planes[:size], self._planes[size:].reshape(2, size // 2, size // 2)
        whole = (0, 0, size, size)
        mask = [self.region.crop_mask(each, whole, self.turned) for each in self._mask]
        return Shot(self.region.crop(luma, chroma, self.turned), np.stack(mask))

    def carried(self, weights: FloatArray, field: FloatMaps) -> FloatMaps:
        """*field* (height, width, channels) of the portrait at rest, moved with the skin.

        As at 1024 pixels: the picture's pixels are the portrait's. (side, side, channels + 1) of
        the region, of the lower face, and of the upper lip where that is drawn over it; last comes
        how much of it there is.
        """
        field = np.dstack([field, np.ones(field.shape[:2], np.float32)])
        lower, upper = self._skin.flows(weights, self.turned)
        size = self.output.height
        maps = self._skin.maps(lower, self._skin.cells_over(self._head_box, lower))
        out = np.zeros((size, size, field.shape[2]), np.float32)
        self._carry(out, field, maps.rect, maps.full(self._scratch, "carried"))
        maps = self._skin.maps(upper, self._skin.cells_over(self._mouth_box, lower, margin=1))
        over = np.zeros_like(out)
        self._carry(over, field, maps.rect, maps.full(self._scratch, "carried"))
        lip = (self._mask[1] / np.float32(255))[..., None]
        return self.taken(out * (1 - lip) + over * lip)

    def _carry(
        self, out: FloatMaps, field: FloatMaps, rect: Rect, at: tuple[FloatArray, FloatArray]
    ) -> None:
        x0, y0 = self._skin.rect[:2]
        moved = cv2.remap(field, at[0] + np.float32(x0), at[1] + np.float32(y0), cv2.INTER_LINEAR)
        out[rect[1] : rect[3], rect[0] : rect[2]] = moved.reshape(*moved.shape[:2], -1)

    def taken(self, field: FloatMaps) -> FloatMaps:
        """The region of (height, width, channels), at full size."""
        flags, side = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, self.region.side_px
        matrix = self.region.matrix(self.turned)
        taken = cv2.warpAffine(field, matrix, (side, side), flags=flags)
        return np.asarray(taken, np.float32).reshape(side, side, -1)

    def _draw_head(
        self, luma: ByteArray, chroma: ByteArray, weights: FloatArray, turned: Turn
    ) -> tuple[Shown, tuple[list[ByteArray], Rect]]:
        mouth, head = super()._draw_head(luma, chroma, weights, turned)
        x0, y0, x1, y1 = mouth.rect
        for mask, drawn in zip(self._mask, (mouth.seen, mouth.lip), strict=True):
            if drawn is not None:
                mask[y0:y1, x0:x1] = drawn
        return mouth, head

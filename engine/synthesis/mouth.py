"""The mouth: what is seen between the lips, its light, and the upper lip over it."""

from dataclasses import dataclass

import cv2
import numpy as np

from engine.media import ByteArray, FloatArray
from engine.portrait.rig import Rig
from engine.synthesis.blend import BLACK_LUMA, GREY_CHROMA, darken, over
from engine.synthesis.framing import Framing, Planes, Rect, layer
from engine.synthesis.warp import Turn

LIGHT_REACH_PX = 10.0
"""How far light creeps in from the lips' opening (portrait pixels)."""
LIGHT_DROP_PX = 3.5
"""How far the upper lip's shadow falls."""


@dataclass(frozen=True)
class _Part:
    """An interior layer over ``cavity_box``, moved as one piece."""

    planes: Planes
    depth: float
    with_jaw: bool


class Mouth:
    """The mouth of a rig at one output size."""

    def __init__(self, rig: Rig, framing: Framing, width: int, height: int) -> None:
        box = rig.cavity_box
        self._rect = framing.rect(box, width, height)
        self.scale = framing.scale
        upper_depth, lower_depth = rig.teeth_depth_px
        s = framing.scale
        self._parts = [
            _Part(self._planes(rig.cavity, box, framing), (lower_depth - 40) * s, False),
            _Part(self._planes(rig.lower_teeth, box, framing), lower_depth * s, True),
            _Part(self._planes(rig.upper_teeth, box, framing), upper_depth * s, False),
        ]
        pivot = framing.to_output(*rig.pivot_px)
        self._offset = (self._rect[0] - pivot[0], self._rect[1] - pivot[1])
        self._pivot = pivot

    def _planes(self, image: ByteArray, box: Rect, framing: Framing) -> Planes:
        premultiplied = image.astype(np.float32)
        premultiplied[..., :3] *= premultiplied[..., 3:] / 255
        placed = framing.place(
            np.clip(premultiplied, 0, 255).astype(np.uint8), box, self._rect, cv2.BORDER_CONSTANT
        )
        alpha = placed[..., 3:].astype(np.float32)
        colour = np.where(alpha > 0, placed[..., :3] * (255 / np.maximum(alpha, 1)), 0)
        return layer(np.dstack([np.clip(colour, 0, 255), alpha]).astype(np.uint8))

    def interior(self, rect: Rect, turn: Turn, jaw: FloatArray) -> tuple[ByteArray, ByteArray]:
        """Draw the inside of the mouth over output *rect*: luma, chroma.

        *jaw* is the lower teeth's displacement, (3,) output pixels.
        """
        x0, y0, x1, y1 = rect
        luma = np.full((y1 - y0, x1 - x0), BLACK_LUMA + 6, np.uint8)
        chroma = np.full(((y1 - y0) // 2, (x1 - x0) // 2, 2), GREY_CHROMA, np.uint8)
        for part in self._parts:
            shift = jaw if part.with_jaw else np.zeros(3, np.float32)
            matrix = turn.matrix[:, :2]
            at = np.array(
                [self._offset[0] + shift[0], self._offset[1] + shift[1], part.depth + shift[2]]
            )
            origin = turn.matrix @ at + turn.shift + np.array(self._pivot) - (x0, y0)
            full = np.column_stack([matrix, origin])
            middle = (matrix - np.eye(2)) @ np.array([0.5, 0.5])
            half = np.column_stack([matrix, (origin + 0.5 + middle) / 2 - 0.5 - middle / 2])
            border = cv2.BORDER_REPLICATE if part is self._parts[0] else cv2.BORDER_CONSTANT
            size = (x1 - x0, y1 - y0)
            drawn = cv2.warpAffine(part.planes.luma, full, size, borderMode=border)
            over(luma, drawn[..., 0], drawn[..., 1])
            size = (size[0] // 2, size[1] // 2)
            drawn = cv2.warpAffine(part.planes.chroma, half, size, borderMode=border)
            over(chroma, drawn[..., :2], cv2.merge([drawn[..., 2], drawn[..., 2]]))
        return luma, chroma

    def shade(self, luma: ByteArray, chroma: ByteArray, hidden: ByteArray) -> None:
        """Darken the interior by how little of the opening lets light in.

        *hidden*, (rows, columns), is 255 where lips or skin lie in front.
        """
        opening = cv2.bitwise_not(hidden)
        reach = max(1, round(LIGHT_REACH_PX * self.scale))
        drop = max(1, round(LIGHT_DROP_PX * self.scale))
        blurred = cv2.blur(cv2.blur(opening, (2 * reach + 1, reach | 1)), (reach | 1, reach | 1))
        lit = np.empty_like(blurred)
        lit[drop:], lit[:drop] = blurred[:-drop], 0
        light = cv2.convertScaleAbs(lit, alpha=1.7, beta=38)
        darken(luma, light, BLACK_LUMA)
        half = cv2.resize(light, (chroma.shape[1], chroma.shape[0]), interpolation=cv2.INTER_AREA)
        darken(chroma, cv2.merge([half, half]), GREY_CHROMA)

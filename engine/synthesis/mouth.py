"""The mouth: what is seen between the lips, its light, and the upper lip over it."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from engine.media import ByteArray, FloatArray
from engine.motion.coefficients import INDEX
from engine.portrait.rig import Rig
from engine.synthesis.blend import BLACK_LUMA, GREY_CHROMA, darken, over
from engine.synthesis.framing import Framing, Planes, Rect, layer
from engine.synthesis.warp import Turn

LIGHT_REACH_PX: Final = 10.0
"""How far light creeps in from the lips' opening (portrait pixels)."""
LIGHT_DROP_PX: Final = 3.5
"""How far the upper lip's shadow falls."""
LIGHT_GAIN: Final = 1.7
LIGHT_FLOOR: Final = 38.0
"""How light grows with the opening about a place, and what there is of it in a closed one."""
RIM: Final = 12.0
RIM_HALF: Final = 4.0
"""How steeply the inside ends under the hole's soft rim, at full and at half size."""


ROUNDED: Final = (INDEX["mouthFunnel"], INDEX["mouthPucker"])
ROUNDED_SHADE: Final = 0.6
"""Lips pushed forward keep light from the teeth."""
ROUNDED_HIDE_PX: Final = 9.0
"""And cover more of them: either row stands so much farther behind its lip."""
TUCKED: Final = INDEX["mouthRollLower"]
TUCKED_LIGHT: Final = 0.9
"""Upper teeth that rest on a lower lip turned in stand in front, in the light, however small the
opening."""


@dataclass(frozen=True)
class _Part:
    """An interior layer over ``cavity_box``, moved as one piece."""

    planes: Planes
    depth: float
    with_jaw: bool
    hide: float = 0.0
    """Which way rounded lips cover it: −1 up, 1 down."""


class Mouth:
    """The mouth of a rig at one output size."""

    def __init__(self, rig: Rig, framing: Framing, width: int, height: int) -> None:
        box = rig.cavity_box
        self._rect = framing.rect(box, width, height)
        self._scale = s = framing.scale
        upper_depth, lower_depth = rig.teeth_depth_px
        self._parts = [
            _Part(self._planes(rig.cavity, box, framing), (lower_depth - 40) * s, False),
            _Part(self._planes(rig.lower_teeth, box, framing), lower_depth * s, True, 1.0),
            _Part(self._planes(rig.upper_teeth, box, framing), upper_depth * s, False, -1.0),
        ]
        self._pivot = framing.to_output(*rig.pivot_px)
        self._jaw_motion = rig.jaw_motion * s

    def _planes(self, image: ByteArray, box: Rect, framing: Framing) -> Planes:
        premultiplied = image.astype(np.float32)
        premultiplied[..., :3] *= premultiplied[..., 3:] / 255
        placed = framing.place(
            np.clip(premultiplied, 0, 255).astype(np.uint8), box, self._rect, alpha_outside=False
        )
        alpha = placed[..., 3:].astype(np.float32)
        colour = np.where(alpha > 0, placed[..., :3] * (255 / np.maximum(alpha, 1)), 0)
        return layer(np.dstack([np.clip(colour, 0, 255), alpha]).astype(np.uint8))

    def draw(
        self, planes: tuple[ByteArray, ByteArray, ByteArray], rect: Rect, hole: ByteArray,
        seen: ByteArray, weights: FloatArray, turned: Turn,
    ) -> None:  # fmt: skip
        """Draw the inside of the mouth over output *rect*, into views of the picture's planes.

        *hole* is where the head lies open, *seen* what of it the upper lip leaves, both
        (rows, columns): by how little of the opening lets light in, the inside is dark.
        """
        jaw = weights @ self._jaw_motion
        rounded = rounded_by(weights)
        rows, columns = hole.shape
        inside = np.full((rows, columns), BLACK_LUMA, np.uint8)
        inside_chroma = np.full((2, rows // 2, columns // 2), GREY_CHROMA, np.uint8)
        for part in self._parts:
            placed = self._placement(part, rect, turned, jaw, rounded)
            self._lay(part, placed, inside, inside_chroma)
        light, light_half = self._light(seen, weights)
        darken(inside, light, BLACK_LUMA)
        # Wholly under the hole's soft rim too: the head is laid over it.
        under = np.asarray(cv2.convertScaleAbs(hole, alpha=RIM), np.uint8)
        _blend(planes[0], inside, under)
        half = cv2.resize(under, (columns // 2, rows // 2), interpolation=cv2.INTER_AREA)
        under_half = np.asarray(cv2.convertScaleAbs(half, alpha=RIM_HALF), np.uint8)
        for plane, target in zip(inside_chroma, planes[1:], strict=True):
            darken(plane, light_half, GREY_CHROMA)
            _blend(target, plane, under_half)

    def _placement(
        self, part: _Part, rect: Rect, turned: Turn, jaw: FloatArray, rounded: float
    ) -> FloatArray:
        """(2, 3) from the part's pixels to those of *rect*."""
        move = jaw.copy() if part.with_jaw else np.zeros(3, np.float32)
        move[1] += part.hide * rounded * ROUNDED_HIDE_PX * self._scale
        at = np.array([self._rect[0] - self._pivot[0] + move[0],
                       self._rect[1] - self._pivot[1] + move[1], part.depth + move[2]])  # fmt: skip
        origin = turned.matrix @ at + turned.shift + np.array(self._pivot) - rect[:2]
        return np.column_stack([turned.matrix[:, :2], origin])

    def _lay(self, part: _Part, matrix: FloatArray, luma: ByteArray, chroma: ByteArray) -> None:
        turning, origin = matrix[:, :2], matrix[:, 2]
        half = np.column_stack([turning, (origin + turning @ (0.5, 0.5) - 0.5) / 2])
        back = part is self._parts[0]
        border = cv2.BORDER_REPLICATE if back else cv2.BORDER_CONSTANT
        rest = np.empty_like(luma)
        size = (luma.shape[1], luma.shape[0])
        drawn = _moved(part.planes.luma, matrix, size, border)
        over(luma, drawn[..., 0], drawn[..., 1], rest)
        size = (chroma.shape[2], chroma.shape[1])
        drawn = _moved(part.planes.chroma, half, size, border)
        rest = np.empty_like(chroma[0])
        for k in (0, 1):
            over(chroma[k], drawn[..., k], drawn[..., 2], rest)

    def _light(self, seen: ByteArray, weights: FloatArray) -> tuple[ByteArray, ByteArray]:
        """How lit the inside is, 255 fully, at full and at half size."""
        reach = max(1, round(LIGHT_REACH_PX * self._scale))
        drop = max(1, round(LIGHT_DROP_PX * self._scale))
        wide = cv2.blur(cv2.blur(seen, (2 * reach + 1, reach | 1)), (reach | 1, reach | 1))
        lit = np.empty_like(wide)
        lit[drop:], lit[:drop] = wide[:-drop], 0
        gain = 1 - ROUNDED_SHADE * rounded_by(weights) + TUCKED_LIGHT * float(weights[TUCKED])
        light = np.asarray(
            cv2.convertScaleAbs(lit, alpha=LIGHT_GAIN * gain, beta=LIGHT_FLOOR * gain), np.uint8
        )
        size = (light.shape[1] // 2, light.shape[0] // 2)
        return light, np.asarray(cv2.resize(light, size, interpolation=cv2.INTER_AREA), np.uint8)


def rounded_by(weights: FloatArray) -> float:
    """How far the lips are pushed forward, 0 to 1."""
    return min(1.0, float(weights[list(ROUNDED)].sum()))


def _moved(picture: ByteArray, matrix: FloatArray, size: tuple[int, int], border: int) -> ByteArray:
    return np.asarray(cv2.warpAffine(picture, matrix, size, borderMode=border), np.uint8)


def _blend(target: ByteArray, picture: ByteArray, alpha: ByteArray) -> None:
    colour = cv2.multiply(picture, alpha, scale=1 / 255)
    over(target, np.asarray(colour, np.uint8), alpha, np.empty_like(alpha))

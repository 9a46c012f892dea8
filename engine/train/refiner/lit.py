"""Light in a mouth: soft occlusion by the lips, shadow of the upper one, gloss of what is wet.

The light that reaches a point behind the lips is the share of the opening that it sees: the
opening blurred as widely as the point lies deep, and moved the way the light falls. That is
percentage-closer soft shadows (Fernando 2005) with the lips as the only blocker.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.media import ByteArray, FloatArray
from engine.portrait.mouth import CAVITY
from engine.portrait.rig import Rig
from engine.synthesis.framing import Framing, Rect, opaque
from engine.synthesis.mouth import RIM, RIM_HALF, ROUNDED_HIDE_PX, Mouth, rounded_by
from engine.synthesis.warp import Turn
from engine.train.refiner.inside import FINE, Inside, Surface

Maps = NDArray[np.float32]

DEPTHS_CM: Final = (0.05, 0.15, 0.4, 1.0, 2.5)
SPREAD: Final = 0.50
"""Radius of the light's disc, seen from a point, over the point's depth."""
FALL: Final = 0.22
"""How far the light's middle comes from above, over depth: she is lit from higher up."""
AMBIENT, KEY = 0.56, 0.52
FLOOR: Final = 0.12
"""Light that comes through cheeks and by many ways."""
BOUNCE: Final = 0.22
"""Of the light in the mouth that has been on lips and gums before."""
BOUNCE_TINT: Final = np.array([0.5, 0.55, 1.0], np.float32)
GLOSS: Final = (0.40, 0.05)
"""Strength of the sharp and of the broad highlight."""
SHARP, BROAD = 90.0, 16.0
DEEP: Final = 0.30
"""Each further centimetre in, this much of the light is lost on the walls."""
CONTACT, CONTACT_CM = 0.5, 0.16
"""How dark, and how far about teeth, it is behind them."""
GAMMA: Final = 0.62
"""Light adds up in linear units, colours are those of a display."""
SHOULDER: Final = 185.0
THROAT: Final = np.array([34.0, 34.0, 108.0], np.float32)
SIDE: Final = 0.25
"""How much the light's side in the photo is believed."""


@dataclass(frozen=True)
class Lamp:
    """The light on a face."""

    direction: tuple[float, float, float]
    """Unit, toward the light: +x right, +y down, +z to the viewer."""
    exposure: float
    """1 in good light; see ``portrait.bake.exposure``."""


class LitMouth(Mouth):
    """In place of ``Mouth``: the same pieces at the same places, truly lit."""

    def __init__(
        self, rig: Rig, framing: Framing, size_px: int, inside: Inside, lamp: Lamp
    ) -> None:
        super().__init__(rig, framing, size_px, size_px)
        self._inside, self._lamp = inside, lamp
        x, y, z = lamp.direction
        light = np.array([SIDE * x, 0.5 * min(y, 0.0) - 0.18, max(z, 0.3)], np.float32)
        self._light_way = light / np.linalg.norm(light)
        half = self._light_way + np.array([0, 0, 1], np.float32)
        self._halfway = half / np.linalg.norm(half)

    def draw(
        self, planes: tuple[ByteArray, ByteArray, ByteArray], rect: Rect, hole: ByteArray,
        seen: ByteArray, weights: FloatArray, turned: Turn,
    ) -> None:  # fmt: skip
        """See ``Mouth.draw``; at rest only, in a picture as large as the portrait."""
        drawn = self.colours(rect, seen, weights)
        luma, chroma = opaque(np.ascontiguousarray(drawn))
        under = np.asarray(cv2.convertScaleAbs(hole, alpha=RIM), np.uint8)
        size = (under.shape[1] // 2, under.shape[0] // 2)
        half = cv2.resize(under, size, interpolation=cv2.INTER_AREA)
        half = cv2.convertScaleAbs(half, alpha=RIM_HALF)
        _blend(planes[0], luma, under)
        for k, target in enumerate(planes[1:]):
            _blend(target, chroma[..., k], np.asarray(half, np.uint8))

    def colours(self, rect: Rect, seen: ByteArray, weights: FloatArray) -> ByteArray:
        """Blue-green-red over *rect*, (rows, columns, 3)."""
        unit = self._inside.px_per_cm * FINE
        size = ((rect[2] - rect[0]) * FINE, (rect[3] - rect[1]) * FINE)
        opening = cv2.resize(seen.astype(np.float32) / 255, size, interpolation=cv2.INTER_LINEAR)
        soft, key = self._levels(np.asarray(opening, np.float32), unit)
        deep = np.full(opening.shape, 2.6, np.float32)
        lit = _at_depth(soft, deep)[..., None]
        colour = (CAVITY.astype(np.float32) * 0.6 + THROAT * lit**1.6) * self._lamp.exposure
        jaw = weights @ self._jaw_motion
        hide = self._hide(weights)
        for piece, move in (
            (self._inside.tongue, (jaw[0], jaw[1] + hide)),
            (self._inside.lower, (jaw[0], jaw[1] + hide)),
            (self._inside.upper, (0.0, -hide)),
        ):
            placed = _placed(piece, self._inside.box, rect, move, size)
            shaded = self._shaded(placed, soft, key)
            alpha = placed.alpha[..., None]
            # A row of teeth keeps light from what lies behind it.
            near = _blurred(placed.alpha, CONTACT_CM * unit)[..., None]
            colour = colour * (1 - CONTACT * near)
            colour = colour * (1 - alpha) + shaded * alpha
        small = cv2.resize(colour, (size[0] // FINE, size[1] // FINE), interpolation=cv2.INTER_AREA)
        return np.rint(_shoulder(np.asarray(small, np.float32))).clip(0, 255).astype(np.uint8)

    def _hide(self, weights: FloatArray) -> float:
        return rounded_by(weights) * ROUNDED_HIDE_PX * self._scale

    def _levels(self, opening: Maps, unit: float) -> tuple[list[Maps], list[Maps]]:
        """For each of ``DEPTHS_CM``: ambient and direct light that comes so far in."""
        soft, key = [], []
        way = self._light_way
        for depth in DEPTHS_CM:
            ambient = _blurred(opening, SPREAD * depth * unit)
            soft.append(_moved(ambient, 0.0, 0.5 * FALL * depth * unit))
            direct = _blurred(opening, 0.3 * SPREAD * depth * unit)
            key.append(
                _moved(direct, -way[0] / way[2] * depth * unit, -way[1] / way[2] * depth * unit)
            )
        return soft, key

    def _shaded(self, piece: Surface, soft: list[Maps], key: list[Maps]) -> Maps:
        ambient, direct = _at_depth(soft, piece.depth_cm), _at_depth(key, piece.depth_cm)
        facing = np.clip(piece.normal @ self._light_way, 0, 1)
        up = 0.5 - 0.5 * piece.normal[..., 1]
        light = FLOOR + AMBIENT * ambient * (0.6 + 0.4 * up) * (0.4 + 0.6 * piece.normal[..., 2])
        light = light + KEY * direct * facing
        bounce = BOUNCE * ambient[..., None] * BOUNCE_TINT
        shine = np.clip(piece.normal @ self._halfway, 0, 1)
        light = light * np.exp(-DEEP * np.maximum(piece.depth_cm - DEPTHS_CM[2], 0))
        gloss = piece.gloss * direct * (GLOSS[0] * shine**SHARP + GLOSS[1] * shine**BROAD)
        lit = piece.albedo * (light[..., None] + bounce) ** GAMMA + 255 * gloss[..., None]
        return np.asarray(lit * self._lamp.exposure, np.float32)


def _shoulder(colour: Maps) -> Maps:
    """Bright light bends toward white instead of being cut off, as in a photo."""
    over = np.maximum(colour - SHOULDER, 0)
    room = 250 - SHOULDER
    return np.asarray(np.minimum(colour, SHOULDER) + room * (1 - np.exp(-over / room)), np.float32)


def _at_depth(levels: list[Maps], depth_cm: Maps) -> Maps:
    """Between the levels, by the logarithm of the depth."""
    logs = np.log(DEPTHS_CM)
    at = np.interp(np.log(np.maximum(depth_cm, 1e-3)), logs, np.arange(len(logs)))
    out = np.zeros_like(depth_cm)
    for k, level in enumerate(levels):
        out += level * np.clip(1 - np.abs(at - k), 0, 1).astype(np.float32)
    return out


def _placed(
    piece: Surface, box: Rect, rect: Rect, move: tuple[float, float], size: tuple[int, int]
) -> Surface:
    shift = [(box[k] - rect[k] + float(move[k])) * FINE for k in (0, 1)]
    matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32)

    def put(values: Maps, edge: int) -> Maps:
        return np.asarray(cv2.warpAffine(values, matrix, size, borderMode=edge), np.float32)

    rest = (put(v, cv2.BORDER_REPLICATE) for v in (piece.normal, piece.depth_cm, piece.gloss))
    alpha = put(piece.alpha, cv2.BORDER_CONSTANT)
    return Surface(put(piece.albedo, cv2.BORDER_REPLICATE), alpha, *rest)


def _blurred(plane: Maps, radius: float) -> Maps:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), radius), np.float32)


def _moved(plane: Maps, x: float, y: float) -> Maps:
    matrix = np.array([[1, 0, x], [0, 1, y]], np.float32)
    return np.asarray(cv2.warpAffine(plane, matrix, plane.shape[::-1]), np.float32)


def _blend(target: ByteArray, colour: ByteArray, alpha: ByteArray) -> None:
    share = alpha.astype(np.float32) / 255
    target[...] = np.rint(target * (1 - share) + colour * share).astype(np.uint8)

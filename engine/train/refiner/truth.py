"""The rendered truth: the picture that the warp of a portrait should have been."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.media import FloatArray
from engine.portrait.prior import Fit
from engine.portrait.rig import Rig
from engine.synthesis.framing import frame
from engine.synthesis.region import GREY, fade, fold, unfold
from engine.train.refiner.inside import Style, build
from engine.train.refiner.lit import Lamp, LitMouth
from engine.train.refiner.scene import Scene, Shot
from engine.train.refiner.skin import INWARD_PX, Skin

Floats = NDArray[np.float64]
Maps = NDArray[np.float32]

SIZE_PX: Final = 1024
"""Of the portrait; the truth is drawn as large as it is."""
SIDE_PX: Final = 256
DISPLAY: Final = 1 / 2.2
WARM: Final = 0.4
INWARD: Final = 0.30
"""How much darker a lip's rim is where it turns in."""
INWARD_RED: Final = 5.0


@dataclass(frozen=True)
class Sample:
    """One frame to learn from."""

    shot: Shot
    """As the kiosk draws it, at ``SIDE_PX``."""
    residual: FloatArray
    """(6, side/2, side/2) grey levels: what the truth adds."""


class Truth:
    """Draws the truth of one portrait."""

    def __init__(
        self, rig: Rig, fit: Fit, photo: NDArray[np.uint8], landmarks_px: Floats, exposure: float,
        style: Style | None = None,
    ) -> None:  # fmt: skip
        """Prepare; takes a second.

        Args:
            rig: the portrait, baked of *photo*.
            fit: the prior laid over it.
            photo: (1024, 1024, 3) with closed lips (``portrait.closing``).
            landmarks_px: (478, 2 or 3), closed alike.
            exposure: ``portrait.bake.exposure`` of it.
            style: of what is inside the mouth.
        """
        self.scene = Scene(rig, SIZE_PX, SIDE_PX)
        box = _box(rig)
        self._skin = Skin(fit, photo, landmarks_px, box)
        self._inside = build(fit, rig.cavity_box, style or Style())
        framing = frame((SIZE_PX, SIZE_PX), rig.pivot_px[0], SIZE_PX, SIZE_PX)
        lamp = Lamp(self._skin.light.direction, exposure)
        self._mouth = LitMouth(rig, framing, SIZE_PX, self._inside, lamp)
        self._exposure = exposure
        self._fade = fade(SIDE_PX)

    def sample(self, weights: FloatArray) -> Sample:
        """The frame of *weights*, (coefficients,)."""
        lit = self.scene.shot(weights, self._mouth)
        shot = self.scene.shot(weights)
        carried = self.scene.carried(weights, self._skin.fields(weights))
        return Sample(shot, (self._finished(lit, carried) - shot.picture) * np.float32(GREY))

    def _finished(self, lit: Shot, carried: Maps) -> FloatArray:
        """The lit picture with the skin's own light, folded, −1 to 1."""
        luma, u, v = unfold(lit.picture * GREY + GREY)
        seen, _ = (
            cv2.resize(m, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_LINEAR) for m in lit.mask
        )
        share = (1 - seen) * self._fade
        whole = np.maximum(carried[..., 2], 1e-3)
        # Where nothing was carried, nothing is lit anew.
        share = share * np.clip(2 * whole - 1, 0, 1)
        ratio = 1 + (np.maximum(carried[..., 0] / whole, 0.3) ** DISPLAY - 1) * share
        rim = self._rim(seen) * share
        gain = ratio * (1 - INWARD * rim)
        luma = 16 + (luma - 16) * gain + carried[..., 1] * self._exposure * share
        # Light that was in the skin comes out redder: shade keeps most of its colour.
        half = cv2.resize(gain**WARM, (SIDE_PX // 2, SIDE_PX // 2), interpolation=cv2.INTER_AREA)
        red = cv2.resize(rim, (SIDE_PX // 2, SIDE_PX // 2), interpolation=cv2.INTER_AREA)
        u = GREY + (u - GREY) * half
        v = GREY + (v - GREY) * half + INWARD_RED * red
        folded = fold(luma.clip(16, 235), u.clip(16, 240), v.clip(16, 240))
        return np.asarray((folded - GREY) / GREY, np.float32)

    def _rim(self, seen: Maps) -> Maps:
        """1 at the lips' inner rims, where they turn in, falling off over some pixels."""
        px = INWARD_PX * SIDE_PX / 268
        near = cv2.GaussianBlur((seen > 0.5).astype(np.float32), (0, 0), px)
        opened = cv2.GaussianBlur(seen, (0, 0), 12)
        return np.asarray(np.clip(near * 2, 0, 1) * np.minimum(1, opened * 6), np.float32)


def _box(rig: Rig) -> tuple[int, int, int, int]:
    """What the region can show of the portrait, some more about it."""
    left, top, right, bottom = rig.mouth_px
    reach = 0.80 * rig.eye_distance_px
    x, y = (left + right) / 2, (top + bottom) / 2 + 0.1 * rig.eye_distance_px
    corners = (x - reach, y - reach * 1.2, x + reach, y + reach)
    x0, y0, x1, y1 = (int(np.clip(v, 0, SIZE_PX)) for v in corners)
    return x0, y0, x1, y1

"""The mouth's region as it was warped, after some steps of the refiner, and as it should be.

All in the region's own pixels, upright whatever the head does; with what is added faded toward the
edge, as the kiosk lays it into a picture.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import cv2
import numpy as np

from engine.media import ByteArray, FloatArray, MotionFrame
from engine.synthesis.refiner import Crop, Refiner
from engine.synthesis.region import GREY, fade, fold, unfold
from engine.synthesis.synthesizer import Synthesizer

STEPS: Final = (0, 1, 2, 4, 20)
LEAST_ERROR: Final = 1e-6
"""Of a picture that is the truth; its ratio would be infinite."""


class Truths(Protocol):
    """What knows how a portrait should look."""

    def residual(self, weights: FloatArray) -> FloatArray:
        """What the truth adds to the warp of *weights*, (6, 128, 128) grey levels, 256 px wide."""
        ...


@dataclass(frozen=True, eq=False)
class Shown:
    """One mouth, I420 pictures of the region: (side · 3 // 2, side) each."""

    by_steps: Mapping[int, ByteArray]
    truth: ByteArray

    @property
    def side_px(self) -> int:
        """Width and height of the region."""
        return int(self.truth.shape[1])

    def error(self, steps: int) -> float:
        """Mean square of what luma is off after *steps*, grey levels squared."""
        luma = [
            np.asarray(p[: self.side_px], np.float64) for p in (self.by_steps[steps], self.truth)
        ]
        return float(np.square(luma[0] - luma[1]).mean())


def crop_of(drawer: Synthesizer, motion: MotionFrame) -> Crop:
    """What the refiner is given of *motion*.

    Raises:
        ValueError: *drawer* has no refiner.
    """
    begun = drawer.begin(motion)
    if begun.job is None:
        raise ValueError("the synthesizer has no refiner: give it a look with steps, and one")
    return begun.job.crop


def laid(crop: Crop, residual: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Luma (side, side), U and V (half of it) of the region with *residual* in it, grey levels."""
    side_px = 2 * residual.shape[1]
    luma, *chroma = unfold(crop.picture * np.float32(GREY) + np.float32(GREY))
    more, *tints = unfold(residual)
    half = fade(side_px // 2)
    u, v = (plane + tint * half for plane, tint in zip(chroma, tints, strict=True))
    return luma + more * fade(side_px), u, v


def planes(parts: Sequence[FloatArray]) -> ByteArray:
    """Luma, U and V as an I420 picture of whole grey levels."""
    rows = [np.rint(part).clip(0, 255).astype(np.uint8) for part in parts]
    side_px = rows[0].shape[1]
    return np.concatenate([part.reshape(-1, side_px) for part in rows])


def rgb(picture: ByteArray) -> ByteArray:
    """An I420 picture as (rows, columns, 3), red-green-blue."""
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_YUV2RGB_I420), np.uint8)


def show(
    drawer: Synthesizer, refiner: Refiner, motion: MotionFrame, truth: FloatArray,
    steps: Sequence[int] = STEPS,
) -> Shown:  # fmt: skip
    """Draw *motion*, refine it, and lay *truth*, a residual of the network's size, beside it."""
    crop = crop_of(drawer, motion)
    by_steps = {}
    for count in steps:
        added = np.zeros_like(crop.picture)
        if count:
            (added,) = refiner.run([replace(crop, steps=count)])
        by_steps[count] = planes(laid(crop, added))
    return Shown(by_steps, planes(laid(crop, truth)))


def fitted(residual: FloatArray, side_px: int) -> FloatArray:
    """A folded residual for regions of *side_px*, each place the mean of what it covers."""
    if residual.shape[1] * 2 == side_px:
        return residual
    luma, u, v = unfold(residual)
    sizes = (side_px, side_px // 2, side_px // 2)
    parts = [
        np.asarray(cv2.resize(part, (size, size), interpolation=cv2.INTER_AREA), np.float32)
        for part, size in zip((luma, u, v), sizes, strict=True)
    ]
    return fold(parts[0], parts[1], parts[2])


def psnr_db(error: float) -> float:
    """Peak signal to noise of a mean square *error* of grey levels."""
    return float(10 * np.log10(255**2 / max(error, LEAST_ERROR)))

"""Whether the refiner makes a picture flicker: how fine detail changes from frame to frame.

Fine detail is luma without its blur, in the region's own pixels, so that a head that turns takes
nothing with it. Speech changes it; more change than the warp's own is flicker, or detail that is
new. While the face holds still nothing may change at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.media import FloatArray, MotionFrame
from engine.synthesis.refiner import Refiner
from engine.synthesis.synthesizer import Synthesizer
from kiosk.bench.refined import crop_of, laid

BLUR_PX: Final = 1.5
"""Detail finer than about four pixels is judged."""


@dataclass(frozen=True, slots=True)
class Flicker:
    """Mean change of fine detail between pictures 40 ms apart, grey levels."""

    warp: float
    """Of speech without the refiner."""
    refined: float
    """Of the same with it."""
    still: float
    """With it, while the motion stands still."""


def flicker(
    drawer: Synthesizer, refiner: Refiner, speech: Sequence[MotionFrame], held: int = 4
) -> Flicker:
    """Judge *drawer*, which draws with *refiner*, on *speech* and on *held* frames of one motion.

    Raises:
        ValueError: *drawer* has no refiner.
    """
    without, with_it = zip(*(_details(drawer, refiner, each) for each in speech), strict=True)
    still = []
    for each in (speech[len(speech) // 2],) * held:
        drawer.begin(speech[0])  # another picture between them, so that what is kept would show
        still.append(_details(drawer, refiner, each)[1])
    return Flicker(_change(without), _change(with_it), _change(still))


def _details(
    drawer: Synthesizer, refiner: Refiner, motion: MotionFrame
) -> tuple[FloatArray, FloatArray]:
    """Without the refiner and with it."""
    crop = crop_of(drawer, motion)
    (residual,) = refiner.run([crop])
    return fine(laid(crop, np.zeros_like(residual))[0]), fine(laid(crop, residual)[0])


def fine(luma: FloatArray) -> FloatArray:
    """*luma* without its blur."""
    return np.asarray(luma - cv2.GaussianBlur(luma, (0, 0), BLUR_PX), np.float32)


def _change(pictures: Sequence[NDArray[np.float32]]) -> float:
    pairs = zip(pictures[1:], pictures[:-1], strict=True)
    return float(np.mean([np.abs(now - before).mean() for now, before in pairs]))

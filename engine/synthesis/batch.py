"""Drawing the pictures of several avatars, refined in one pass."""

from collections.abc import Sequence
from typing import Protocol

from engine.media import ByteArray, FloatArray, MotionFrame
from engine.synthesis.refiner import residuals
from engine.synthesis.refining import Begun


class Begins(Protocol):
    """Draws in two halves; see ``synthesizer.Synthesizer``."""

    def begin(self, motion: MotionFrame, out: ByteArray | None = None) -> Begun:
        """Draw up to what the refiner adds."""
        ...

    def finish(self, begun: Begun, residual: FloatArray | None) -> ByteArray:
        """Add that, and what comes after it."""
        ...


def render_all(
    synthesizers: Sequence[Begins],
    motions: Sequence[MotionFrame],
    outs: Sequence[ByteArray | None] | None = None,
) -> list[ByteArray]:
    """Draw one picture with each of *synthesizers*: what each alone would draw.

    The warps follow one another; then each network refines all its pictures as one batch.

    Args:
        synthesizers: each once; sizes and looks may differ.
        motions: one for each.
        outs: where to draw, as ``Synthesizer.render`` takes it; None: new arrays.

    Returns:
        The I420 planes, in the same order.

    Raises:
        ValueError: as ``Synthesizer.render``; or a synthesizer is there twice, or the numbers
            differ.
        RunnerError: a network failed.
    """
    if len(set(map(id, synthesizers))) < len(synthesizers):
        raise ValueError("a synthesizer is there twice: it draws one picture at a time")
    places = [None] * len(synthesizers) if outs is None else outs
    begun = [
        drawer.begin(motion, out)
        for drawer, motion, out in zip(synthesizers, motions, places, strict=True)
    ]
    added = residuals([each.job for each in begun])
    return [
        drawer.finish(each, residual)
        for drawer, each, residual in zip(synthesizers, begun, added, strict=True)
    ]

"""Drawing the pictures of several avatars, refined in one pass."""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from engine.media import ByteArray, FloatArray, MotionFrame
from engine.runtime.runner import RunnerError
from engine.synthesis.refiner import Job
from engine.synthesis.refining import Begun


class Lack:
    """What is done when a network fails: without anybody to be told, the picture fails with it.

    With somebody, who is told from the thread that draws, the picture is shown as it was warped.
    """

    def __init__(self) -> None:
        """Nobody is told."""
        self._told: Callable[[RunnerError], None] | None = None

    def tell(self, told: Callable[[RunnerError], None] | None) -> None:
        """From now on *told* is told; None: nobody."""
        self._told = told

    def meet(self, error: RunnerError) -> None:
        """Tell *error*, or raise it."""
        if self._told is None:
            raise error
        self._told(error)


LACK: Final = Lack()
"""The one of this process."""


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
        RunnerError: a network failed, and nobody is told of it: see ``Lack``.
    """
    if len(set(map(id, synthesizers))) < len(synthesizers):
        raise ValueError("a synthesizer is there twice: it draws one picture at a time")
    places = [None] * len(synthesizers) if outs is None else outs
    begun = [
        drawer.begin(motion, out)
        for drawer, motion, out in zip(synthesizers, motions, places, strict=True)
    ]
    added = _added([each.job for each in begun])
    return [
        drawer.finish(each, residual)
        for drawer, each, residual in zip(synthesizers, begun, added, strict=True)
    ]


def _added(jobs: Sequence[Job | None]) -> list[FloatArray | None]:
    """What each job's network adds; None where there is none, or it failed."""
    out: list[FloatArray | None] = [None] * len(jobs)
    for refiner in dict.fromkeys(job.refiner for job in jobs if job is not None):
        its = {k: job for k, job in enumerate(jobs) if job is not None and job.refiner is refiner}
        try:
            found = refiner.run([job.crop for job in its.values()])
        except RunnerError as error:
            LACK.meet(error)
        else:
            for k, residual in zip(its, found, strict=True):
                out[k] = residual
    return out

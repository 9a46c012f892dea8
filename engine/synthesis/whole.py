"""Whole pictures drawn by one network, on a GPU: of all stages of one preset and size together.

Each stage has its own ``Synthesizer`` beside it, as the spare: it gives poses, what is shown of the
refiner and the mark, and where the network does not answer it draws. A viewer sees no change, for
the network draws what it draws, to a grey level or two.
"""

import itertools
import weakref
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, Protocol

import numpy as np

from engine.media import ByteArray, FloatArray, MotionFrame
from engine.pipeline import DrawTogether
from engine.runtime.kept import KeepingRunner, Kept
from engine.runtime.runner import RunnerError
from engine.synthesis.batch import render_all
from engine.synthesis.graph_layout import Precision
from engine.synthesis.graph_tensors import frame_tensors, rig_tensors
from engine.synthesis.refining import Begun
from engine.synthesis.synthesizer import OutputFormat, Synthesizer

RIGS_MOST: Final = 16
"""Portraits kept with one network, some 14 MB each at 512 × 512: as many as two full batches.
Stages beyond are drawn as if there were no such network."""
CHANGING: Final = 2
"""And so many more: a stage that changes its look has two until the new one is shown."""


class Tells(Protocol):
    """Is told how passes went, from the thread that draws."""

    def failed(self, error: RunnerError) -> None:
        """The network did not draw, the spares did."""
        ...

    def worked(self) -> None:
        """The network drew."""
        ...


class WholePicture:
    """One network, for all stages whose pictures it draws. One thread draws; any may admit."""

    def __init__(
        self, runner: KeepingRunner, precision: Precision, tells: Tells,
        close: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        """Draw by *runner*.

        Args:
            runner: the network.
            precision: of its pictures.
            tells: is told how it goes.
            close: ends *runner*.
        """
        self._runner, self._precision, self._tells = runner, precision, tells
        self.close = close
        """Ends the network; the spares go on."""
        self._numbers = itertools.count()
        self._rigs: weakref.WeakSet[Kept] = weakref.WeakSet()

    @property
    def answers(self) -> bool:
        """Whether it would draw just now."""
        return self._runner.answers

    @property
    def rig_count(self) -> int:
        """Portraits that are drawn by it."""
        return len(self._rigs)

    def admit(self, spare: Synthesizer) -> "WholeSynthesizer":
        """What draws as *spare* does, by the network.

        Raises:
            ValueError: the portrait is too large for it, or there are as many as may be.
        """
        if self.rig_count >= RIGS_MOST + CHANGING:
            raise ValueError(f"{RIGS_MOST} portraits are drawn by one network already: "
                             "close a stage, then change this one's look")  # fmt: skip
        make = partial(rig_tensors, spare, self._precision)
        rig = Kept(next(self._numbers), make, soon=self.answers)
        self._rigs.add(rig)
        self._runner.expect(rig)
        return WholeSynthesizer(self, spare, rig)

    def draw(
        self, drawers: Sequence["WholeSynthesizer"], motions: Sequence[MotionFrame],
        outs: Sequence[ByteArray | None],
    ) -> list[ByteArray]:  # fmt: skip
        """Draw one picture with each of *drawers*, in one pass; by the spares if that fails.

        Raises:
            ValueError: as ``Synthesizer.render``.
            RunnerError: as ``render_all`` of the spares.
        """
        try:
            self._runner.check()  # before anything moves on by a picture
            pictures = self._pass(drawers, motions)
        except RunnerError as error:
            self._tells.failed(error)
            return render_all([each.in_reserve() for each in drawers], motions, outs)
        self._tells.worked()
        return [
            each.finished(picture, out)
            for each, picture, out in zip(drawers, pictures, outs, strict=True)
        ]

    def _pass(
        self, drawers: Sequence["WholeSynthesizer"], motions: Sequence[MotionFrame]
    ) -> ByteArray:
        frames = frame_tensors([each.spare for each in drawers], motions)
        given = self._runner.run(frames, [each.rig for each in drawers])
        return np.asarray(given["picture"], np.uint8)

    def missed(self) -> None:
        """Tell that a spare draws, as the network does not answer."""
        try:
            self._runner.check()
        except RunnerError as error:
            self._tells.failed(error)


class WholeSynthesizer:
    """Draws pictures of one portrait by a network; see ``pipeline.Batches`` and ``Simplifies``."""

    def __init__(self, whole: WholePicture, spare: Synthesizer, rig: Kept) -> None:
        """See ``WholePicture.admit``."""
        self._whole, self.spare, self.rig = whole, spare, rig
        self._level = 0
        self._away = False
        """Whether the network drew the last picture."""

    @property
    def output(self) -> OutputFormat:
        """The size of the pictures."""
        return self.spare.output

    @property
    def together(self) -> DrawTogether | None:
        """Draws with all others of the network; without it, as the spares are drawn."""
        return self._whole.draw if self._whole.answers else self.spare.together

    @property
    def details(self) -> tuple[str, ...]:
        """The cheaper ways to draw; see ``simplify``."""
        return self.spare.details

    def simplify(self, level: int) -> None:
        """Draw as ``Synthesizer.simplify``.

        While the network draws, no refiner is shown where the spare would show none, faded as
        there; the rest takes effect when the spare draws: the network's pictures cost the same.

        Raises:
            ValueError: there is no such way.
        """
        self.spare.simplify(level)
        self._level = level

    def render(self, motion: MotionFrame, out: ByteArray | None = None) -> ByteArray:
        """Draw *motion*; arguments and errors are ``Synthesizer.render``'s."""
        return self._whole.draw([self], [motion], [out])[0]

    def begin(self, motion: MotionFrame, out: ByteArray | None = None) -> Begun:
        """Begin a picture without the network: see ``batch.Begins``."""
        self._whole.missed()
        return self.in_reserve().begin(motion, out)

    def finish(self, begun: Begun, residual: FloatArray | None) -> ByteArray:
        """Finish it."""
        return self.spare.finish(begun, residual)

    def in_reserve(self) -> Synthesizer:
        """The spare, ready to draw the next picture."""
        if self._away:
            self._away = False
            # Shoulders that it kept for some pictures are long out of place.
            self.spare.simplify(0)
            self.spare.simplify(self._level)
        return self.spare

    def finished(self, picture: ByteArray, out: ByteArray | None) -> ByteArray:
        """*picture* as the network drew it, with the mark, in *out* if that is given."""
        self._away = True
        self.spare.stamp(picture)
        if out is None:
            return picture
        out[...] = picture
        return out

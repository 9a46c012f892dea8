"""Read first: the stages of the engine wired together.

    samples ─ push ─▶ mel ─▶ motion ─▶ synthesis ─ pull ─▶ picture

``push`` feeds sound, ``pull`` draws the picture of any instant whose motion is known, ``flush``
rewinds to an instant when what followed it is no longer to be said.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

import numpy as np

from engine.media import Audio, ByteArray, MotionFrame, PictureFrame
from engine.motion.coefficients import INDEX


class Motion(Protocol):
    """Sound in, the face's motion out; see ``motion.stream.MotionStream``."""

    @property
    def ready_pts(self) -> int:
        """Motion is known for every instant before this sample index."""
        ...

    def push(self, audio: Audio) -> None:
        """Take the next stretch of sound; it must follow the last one without a gap."""
        ...

    def at(self, pts: int) -> MotionFrame:
        """The motion at one instant before ``ready_pts``."""
        ...

    def rescale(self, dynamic_scale: float, motion_scale: float) -> None:
        """Pass to other scales of mouth, and of head and body, without a jump."""
        ...

    def attend(self, listening: bool) -> None:
        """Turn to listening to somebody, or back, without a jump."""
        ...

    def flush(self, pts: int) -> None:
        """Forget all that follows *pts*; the mouth closes from the shape it has there."""
        ...

    def reset(self, pts: int = 0) -> None:
        """Begin anew at *pts*."""
        ...


class Synthesis(Protocol):
    """Motion in, pixels out; see ``synthesis.synthesizer.Synthesizer``."""

    def render(self, motion: MotionFrame, out: ByteArray | None = None) -> ByteArray:
        """Draw one picture as I420 planes of shape (height * 3 // 2, width)."""
        ...


@runtime_checkable
class Simplifies(Protocol):
    """A synthesis that knows cheaper ways to draw, for a machine that cannot keep up."""

    @property
    def details(self) -> Sequence[str]:
        """Names of the cheaper ways, each cheaper than the one before."""
        ...

    def simplify(self, level: int) -> None:
        """Draw in full (0), or in the *level*-th cheaper way."""
        ...


class Pipeline:
    """One avatar's engine. Not thread-safe: one thread at a time may use it."""

    def __init__(self, motion: Motion, synthesis: Synthesis) -> None:
        """Wire the stages.

        Args:
            motion: the streaming motion stage; it owns the mel encoder.
            synthesis: draws the portrait.
        """
        self._motion = motion
        self._synthesis = synthesis

    @property
    def ready_pts(self) -> int:
        """Pictures can be pulled for every instant before this sample index."""
        return self._motion.ready_pts

    @property
    def details(self) -> tuple[str, ...]:
        """The cheaper ways to draw, if the synthesis knows any."""
        return tuple(self._synthesis.details) if isinstance(self._synthesis, Simplifies) else ()

    def simplify(self, level: int) -> None:
        """Draw in full (0), or in the *level*-th of ``details``; what is beyond is the last.

        Who asks may not know yet that another synthesis is shown, with fewer ways.
        """
        if isinstance(self._synthesis, Simplifies):
            self._synthesis.simplify(min(level, len(self._synthesis.details)))

    def push(self, audio: Audio) -> None:
        """Take the next stretch of sound.

        Raises:
            ValueError: *audio* does not begin where the last stretch ended.
        """
        self._motion.push(audio)

    def pull(
        self, index: int, pts: int, shown_pts: int | None = None, at_rest: bool = False
    ) -> PictureFrame:
        """Draw picture *index*, due at *pts*.

        Args:
            index: number of the picture on the timeline.
            pts: sample index at which it is due.
            shown_pts: the instant whose face it shows; differs from *pts* by the lip-sync
                correction, which shifts content and never timestamps.
            at_rest: with eyes open and lips closed, for a picture that will stand for long.

        Raises:
            ValueError: the motion of that instant is not known yet.
        """
        shown_pts = pts if shown_pts is None else shown_pts
        motion = self._motion.at(shown_pts)
        if at_rest:
            motion = replace(motion, coefficients=np.zeros_like(motion.coefficients))
        planes = self._synthesis.render(motion)
        mouth = float(motion.coefficients[INDEX["jawOpen"]])
        return PictureFrame(index, pts, planes, motion.generation, shown_pts, mouth)

    def show(self, synthesis: Synthesis) -> None:
        """Draw the next pictures with *synthesis*: another look, made ready beforehand."""
        self._synthesis = synthesis

    def rescale(self, dynamic_scale: float, motion_scale: float) -> None:
        """Move mouth, and head and body, by other scales; passes there without a jump.

        Raises:
            ValueError: a scale is out of range; nothing is changed.
        """
        self._motion.rescale(dynamic_scale, motion_scale)

    def attend(self, listening: bool) -> None:
        """Turn to listening to somebody, or back, without a jump."""
        self._motion.attend(listening)

    def flush(self, pts: int) -> None:
        """Forget the sound after *pts* and close the mouth; the next push begins at *pts*."""
        self._motion.flush(pts)

    def reset(self, pts: int = 0) -> None:
        """Begin anew at *pts*."""
        self._motion.reset(pts)

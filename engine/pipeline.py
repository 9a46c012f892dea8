"""Read first: the stages of the engine wired together.

    samples ─ push ─▶ mel ─▶ motion ─▶ synthesis ─ pull ─▶ picture

``push`` feeds sound, ``pull`` draws the picture of any instant whose motion is known, ``flush``
rewinds to an instant when what followed it is no longer to be said. Where many avatars are drawn,
``begin`` and ``draw`` are the two halves of ``pull``: the pixels of several at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

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


DrawTogether = Callable[[Sequence[Any], Sequence[MotionFrame], Sequence[ByteArray]], object]
"""Draws a motion with each of several syntheses, each into its own array, in one pass."""


class PictureSize(Protocol):
    """Size of a picture in pixels."""

    @property
    def width(self) -> int:
        """Even."""
        ...

    @property
    def height(self) -> int:
        """Even."""
        ...


@runtime_checkable
class Batches(Protocol):
    """A synthesis that can be drawn in one pass with others, of any stage."""

    @property
    def output(self) -> PictureSize:
        """The size of its pictures."""
        ...

    @property
    def together(self) -> DrawTogether | None:
        """Draws all that give the same function; None where it has to be drawn alone."""
        ...


@dataclass(frozen=True, slots=True)
class Draft:
    """A picture of which all is known but its pixels."""

    index: int
    pts: int
    shown_pts: int
    motion: MotionFrame
    synthesis: Synthesis

    def frame(self, planes: ByteArray) -> PictureFrame:
        """The picture, drawn as *planes*."""
        mouth = float(self.motion.coefficients[INDEX["jawOpen"]])
        generation = self.motion.generation
        return PictureFrame(self.index, self.pts, planes, generation, self.shown_pts, mouth)


def draw(drafts: Sequence[Draft]) -> list[ByteArray]:
    """Draw *drafts*, no two of the same synthesis: in one pass, where they all allow it.

    Returns:
        The planes of each, arrays that are the caller's own.
    """
    ways = {_together(draft.synthesis) for draft in drafts}
    way = ways.pop() if len(ways) == 1 else None
    if way is None or len(drafts) == 1:
        return [draft.synthesis.render(draft.motion) for draft in drafts]
    syntheses = [draft.synthesis for draft in drafts]
    outs = [_planes(synthesis) for synthesis in syntheses]
    way(syntheses, [draft.motion for draft in drafts], outs)
    return outs


def _together(synthesis: Synthesis) -> DrawTogether | None:
    return synthesis.together if isinstance(synthesis, Batches) else None


def _planes(synthesis: Synthesis) -> ByteArray:
    assert isinstance(synthesis, Batches)
    size = synthesis.output
    return np.empty((size.height * 3 // 2, size.width), np.uint8)


class _Nobody:
    """Is shown by an engine that is closed."""

    def render(self, motion: MotionFrame, out: ByteArray | None = None) -> ByteArray:
        raise RuntimeError("the engine is closed: make another one")


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
        self._closed = False

    @property
    def ready_pts(self) -> int:
        """Pictures can be pulled for every instant before this sample index."""
        return self._motion.ready_pts

    @property
    def shown(self) -> Synthesis:
        """What draws its pictures."""
        return self._synthesis

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

    @property
    def together(self) -> DrawTogether | None:
        """By what its pictures can be drawn in one pass with others'; None: alone."""
        return _together(self._synthesis)

    def begin(
        self, index: int, pts: int, shown_pts: int | None = None, at_rest: bool = False
    ) -> Draft:
        """All of picture *index*, due at *pts*, but its pixels: see ``draw``.

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
        return Draft(index, pts, shown_pts, motion, self._synthesis)

    def pull(
        self, index: int, pts: int, shown_pts: int | None = None, at_rest: bool = False
    ) -> PictureFrame:
        """Draw picture *index*: see ``begin``.

        Raises:
            ValueError: the motion of that instant is not known yet.
        """
        draft = self.begin(index, pts, shown_pts, at_rest)
        (planes,) = draw([draft])
        return draft.frame(planes)

    def show(self, synthesis: Synthesis) -> None:
        """Draw the next pictures with *synthesis*: another look, made ready beforehand."""
        self._synthesis = synthesis
        if self._closed:  # seen last: whichever of the two comes later lets go
            self._synthesis = _Nobody()

    def close(self) -> None:
        """Let go of the portrait at once, whoever still has this engine; from any thread.

        A picture that is being drawn is finished; no other can be.
        """
        self._closed = True
        self._synthesis = _Nobody()

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

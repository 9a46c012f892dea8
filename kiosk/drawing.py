"""Drawing pictures of several stages in one pass: each prepared, all drawn, each finished.

What goes wrong with one stage's picture is that stage's alone.
"""

import logging
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.media import ByteArray, PictureFrame
from engine.pipeline import Draft, Pipeline, draw
from engine.timeline import frame_samples
from kiosk import slate
from kiosk.ladder import Rung
from kiosk.metrics import Metrics

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Cost:
    """What drawing a picture took."""

    seconds: float
    """Its share of the pass included."""
    batch: int
    """Pictures that were drawn with it, itself included."""


class Draws(Protocol):
    """A picture to be drawn, alone or with others. Its steps run in the inference thread."""

    @property
    def joins(self) -> Hashable:
        """Those that give the same here can be drawn in one pass; None: alone."""
        ...

    def prepare(self) -> Draft:
        """All but the pixels."""
        ...

    def finish(self, draft: Draft, planes: ByteArray, cost: Cost) -> PictureFrame:
        """The picture, of its pixels."""
        ...


Outcome = PictureFrame | BaseException


def draw_together(
    jobs: Sequence[Draws], clock: Callable[[], float] = time.perf_counter
) -> list[Outcome]:
    """Do *jobs*, no two of one stage, in one pass; its cost is told by *clock*, in seconds.

    Returns:
        Of each, the picture, or why there is none.
    """
    outcomes: list[Outcome | None] = [None] * len(jobs)
    drafts: dict[int, tuple[Draft, float]] = {}
    for number, job in enumerate(jobs):
        begun_s = clock()
        try:
            draft = job.prepare()
        except BaseException as error:
            outcomes[number] = error
        else:
            drafts[number] = draft, clock() - begun_s
    begun_s = clock()
    drawn = _drawn([draft for draft, _ in drafts.values()])
    share_s = (clock() - begun_s) / max(1, len(drafts))
    for (number, (draft, own_s)), planes in zip(drafts.items(), drawn, strict=True):
        cost = Cost(own_s + share_s, len(drafts))
        outcomes[number] = _finished(jobs[number], draft, planes, cost)
    return [outcome for outcome in outcomes if outcome is not None]


def _drawn(drafts: Sequence[Draft]) -> Sequence[ByteArray | BaseException]:
    if len(drafts) > 1:
        try:
            return draw(drafts)
        except Exception as error:
            logger.warning("%d pictures could not be drawn at once: %s", len(drafts), error)
    return [_drawn_alone(draft) for draft in drafts]


def _drawn_alone(draft: Draft) -> ByteArray | BaseException:
    try:
        return draw([draft])[0]
    except BaseException as error:
        return error


def _finished(job: Draws, draft: Draft, planes: ByteArray | BaseException, cost: Cost) -> Outcome:
    if isinstance(planes, BaseException):
        return planes
    try:
        return job.finish(draft, planes, cost)
    except BaseException as error:
        return error


@dataclass(frozen=True, slots=True)
class Drawing:
    """The picture of one slot of a stage."""

    pipeline: Pipeline
    """Used in the inference thread only, but for ``together``."""
    pts: int
    """The slot's, a sample index."""
    shown_pts: int
    """The instant whose face it shows."""
    rung: Rung
    """How the stage works now."""
    frame_rate_hz: int
    """By which pictures are numbered."""
    metrics: Metrics
    slate_samples: int | None = None
    """With the test pattern: how long the slot lasts."""

    @property
    def joins(self) -> Hashable:
        """The way of drawing that it shares with others."""
        return self.pipeline.together

    def prepare(self) -> Draft:
        """Choose the face."""
        self.pipeline.simplify(self.rung.detail)
        index = self.pts // frame_samples(self.frame_rate_hz)
        # What is held must not be half a blink, nor an open mouth.
        return self.pipeline.begin(index, self.pts, self.shown_pts, at_rest=self.rung.hold)

    def finish(self, draft: Draft, planes: ByteArray, cost: Cost) -> PictureFrame:
        """Lay the test pattern over it, if asked, and count it."""
        if self.slate_samples is not None:
            slate.draw(planes, draft.index, draft.shown_pts, self.slate_samples)
        self.metrics.render_ms.observe(1000.0 * cost.seconds)
        self.metrics.batch_pictures.observe(cost.batch)
        return draft.frame(planes)

"""Feeds a stage's engine with the sound to come and draws its pictures ahead into the ring.

The engine runs in the worker's thread; it may be late, and then it draws only what can still be
shown. It never waits for the pacers, nor they for it.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final, Literal

from engine.media import Audio
from engine.pipeline import Pipeline
from engine.runtime.runner import RunnerError
from engine.timeline import frame_samples, samples, seconds
from kiosk.audio_line import AudioLine
from kiosk.clock import MediaClock
from kiosk.drawing import Drawing
from kiosk.ladder import HOLD_EVERY_S, Ladder, Rung, build
from kiosk.metrics import Metrics
from kiosk.scheduler import FrameRing, SlotGrid
from kiosk.worker import Runs

logger = logging.getLogger(__name__)

UNKNOWN_PTS: Final = -1
"""Before all samples: the engine must begin anew."""


class Animator:
    """One stage's engine. Used from the event loop."""

    def __init__(
        self,
        pipeline: Pipeline,
        worker: Runs,
        clock: MediaClock,
        line: AudioLine,
        frame_rate_hz: int,
        metrics: Metrics,
        with_slate: bool = False,
    ) -> None:
        """Nothing is heard or drawn before ``run``.

        Args:
            pipeline: the engine, used in *worker* only.
            worker: runs inference.
            clock: the stage's.
            line: the sound to come.
            frame_rate_hz: pictures a second.
            metrics: counts what happens.
            with_slate: whether the test pattern is drawn over the pictures.
        """
        self.grid = SlotGrid(frame_rate_hz)
        self.ring = FrameRing()
        self.ladder = Ladder(build(pipeline.details, frame_rate_hz))
        self.shift_samples = 0
        """Lip-sync correction: the slot at t shows the face of t + shift."""
        self._pipeline = pipeline
        self._worker = worker
        self._clock = clock
        self._line = line
        self._metrics = metrics
        self._with_slate = with_slate
        self._frame_rate_hz = frame_rate_hz
        self._pushed_pts = 0
        self._next_pts = 0
        self._draw_samples = 0.0
        """How long a picture takes to draw, waiting included; a running mean, of one rung."""
        self._drawn_count = 0
        """Pictures by that rung."""
        self._begun_by: Rung | None = None
        self._drawn_by: Rung | None = None
        """The rung of the picture that was begun last, and of that which was drawn last."""
        self._flush_pts: int | None = None
        self._listens = self._shows_listening = False
        self._lacking = False
        """Whether the last picture could not be drawn."""
        self._work = asyncio.Event()

    def wake(self) -> None:
        """There is more sound, or something else changed."""
        self._work.set()

    @property
    def cost_s(self) -> float:
        """How long a picture takes to draw, waiting included."""
        return seconds(round(self._draw_samples))

    def _change_rung(self) -> None:
        """Work from now on as the ladder says."""
        rate_hz = self.ladder.rung.frame_rate_hz
        if self.grid.length(self._next_pts) != frame_samples(rate_hz):
            self.grid.change(rate_hz, max(self._next_pts, self._clock.now_pts))
        self.wake()

    async def change(self, change: Callable[[Pipeline], None]) -> None:
        """Do *change* to the engine, between two pictures; it must take no time to speak of."""
        soon_s = self._clock.time_s(self._clock.now_pts)
        details = await self._worker.run(soon_s, lambda: self._changed(change))
        if details is not None:
            self.ladder.renew(build(details, self.ladder.rungs[0].frame_rate_hz))
            self._change_rung()

    def _changed(self, change: Callable[[Pipeline], None]) -> tuple[str, ...] | None:
        """The cheaper ways of the look that *change* shows; None: it shows no other."""
        shown = self._pipeline.shown
        change(self._pipeline)
        return None if self._pipeline.shown is shown else self._pipeline.details

    def attend(self, listening: bool) -> None:
        """Turn the face to listening, or back, from the next picture on."""
        self._listens = listening
        self.wake()

    def judge(self, pts: int, encode_s: float, late: bool) -> Literal["", "up", "down"]:
        """Go down the ladder, or up, by what pictures cost lately.

        Args:
            pts: the slot that was shown.
            encode_s: what encoding a picture costs.
            late: its picture was not ready.

        Returns:
            Which way, if any.
        """
        before, rung = self.ladder.position, self.ladder.rung
        slot_s = seconds(self.grid.length(pts))
        now_s = asyncio.get_running_loop().time()
        # By identity: a rung of another look may be called the same.
        cost_s = self.cost_s + encode_s if self._drawn_by is rung else None
        begun, sure = self._begun_by is rung, self._drawn_count > 1
        if not self.ladder.observe(now_s, cost_s, slot_s, late, begun, sure):
            return ""
        self._change_rung()
        return "down" if self.ladder.position > before else "up"

    def rewind(self, pts: int) -> None:
        """What was heard after *pts* is no longer to be said."""
        if pts < self._pushed_pts:
            # A flush that still waits may reach further back than this one.
            waiting_pts = pts if self._flush_pts is None else self._flush_pts
            self._flush_pts = min(waiting_pts, pts)

    def close(self) -> None:
        """Let go of the portrait, once ``run`` is cancelled: it shall not stay in any memory."""
        self._pipeline.close()

    async def run(self) -> None:
        """Hear and draw for as long as it is not cancelled."""
        while True:
            if self._flush_pts is not None:
                await self._flush(self._flush_pts)
            elif self._listens != self._shows_listening:
                # After the flush, so that it begins with the first picture that is drawn anew.
                await self._turn(self._listens)
            elif self._can_draw():
                await self._draw()
            elif self._pushed_pts < self._line.write_pts:
                await self._push()
            else:
                self._work.clear()
                await self._work.wait()

    def _can_draw(self) -> bool:
        return self._next_pts + self.shift_samples < self._pipeline.ready_pts

    async def _flush(self, pts: int) -> None:
        self._flush_pts = None
        if pts < self._pushed_pts:
            await self._worker.run(self._clock.time_s(pts), lambda: self._pipeline.flush(pts))
            self._pushed_pts = pts
            # The pictures that show what was flushed, as far as they have not been sent.
            first_pts = max(pts - self.shift_samples, self._clock.now_pts)
            self._next_pts = min(self._next_pts, self.grid.at_or_after(first_pts))

    async def _turn(self, listening: bool) -> None:
        self._shows_listening = listening
        await self.change(lambda pipeline: pipeline.attend(listening))

    async def _draw(self) -> None:
        pts = self._choose()
        rung = self.ladder.rung
        pause = samples(HOLD_EVERY_S) if rung.hold else 1
        self._next_pts = self.grid.at_or_after(pts + pause)
        shown_pts = max(0, pts + self.shift_samples)
        begun_pts = self._clock.now_pts
        self._begun_by = rung
        drawing = Drawing(
            self._pipeline,
            pts,
            shown_pts,
            rung,
            self._frame_rate_hz,
            self._metrics,
            self.grid.length(pts) if self._with_slate else None,
        )
        try:
            frame = await self._worker.draw(self._clock.time_s(pts), drawing)
        except RunnerError as error:
            self._lack(error)
            return
        self._lacking = False
        self._account(rung, self._clock.now_pts - begun_pts)
        self._metrics.lead_ms.observe(-self._clock.late_s(pts) * 1000.0)
        self.ring.put(frame)

    def _account(self, rung: Rung, cost_samples: int) -> None:
        """A picture was drawn by *rung*, which took so long."""
        # Another rung's cost is not this one's; and its first picture may be the dear one.
        self._drawn_count = self._drawn_count + 1 if self._drawn_by is rung else 1
        self._drawn_by = rung
        if self._drawn_count > 2:
            self._draw_samples += 0.25 * (cost_samples - self._draw_samples)
        elif self._drawn_count == 1 or cost_samples < self._draw_samples:
            self._draw_samples = cost_samples

    def _lack(self, error: RunnerError) -> None:
        """Go without a picture, so that the last one stays; what draws mends itself, or is told."""
        self._metrics.gpu_fallbacks.labels("last_picture").inc()
        if not self._lacking:
            logger.warning("the last picture stays: %s", error)
        self._lacking = True

    def _choose(self) -> int:
        """The next slot to draw: slots that would be over before they are drawn are left out."""
        in_time_pts = self.grid.at_or_after(self._clock.now_pts + round(self._draw_samples))
        known_pts = self.grid.at_or_before(self._pipeline.ready_pts - 1 - self.shift_samples)
        return max(self._next_pts, min(in_time_pts, known_pts))

    async def _push(self) -> None:
        pts = self._pushed_pts
        if pts < self._line.kept_pts:
            # The engine was away for longer than the line remembers: begin anew with what plays.
            pts = self._line.play_pts
            await self._worker.run(self._clock.time_s(pts), lambda: self._pipeline.reset(pts))
        audio = Audio(pts, self._line.peek(pts, self._line.write_pts - pts))
        # Noted before it is done: a cut that comes meanwhile must know to flush it.
        self._pushed_pts = audio.end_pts
        try:
            await self._worker.run(self._clock.time_s(pts), lambda: self._pipeline.push(audio))
        except Exception:
            self._pushed_pts = UNKNOWN_PTS
            raise

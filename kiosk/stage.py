"""A stage: one avatar with its own timeline, its speech queue and its viewers.

Three tasks share the timeline. The audio pacer sends a packet every 20 ms and keeps the sound
written ahead; the video pacer sends the picture of each slot; the animator feeds the engine and
draws pictures into the ring as they can be known. None waits for another: a late engine repeats
pictures, and the sound goes on.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from engine.media import Audio, PictureFrame
from engine.pipeline import Pipeline
from engine.timeline import PACKET_SAMPLES, frame_samples, samples
from kiosk.appearance import Appearance
from kiosk.audio_line import AudioLine
from kiosk.broadcast import Broadcast
from kiosk.clock import MediaClock
from kiosk.metrics import Metrics
from kiosk.scheduler import FrameCounters, FrameRing
from kiosk.speech_queue import SpeechQueue, Utterance
from kiosk.transcript import Transcript
from kiosk.worker import Runs

logger = logging.getLogger(__name__)

LEAD_SAMPLES: Final = samples(0.24)
"""How far ahead of the play head sound is written: the engine's lookahead and time to draw."""

SPLICE_SAMPLES: Final = samples(0.1)
"""Speech that begins in silence is written this near to the play head, over the silence."""

CUT_SAMPLES: Final = samples(0.02)
"""An interruption takes effect this far ahead of the play head."""

DEFAULT_APPEARANCE: Final = Appearance()

UNKNOWN_PTS: Final = -1
"""Before all samples: the engine must begin anew."""

STALL_S: Final = 0.2
"""A pacer later than this goes on from where it is instead of sprinting."""


@dataclass(frozen=True, slots=True)
class Interruption:
    """What an interruption dropped."""

    utterances: tuple[str, ...]
    pts: int
    """Where the sound was cut."""
    characters_spoken: int
    """Of the utterance that was being said."""


class Stage:
    """One avatar instance. All methods are for the event loop."""

    def __init__(
        self,
        name: str,
        avatar: str,
        pipeline: Pipeline,
        worker: Runs,
        broadcast: Broadcast,
        frame_rate_hz: int,
        metrics: Metrics,
        appearance: Appearance = DEFAULT_APPEARANCE,
    ) -> None:
        """Make a stage and start its clock; ``start`` sets it going.

        Args:
            name: by which viewers and speech find it.
            avatar: whose face it shows.
            pipeline: the engine, used in *worker* only.
            worker: runs inference.
            broadcast: takes pictures and sound.
            frame_rate_hz: 20 or 25.
            metrics: counts what happens.
            appearance: how *pipeline* shows it.
        """
        self.name = name
        self.appearance = appearance
        self.avatar = avatar
        self.frame_rate_hz = frame_rate_hz
        self.broadcast = broadcast
        self.clock = MediaClock()
        self.ring = FrameRing()
        self.line = AudioLine()
        self.queue = SpeechQueue()
        self.transcript = Transcript(broadcast.send, metrics)
        self.shift_samples = 0
        """Lip-sync correction: the slot at t shows the face of t + shift."""
        self.video_emitted_count = 0
        self._frame_samples = frame_samples(frame_rate_hz)
        self._pipeline = pipeline
        self._worker = worker
        self._metrics = metrics
        self._pushed_pts = 0
        self._next_index = 0
        self._draw_samples = 0.0
        """How long a picture takes to draw, waiting included; a running mean."""
        self._flush_pts: int | None = None
        self._written = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._spoken_end_pts = 0

    def start(self) -> None:
        """Set the stage going."""
        for work in (self._pace_audio, self._pace_video, self._animate):
            task = asyncio.create_task(self._guard(work), name=f"{self.name}:{work.__name__}")
            self._tasks.append(task)

    async def aclose(self) -> None:
        """Stop everything; the viewers' peers are closed by their owner."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.queue.aclose()

    @property
    def speaking(self) -> bool:
        """Whether anything is being said or about to be."""
        return self.queue.busy or self.line.play_pts < self._spoken_end_pts

    @property
    def frames(self) -> FrameCounters:
        """What became of the pictures."""
        return self.ring.counters

    @property
    def audio_underrun_samples(self) -> int:
        """Samples of sound that were not written in time."""
        return self.line.underrun_samples

    @property
    def speech_underruns(self) -> int:
        """Times that an utterance's sound ran out before its end."""
        return self.queue.underruns

    @property
    def viewer_count(self) -> int:
        """Peers that watch."""
        return len(self.broadcast.viewers)

    def say(self, utterance: Utterance, interrupt: bool) -> None:
        """Say *utterance*: at once if *interrupt*, else after what is queued."""
        if interrupt:
            self.interrupt()
        self.queue.add(utterance)

    async def change(self, change: Callable[[Pipeline], None]) -> None:
        """Do *change* to the engine, between two pictures; it must take no time to speak of."""
        soon_s = self.clock.time_s(self.clock.now_pts)
        await self._worker.run(soon_s, lambda: change(self._pipeline))

    def interrupt(self) -> Interruption:
        """Stop speaking: fade the sound out, drop what is queued, close the mouth."""
        dropped = self.queue.clear()
        cut_pts = self.line.play_pts
        if dropped or cut_pts < self._spoken_end_pts:
            cut_pts = self._rewind(self.line.play_pts + CUT_SAMPLES)
        interrupted = self.transcript.interrupt(cut_pts, dropped)
        return Interruption(interrupted.utterances, cut_pts, interrupted.characters_spoken)

    def _rewind(self, pts: int) -> int:
        """Rewrite the timeline from *pts* on; returns the sample at which it is cut."""
        cut_pts = self.line.cut(pts)
        self._spoken_end_pts = min(self._spoken_end_pts, cut_pts)
        if cut_pts < self._pushed_pts:
            # A flush that still waits may reach further back than this one.
            waiting_pts = cut_pts if self._flush_pts is None else self._flush_pts
            self._flush_pts = min(waiting_pts, cut_pts)
        self._write_ahead()
        return cut_pts

    async def _guard(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await work()
            except Exception:
                # One fault must not end an unattended stage; it is counted and gone on from.
                logger.exception("stage %s: %s failed and starts again", self.name, work.__name__)
                self._metrics.faults.inc()
                await asyncio.sleep(0.1)

    async def _pace_audio(self) -> None:
        while True:
            pts = self.line.play_pts
            await self.clock.sleep_until(pts)
            if self.clock.late_s(pts) > STALL_S:
                logger.warning("stage %s stalled for %.2f s", self.name, self.clock.late_s(pts))
                self.clock.reanchor(pts)
            self._splice()
            self._write_ahead()
            self.broadcast.emit_audio(self.line.send(PACKET_SAMPLES))
            self.transcript.advance(self.line.play_pts)

    async def _pace_video(self) -> None:
        index = 0
        while True:
            pts = index * self._frame_samples
            await self.clock.sleep_until(pts)
            index = max(index, self.clock.now_pts // self._frame_samples)
            frame = self.ring.take(index)
            if frame is not None:
                await self.broadcast.emit_video(frame, index * self._frame_samples)
                self.video_emitted_count += 1
            index += 1

    def _splice(self) -> None:
        """Bring speech that begins in silence nearer than the lead."""
        silent = self._spoken_end_pts <= self.line.play_pts
        splice_pts = self.line.play_pts + SPLICE_SAMPLES
        if silent and self.queue.has_sound and splice_pts < self.line.write_pts:
            self._rewind(splice_pts)

    def _write_ahead(self) -> None:
        while self.line.write_pts < self.line.play_pts + PACKET_SAMPLES + LEAD_SAMPLES:
            pts = self.line.write_pts
            has_sound = self.queue.has_sound
            sound, events = self.queue.take(PACKET_SAMPLES, pts)
            self.line.write(sound)
            if has_sound:
                self._spoken_end_pts = self.line.write_pts
            for event in events:
                self.transcript.add(event)
        self._written.set()

    async def _animate(self) -> None:
        while True:
            if self._flush_pts is not None:
                await self._flush(self._flush_pts)
            elif self._can_draw():
                await self._draw()
            elif self._pushed_pts < self.line.write_pts:
                await self._push()
            else:
                self._written.clear()
                await self._written.wait()

    def _can_draw(self) -> bool:
        pts = self._next_index * self._frame_samples
        return pts + max(0, self.shift_samples) < self._pipeline.ready_pts

    async def _flush(self, pts: int) -> None:
        self._flush_pts = None
        if pts < self._pushed_pts:
            await self._worker.run(self.clock.time_s(pts), lambda: self._pipeline.flush(pts))
            self._pushed_pts = pts
            self._next_index = min(self._next_index, -(-pts // self._frame_samples))

    async def _draw(self) -> None:
        index = self._choose()
        pts = index * self._frame_samples
        self._next_index = index + 1
        shown_pts = max(0, pts + self.shift_samples)
        begun_pts = self.clock.now_pts
        frame = await self._worker.run(
            self.clock.time_s(pts), lambda: self._render(index, pts, shown_pts)
        )
        self._draw_samples += (self.clock.now_pts - begun_pts - self._draw_samples) / 4
        self._metrics.lead_ms.observe(-self.clock.late_s(pts) * 1000.0)
        self.ring.put(frame)

    def _choose(self) -> int:
        """The next slot to draw: slots that would be over before they are drawn are left out."""
        in_time_pts = self.clock.now_pts + round(self._draw_samples)
        in_time = -(-in_time_pts // self._frame_samples)
        known_pts = self._pipeline.ready_pts - 1 - max(0, self.shift_samples)
        return max(self._next_index, min(in_time, known_pts // self._frame_samples))

    def _render(self, index: int, pts: int, shown_pts: int) -> PictureFrame:
        begun_s = time.perf_counter()
        frame = self._pipeline.pull(index, pts, shown_pts)
        self._metrics.render_ms.observe((time.perf_counter() - begun_s) * 1000.0)
        return frame

    async def _push(self) -> None:
        pts = self._pushed_pts
        if pts < self.line.kept_pts:
            # The engine was away for longer than the line remembers: begin anew with what plays.
            pts = self.line.play_pts
            await self._worker.run(self.clock.time_s(pts), lambda: self._pipeline.reset(pts))
        audio = Audio(pts, self.line.peek(pts, self.line.write_pts - pts))
        # Noted before it is done: a cut that comes meanwhile must know to flush it.
        self._pushed_pts = audio.end_pts
        try:
            await self._worker.run(self.clock.time_s(pts), lambda: self._pipeline.push(audio))
        except Exception:
            self._pushed_pts = UNKNOWN_PTS
            raise

"""A stage: one avatar with its own timeline, its speech queue and its viewers.

Three tasks share the timeline. The audio pacer sends a packet every 20 ms and keeps the sound
written ahead; the video pacer sends the picture of each slot; the animator (``animator.py``) feeds
the engine and draws pictures into the ring as they can be known. None waits for another: a late
engine repeats pictures, and the sound goes on.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

import numpy as np

from engine.media import Audio, FloatArray, PictureFrame
from engine.pipeline import Pipeline
from engine.timeline import PACKET_SAMPLES, samples, seconds
from kiosk import slate
from kiosk.animator import Animator
from kiosk.appearance import Appearance
from kiosk.audio_line import FADE_SAMPLES, AudioLine
from kiosk.broadcast import Broadcast
from kiosk.clock import MediaClock
from kiosk.events import EventHub
from kiosk.keep_going import keep_going
from kiosk.listen.hearing import Hearing
from kiosk.metrics import Metrics
from kiosk.scheduler import FrameCounters
from kiosk.speech_queue import SpeechQueue, Utterance
from kiosk.stage_events import StageEvents
from kiosk.stalls import Stalls
from kiosk.sync import SyncController
from kiosk.transcript import Interrupted, Transcript
from kiosk.trim import OuterTrim
from kiosk.visitors import Visitors
from kiosk.worker import Runs

logger = logging.getLogger(__name__)

LEAD_SAMPLES: Final = samples(0.24)
"""How far ahead of the play head sound is written: the engine's lookahead and time to draw."""

LIVE_LEAD_SAMPLES: Final = samples(0.11)
"""Likewise of sound that is spoken right now: what the engine needs, with less time to draw."""

SPLICE_SAMPLES: Final = samples(0.1)
"""Speech that begins in silence is written this near to the play head, over the silence."""

CUT_SAMPLES: Final = FADE_SAMPLES
"""An interruption takes effect this far ahead of the play head."""

DEFAULT_APPEARANCE: Final = Appearance()


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
        with_slate: bool = False,
        with_sync: bool = True,
        hub: EventHub | None = None,
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
            with_slate: whether the test pattern is laid over picture and sound.
            with_sync: whether the pages' reports correct the lip sync.
            hub: takes the events; none: nobody is told.
        """
        self.name = name
        self.appearance = appearance
        self.avatar = avatar
        self.frame_rate_hz = frame_rate_hz
        self.broadcast = broadcast
        self.clock = MediaClock()
        self.line = AudioLine()
        self.animator = Animator(
            pipeline, worker, self.clock, self.line, frame_rate_hz, metrics, with_slate
        )
        self.sync = SyncController(with_sync)
        self.trim = OuterTrim()
        self.queue = SpeechQueue()
        self.hearing = Hearing()
        """How it listens."""
        self.played: list[Callable[[FloatArray], None]] = []
        """Those who hear every packet of sound that is sent."""
        self.hub = hub or EventHub()
        self.events = StageEvents(self.hub, name, self.clock)
        broadcast.on_viewers = self.events.viewers
        self.visitors = Visitors(broadcast.send)
        self.transcript = Transcript(broadcast.send, metrics, self.events.tell)
        self.closing: list[Callable[[], None]] = []
        """Called when the stage closes, by whoever is connected to it."""
        self.video_emitted_count = 0
        self._metrics, self._with_slate = metrics, with_slate
        self._attended: set[object] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._spoken_end_pts = 0
        self._encode_s = 0.0
        self._stalls = Stalls(name, metrics)

    def start(self) -> None:
        """Set the stage going."""
        for work in (self._pace_audio, self._pace_video, self.animator.run):
            name = f"stage {self.name}: {work.__name__}"
            going = keep_going(name, work, self._metrics)
            self._tasks.append(asyncio.create_task(going, name=name))

    async def aclose(self) -> None:
        """Stop everything; the viewers' peers are closed by their owner."""
        for close in tuple(self.closing):
            close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.animator.close()
        await self.queue.aclose()

    @property
    def speaking(self) -> bool:
        """Whether anything is being said or about to be."""
        return self.queue.busy or self.line.play_pts < self._spoken_end_pts

    @property
    def frames(self) -> FrameCounters:
        """What became of the pictures."""
        return self.animator.ring.counters

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

    @property
    def ladder_position(self) -> int:
        """How many rungs of the ladder it has gone down."""
        return self.animator.ladder.position

    @property
    def sync_shift_ms(self) -> float:
        """The lip-sync correction."""
        return self.sync.shift_ms

    @property
    def lead_ms(self) -> float:
        """How long before it sounds a sample is fixed: the engine's share of the latency."""
        return 1000.0 * seconds(self._lead_samples)

    def say(self, utterance: Utterance, interrupt: bool) -> None:
        """Say *utterance*: at once if *interrupt*, else after what is queued."""
        if interrupt:
            self.interrupt()
        self.queue.add(utterance)

    async def change(self, change: Callable[[Pipeline], None]) -> None:
        """Do *change* to the engine, between two pictures; it must take no time to speak of."""
        await self.animator.change(change)

    def attend(self, listening: bool, to: object = None) -> None:
        """Turn the face to listening to somebody, or back once that was the last one."""
        (self._attended.add if listening else self._attended.discard)(to)
        self.animator.attend(bool(self._attended))

    def interrupt(self) -> Interrupted:
        """Stop speaking: fade the sound out, drop what is queued, close the mouth."""
        dropped = self.queue.clear()
        cut_pts = self.line.play_pts
        if dropped or cut_pts < self._spoken_end_pts:
            cut_pts = self._rewind(self.line.play_pts + CUT_SAMPLES)
        return self.transcript.interrupt(cut_pts, dropped)

    def withdraw(self, utterance: str) -> None:
        """Take back *utterance*, which is not heard yet; all others are said as they are."""
        begins_pts = self.transcript.begins(utterance)
        if not self.queue.remove(utterance) and begins_pts is None:
            return
        self.transcript.withdraw(utterance, self.line.play_pts, not self.queue.busy)
        if begins_pts is not None:
            self._rewind(begins_pts)

    def _rewind(self, pts: int) -> int:
        """Rewrite the timeline from *pts* on; returns the sample at which it is cut."""
        cut_pts = self.line.cut(pts)
        self._spoken_end_pts = min(self._spoken_end_pts, cut_pts)
        self.animator.rewind(cut_pts)
        self._write_ahead()
        return cut_pts

    async def _pace_audio(self) -> None:
        while True:
            pts = self.line.play_pts
            await self.clock.sleep_until(pts)
            if late_s := self.clock.catch_up(pts):
                self._stalls.note(late_s)
            self._splice()
            self._write_ahead()
            audio = self.line.send(PACKET_SAMPLES)
            played = slate.mix(audio) if self._with_slate else audio
            self.broadcast.emit_audio(played)
            for hear in tuple(self.played):
                hear(played.samples)
            self.transcript.advance(self.line.play_pts)
            self._correct(audio)

    def _correct(self, audio: Audio) -> None:
        """Move the lip-sync correction on, for the pictures that are yet to be drawn."""
        self.trim.hear(audio.pts, float(np.sqrt(np.mean(np.square(audio.samples)))))
        self.sync.trim_ms = self.trim.trim_ms
        now_s = asyncio.get_running_loop().time()
        quiet = not self.speaking
        shift_ms = self.sync.step(now_s, quiet)
        self.animator.shift_samples = samples(shift_ms / 1000.0)
        if self.sync.lost(now_s, quiet, laden=self.ladder_position > 0):
            logger.warning("stage %s: out of step beyond repair: viewers start anew", self.name)
            self._metrics.sync_restarts.inc()
            self.broadcast.send({"type": "restart", "reason": "lip sync"})

    async def _pace_video(self) -> None:
        grid, ring = self.animator.grid, self.animator.ring
        slot_pts = grid.at_or_after(self.clock.now_pts)
        while True:
            await self.clock.sleep_until(slot_pts)
            due_pts = max(slot_pts, grid.at_or_before(self.clock.now_pts))
            ring.skip(grid.count(slot_pts, due_pts))
            repeated = ring.counters.repeated
            if frame := ring.take(due_pts):
                self.trim.show(due_pts + self.animator.shift_samples, frame.mouth)
                await self._emit(frame, due_pts)
                self._judge(due_pts, ring.counters.repeated > repeated)
            slot_pts = grid.at_or_after(due_pts + 1)

    async def _emit(self, frame: PictureFrame, pts: int) -> None:
        loop = asyncio.get_running_loop()
        begun_s = loop.time()
        await self.broadcast.emit_video(frame, pts)
        self._encode_s += (loop.time() - begun_s - self._encode_s) / 4
        self.video_emitted_count += 1

    def _judge(self, pts: int, late: bool) -> None:
        if direction := self.animator.judge(pts, self._encode_s, late):
            rung = self.animator.ladder.rung.name
            logger.warning("stage %s: ladder %s to %s", self.name, direction, rung)
            self._metrics.ladder_steps.labels(direction).inc()

    def _splice(self) -> None:
        """Bring speech that begins in silence nearer than the lead."""
        silent = self._spoken_end_pts <= self.line.play_pts
        splice_pts = self.line.play_pts + SPLICE_SAMPLES + self._early_samples
        if silent and self.queue.has_sound and splice_pts < self.line.write_pts:
            self._rewind(splice_pts)

    @property
    def _lead_samples(self) -> int:
        """How far ahead of the play head sound is written."""
        return (LIVE_LEAD_SAMPLES if self.queue.live else LEAD_SAMPLES) + self._early_samples

    @property
    def _early_samples(self) -> int:
        """How much earlier than its slot a face is drawn: the sound must be known by then."""
        return max(0, self.animator.shift_samples)

    def _write_ahead(self) -> None:
        while self.line.write_pts < self.line.play_pts + PACKET_SAMPLES + self._lead_samples:
            pts = self.line.write_pts
            has_sound = self.queue.has_sound
            sound, events = self.queue.take(PACKET_SAMPLES, pts)
            self.line.write(sound)
            if has_sound:
                self._spoken_end_pts = self.line.write_pts
            for event in events:
                self.transcript.add(event)
        self.animator.wake()

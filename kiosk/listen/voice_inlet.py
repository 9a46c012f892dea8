"""Live speech for the avatar to say: utterances out of what a source pushes."""

import asyncio
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import numpy as np

from engine.media import FloatArray
from engine.timeline import SAMPLE_RATE_HZ, samples, seconds
from kiosk.listen.inlet import Inlet, Kind
from kiosk.listen.jitter import LIMIT_SAMPLES, JitterBuffer
from kiosk.listen.pace import Pace
from kiosk.listen.pauses import Pauses
from kiosk.sources import new_utterance_id
from kiosk.speech_queue import Utterance, no_pieces
from kiosk.stage import Stage

ROOM_SAMPLES: Final = samples(1.0)
"""Held of a recording; beyond it, its sender waits."""

LIVE_ROOM_SAMPLES: Final = samples(3.0)
"""Likewise of somebody who speaks now: what a network held up for so long is taken in at once."""

PCM_LIMIT_SAMPLES: Final = samples(4.0)
"""Held at most of a sender that should have waited and did not."""

WAITING_LIMIT_SAMPLES: Final = samples(0.2)
"""Held of a microphone that waits for its turn: what it said before is old news."""

MAX_FOLLOWING: Final = 32
"""Utterances that wait or are being said, however short; beyond it, their sender waits."""

IDLE_S: Final = 10.0
"""An utterance of which nothing more comes ends after this, so that others get their turn."""

ENDS_AFTER_S: Final = 2.0
"""A pause at a microphone that ends an utterance."""

RESUMES_AFTER_S: Final = 0.5
"""A pause after which a microphone that was interrupted may speak again."""

PRE_ROLL_SAMPLES: Final = samples(0.02)
"""What came before a microphone was loud enough, and is said too."""


@dataclass(eq=False)
class _Spoken:
    """One utterance on its way."""

    id: str
    buffer: JitterBuffer
    pace: Pace
    interrupted: bool = False
    complete: bool = False
    """Whether nothing more is pushed."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """All was taken, or it was broken off."""


class VoiceInlet(Inlet):
    """Somebody whose words the avatar says.

    An utterance begins with the first push and ends with ``end_utterance``, with the inlet, or
    when, in its turn, nothing comes for ``IDLE_S``; a microphone's also with a pause, and none
    begins before it is heard. If it is broken off, the rest of it goes nowhere: up to
    ``end_utterance``, or, of a microphone, up to the next pause. What a microphone said before its
    turn came is forgotten.
    """

    def __init__(self, stage: Stage, kind: Kind, rate_hz: int, takeover: bool) -> None:
        """Speak at *stage*.

        Args:
            stage: who says it.
            kind: a sender of pcm waits where there is no room, the others cannot.
            rate_hz: of what is pushed.
            takeover: whether its utterances break off what others have said; else they wait.
        """
        super().__init__(stage, rate_hz, SAMPLE_RATE_HZ)
        self.utterance = new_utterance_id()
        self._loop = asyncio.get_running_loop()
        self._rate_hz = rate_hz
        self._takeover = takeover
        self._pauses = None if kind == "pcm" else Pauses()
        self._before: FloatArray = np.zeros(0, np.float32)
        self._spoken: _Spoken | None = None
        self._muted = False
        """Whether the utterance that is being pushed was broken off."""
        self._following: dict[_Spoken, asyncio.Task[None]] = {}
        self._taken = asyncio.Event()
        self._pushed_s = 0.0
        self._concealed_samples = 0
        """Of the utterances that are over."""

    @property
    def held_samples(self) -> int:
        """What has come and was not given to the stage yet."""
        return sum(spoken.buffer.held_samples for spoken in self._following)

    @property
    def concealed_s(self) -> float:
        """How much of what was said did not come in time."""
        now = sum(spoken.buffer.concealed_samples for spoken in self._following)
        return seconds(self._concealed_samples + now)

    def push(self, samples: FloatArray) -> None:
        """See ``Inlet.push``; the rest of what was broken off costs nothing."""
        if self._muted and self._pauses is None and not self.closed:
            self.dropped_samples += len(samples) * SAMPLE_RATE_HZ // self._rate_hz
        else:
            super().push(samples)

    async def room(self) -> None:
        """Wait while too much is held; a microphone never waits."""
        while self._full and not self.closed:
            since_s = self._loop.time()
            self._taken.clear()
            await self._taken.wait()
            self._pushed_s = self._loop.time()  # who had to wait was not idle
            if self._spoken is not None:
                self._spoken.pace.held_back(self._pushed_s - since_s)

    @property
    def _full(self) -> bool:
        """Whether a sender that can wait has to, for all its utterances together."""
        if self._pauses is not None:
            return False
        recorded = self._spoken is not None and self._spoken.pace.recorded
        limit = ROOM_SAMPLES if recorded else LIVE_ROOM_SAMPLES
        return self.held_samples >= limit or len(self._following) >= MAX_FOLLOWING

    def end_utterance(self) -> None:
        """What was pushed since the last end is one utterance."""
        self._say_rest()
        utterance, self.utterance = self.utterance, new_utterance_id()
        if self._spoken is not None:
            self._complete(self._spoken)
        else:
            self.on_said(utterance, self._muted)
        self._muted = False

    def _hear(self, sound: FloatArray) -> None:
        if self._pauses is None:
            self._say(sound)
            return
        self._pauses.hear(sound)
        quiet_s = self._pauses.quiet_s
        if self._muted and quiet_s >= RESUMES_AFTER_S:
            self._muted = False
            self.utterance = new_utterance_id()
        if self._spoken is None and quiet_s >= seconds(len(sound)):
            self._before = np.concatenate([self._before, sound])[-PRE_ROLL_SAMPLES:]
            return
        self._say(np.concatenate([self._before, sound]))
        self._before = self._before[:0]
        if self._spoken is not None and quiet_s >= ENDS_AFTER_S:
            self.end_utterance()

    def _say(self, sound: FloatArray) -> None:
        if not len(sound):
            return
        if self._muted:
            self.dropped_samples += len(sound)
            return
        spoken = self._spoken or self._begin()
        spoken.pace.push(seconds(len(sound)))
        spoken.buffer.catches_up = self._pauses is not None or spoken.pace.live
        before = spoken.buffer.dropped_samples
        spoken.buffer.push(sound)
        self.dropped_samples += spoken.buffer.dropped_samples - before
        self._pushed_s = self._loop.time()

    def _say_rest(self) -> None:
        """What the resampler still holds; of a microphone, only if somebody speaks."""
        rest = self._resampler.flush()
        if self._spoken is not None or self._pauses is None:
            self._say(rest)

    def _begin(self) -> _Spoken:
        clock = self._loop.time
        waits = self._pauses is None
        buffer = JitterBuffer(
            PCM_LIMIT_SAMPLES if waits else LIMIT_SAMPLES,
            clock,
            self._on_take,
            None if waits else WAITING_LIMIT_SAMPLES,
        )
        spoken = self._spoken = _Spoken(self.utterance, buffer, Pace(clock))
        cancel = partial(self._interrupt, spoken)
        # What this source said before is not another's: its end is not cut off.
        cut = self._takeover and not self._following
        self._following[spoken] = asyncio.create_task(self._follow(spoken), name="live-utterance")
        self.stage.say(Utterance(spoken.id, no_pieces(), cancel, buffer), cut)
        self._loop.call_later(IDLE_S, self._end_if_idle, spoken)
        return spoken

    def _on_take(self) -> None:
        self._taken.set()
        for spoken in self._following:
            if spoken.buffer.ended:
                spoken.over.set()

    def _interrupt(self, spoken: _Spoken) -> None:
        """The stage drops *spoken*."""
        spoken.interrupted = True
        spoken.buffer.clear()
        spoken.over.set()
        self._taken.set()
        if spoken is self._spoken:
            self._spoken = None
            self._muted = True
            self.on_interrupted(spoken.id)

    def _complete(self, spoken: _Spoken) -> None:
        self._spoken = None
        spoken.complete = True
        if self._pauses is not None and not spoken.buffer.begun:
            self._withdraw(spoken)
        spoken.buffer.end()
        if spoken.buffer.ended:
            spoken.over.set()

    def _withdraw(self, spoken: _Spoken) -> None:
        """A microphone's turn never came: what it said meanwhile is old news."""
        self.dropped_samples += spoken.buffer.held_samples
        self.stage.queue.withdraw(spoken.id)
        spoken.interrupted = True
        spoken.buffer.clear()

    async def _follow(self, spoken: _Spoken) -> None:
        """Tell when *spoken* has been heard."""
        await spoken.over.wait()
        if not spoken.interrupted:
            await self.stage.clock.sleep_until(self.stage.line.write_pts)
        del self._following[spoken]
        self._taken.set()
        self._concealed_samples += spoken.buffer.concealed_samples
        if spoken.complete:
            self.on_said(spoken.id, spoken.interrupted)

    def _end_if_idle(self, spoken: _Spoken) -> None:
        if spoken is not self._spoken:
            return
        # Before its turn it holds up nobody, and its sender may be waiting for room.
        waits = self._pauses is None and not spoken.buffer.begun
        idle_s = 0.0 if waits else self._loop.time() - self._pushed_s
        if idle_s >= IDLE_S:
            self.end_utterance()
        else:
            self._loop.call_later(IDLE_S - idle_s, self._end_if_idle, spoken)

    def _finish(self) -> None:
        """What was pushed is still said, but for a microphone's that has had no turn yet."""
        self._say_rest()
        if self._spoken is not None:
            self._complete(self._spoken)
        self._taken.set()
        for spoken, task in self._following.items():
            task.cancel()
            self._concealed_samples += spoken.buffer.concealed_samples
        self._following.clear()

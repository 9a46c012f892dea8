"""What a stage is still to say: utterances in order, their sound made ahead within a bound."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from engine.media import FloatArray
from engine.timeline import SAMPLE_RATE_HZ
from kiosk.listen.live_sound import LiveSound

logger = logging.getLogger(__name__)

MAX_AHEAD_SAMPLES = 4 * SAMPLE_RATE_HZ
"""Sound held ready at most; beyond it the source waits."""


@dataclass(frozen=True, slots=True)
class CaptionWord:
    """A word of a caption; times from the start of its piece."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Caption:
    """The words that a piece of sound says."""

    text: str
    char_start: int
    char_end: int
    """Where the text lies in the utterance's text."""
    duration_s: float
    """Of the voice, without the pause after it."""
    words: tuple[CaptionWord, ...] = ()


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of an utterance's sound at the master rate, the pause after it included."""

    samples: FloatArray
    caption: Caption | None = None


@dataclass(frozen=True, slots=True)
class Utterance:
    """Something to be said or played."""

    id: str
    pieces: AsyncIterator[Piece]
    """Made as they are asked for; may raise."""
    cancel: Callable[[], None] = lambda: None
    """Tells the source that no more pieces are wanted."""
    live: LiveSound | None = None
    """Sound that cannot be made ahead; it is taken from instead of asking for pieces."""


@dataclass(frozen=True, slots=True)
class SpeechEvent:
    """Something that happens at a sample of the timeline."""

    kind: Literal["started", "caption", "finished", "failed"]
    utterance: str
    pts: int
    index: int = 0
    """Number of the piece within the utterance."""
    caption: Caption | None = None
    reason: str = ""


@dataclass(slots=True)
class _Buffered:
    utterance: str
    samples: FloatArray
    events: list[SpeechEvent] = field(default_factory=list)
    """Due at the first sample; their pts is filled in when it is placed on the timeline."""


class SpeechQueue:
    """Utterances waiting and being said. Used from the event loop only."""

    def __init__(self) -> None:
        self._waiting: deque[Utterance] = deque()
        self._buffer: deque[_Buffered] = deque()
        self._buffered_samples = 0
        self._current: Utterance | None = None
        self._live: LiveSound | None = None
        self._changed = asyncio.Event()
        self._filler = asyncio.create_task(self._fill(), name="speech-queue")
        self.underruns = 0
        """Times that the sound of an utterance ran out before its end."""
        self._mid_utterance = False
        self._taken = ""
        """The utterance that was taken from last."""

    @property
    def busy(self) -> bool:
        """Whether anything is being said, made or waiting."""
        return bool(self._waiting or self._buffer or self._current)

    @property
    def waiting_count(self) -> int:
        """Utterances that wait for their turn."""
        return len(self._waiting)

    @property
    def has_sound(self) -> bool:
        """Whether sound is ready now."""
        return bool(self._buffer) or self._live is not None

    @property
    def live(self) -> bool:
        """Whether what is said is being spoken elsewhere right now."""
        return self._live is not None and not self._buffered_samples

    def add(self, utterance: Utterance) -> None:
        """Say *utterance* after all that is queued."""
        self._waiting.append(utterance)
        self._changed.set()

    def withdraw(self, name: str) -> None:
        """Forget the utterance called *name* if it still waits; nothing is told of it."""
        for utterance in tuple(self._waiting):
            if utterance.id == name:
                self._waiting.remove(utterance)

    def clear(self) -> tuple[str, ...]:
        """Drop everything; returns the ids of what was dropped, in order."""
        dropped = dict.fromkeys(item.utterance for item in self._buffer)
        for utterance in ((self._current,) if self._current else ()) + tuple(self._waiting):
            utterance.cancel()
            dropped[utterance.id] = None
        self._waiting.clear()
        self._buffer.clear()
        self._buffered_samples = 0
        self._mid_utterance = False
        self._live = None
        self._restart_filler()
        return tuple(dropped)

    def remove(self, utterance: str) -> bool:
        """Drop what is left of *utterance* alone; whether anything was."""
        made = len(self._buffer)
        self._buffer = deque(item for item in self._buffer if item.utterance != utterance)
        self._buffered_samples = sum(len(item.samples) for item in self._buffer)
        asked = [item for item in (self._current, *self._waiting) if item and item.id == utterance]
        for item in asked:
            item.cancel()
        self._waiting = deque(item for item in self._waiting if item.id != utterance)
        if self._current in asked:
            self._live = None
            self._restart_filler()
        self._mid_utterance = self._mid_utterance and self._taken != utterance
        self._changed.set()
        return bool(asked) or len(self._buffer) < made

    def take(self, count: int, pts: int) -> tuple[FloatArray, list[SpeechEvent]]:
        """The next *count* samples, silence where there is nothing to say.

        Args:
            count: samples wanted.
            pts: where they will lie on the timeline.

        Returns:
            The samples and the events that fall among them, with their pts.
        """
        samples = np.zeros(count, np.float32)
        events: list[SpeechEvent] = []
        filled = 0
        while self._buffer and filled < count:
            head = self._buffer[0]
            events += [_at(event, pts + filled) for event in head.events]
            head.events.clear()
            step = min(count - filled, len(head.samples))
            samples[filled : filled + step] = head.samples[:step]
            head.samples = head.samples[step:]
            filled += step
            self._buffered_samples -= step
            if not len(head.samples):
                self._buffer.popleft()
        if self._live is not None and filled < count:
            samples[filled:] = self._live.take(count - filled)
            filled = count
        self._count_underrun(events, filled < count)
        self._changed.set()
        return samples, events

    async def aclose(self) -> None:
        """Drop everything and stop."""
        self.clear()
        self._filler.cancel()
        await asyncio.gather(self._filler, return_exceptions=True)

    def _count_underrun(self, events: list[SpeechEvent], ran_out: bool) -> None:
        for event in events:
            self._mid_utterance = event.kind in ("started", "caption")
            self._taken = event.utterance
        if ran_out and self._mid_utterance:
            self.underruns += 1
            self._mid_utterance = False

    def _restart_filler(self) -> None:
        self._filler.cancel()
        self._current = None
        self._filler = asyncio.create_task(self._fill(), name="speech-queue")

    async def _fill(self) -> None:
        while True:
            while not self._waiting:
                self._changed.clear()
                await self._changed.wait()
            self._current = self._waiting.popleft()
            await self._fill_from(self._current)
            self._current = None

    async def _fill_from(self, utterance: Utterance) -> None:
        index = 0
        reason = ""
        try:
            if utterance.live is not None:
                await self._pass_through(utterance.id, utterance.live)
            async for piece in utterance.pieces:
                self._append(utterance.id, piece, index)
                index += 1
                while self._buffered_samples >= MAX_AHEAD_SAMPLES:
                    self._changed.clear()
                    await self._changed.wait()
        except Exception as error:
            # A voice or file that fails must not end the stage; the listener is told.
            logger.warning("utterance %s failed: %s", utterance.id, error)
            reason = str(error)
        kind: Literal["finished", "failed"] = "failed" if reason else "finished"
        end = SpeechEvent(kind, utterance.id, 0, index, reason=reason)
        self._buffer.append(_Buffered(utterance.id, np.zeros(0, np.float32), [end]))

    async def _pass_through(self, utterance: str, live: LiveSound) -> None:
        """Let *live* be taken from, until it ends."""
        self._append(utterance, Piece(np.zeros(0, np.float32)), 0)
        self._live = live
        while not live.ended:
            self._changed.clear()
            await self._changed.wait()
        self._live = None

    def _append(self, utterance: str, piece: Piece, index: int) -> None:
        events = [SpeechEvent("started", utterance, 0)] if index == 0 else []
        if piece.caption:
            events.append(SpeechEvent("caption", utterance, 0, index, piece.caption))
        self._buffer.append(_Buffered(utterance, piece.samples, events))
        self._buffered_samples += len(piece.samples)


async def no_pieces() -> AsyncIterator[Piece]:
    """The pieces of what is live: none."""
    return
    yield


def _at(event: SpeechEvent, pts: int) -> SpeechEvent:
    return SpeechEvent(event.kind, event.utterance, pts, event.index, event.caption, event.reason)

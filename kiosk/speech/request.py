"""A text on its way to being spoken: filled by the speech thread, read from asyncio."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from kiosk.speech.manner import Manner
from kiosk.speech.phrases import Phrase
from kiosk.speech.stop import StopSignal
from kiosk.speech.voice import Speech

KEPT_S: Final = 120.0
"""Speech that is kept for consumers that are behind the first one."""


class SpeechTextError(Exception):
    """The text cannot be spoken; the message says why and what to send."""


@dataclass(frozen=True, slots=True)
class SpokenPhrase:
    """A phrase as it sounds, and where it stands in the text."""

    speech: Speech
    char_start: int
    char_end: int
    pause_s: float
    """Silence to leave after it."""
    index: int
    final: bool
    """Nothing follows."""


class SpeechRequest:
    """One text being spoken. Iterate it with ``async for``; every iteration has its own cursor.

    Iterating raises ``VoiceError`` or ``SpeechTextError`` when the speech thread met one, after
    the phrases that went well; it ends early once the request is cancelled.
    """

    def __init__(
        self,
        phrases: Iterator[Phrase],
        voice: str | None,
        manner: Manner,
        changed: threading.Condition,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Made by ``Speaker.say``. *changed* guards all state and tells the speech thread."""
        self.voice: Final = voice
        self.manner: Final = manner
        self.stop: Final = StopSignal()
        self._phrases = phrases
        self._next_phrase: Phrase | None = None
        self._started = False
        self._changed = changed
        self._spoken: dict[int, SpokenPhrase] = {}
        self._count = 0
        self._cursors: list[_Cursor] = []
        self._error: Exception | None = None
        self._closed = False
        self._cancelled = False
        self._clock = clock
        self._frontier = 0
        self._heard_s = 0.0
        self.dropped_phrases = 0
        """Phrases that a consumer missed because it was more than ``KEPT_S`` behind."""

    def __aiter__(self) -> "_Cursor":
        """A new cursor at the first phrase that is still there."""
        cursor = _Cursor(self)
        with self._changed:
            self._cursors.append(cursor)
            self._changed.notify_all()
        return cursor

    @property
    def cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self._cancelled

    @property
    def closed(self) -> bool:
        """Whether the speech thread has done with it: all spoken, failed or cancelled."""
        return self._closed

    def cancel(self) -> None:
        """Drop what is not yet spoken; whoever is iterating stops at once."""
        with self._changed:
            if self._cancelled:
                return
            self._cancelled = True
            self._finish()
        self.stop.set()

    # For the speech thread.

    @property
    def wanted(self) -> bool:
        """Whether anybody has begun to listen."""
        return bool(self._cursors)

    @property
    def ahead_s(self) -> float:
        """Speech that is ready and that even the first consumer has not taken."""
        with self._changed:
            first = max((cursor.index for cursor in self._cursors), default=0)
            return sum(
                phrase.speech.duration_s + phrase.pause_s
                for index, phrase in self._spoken.items()
                if index >= first
            )

    @property
    def unheard_s(self) -> float:
        """Speech that is ready and not yet heard, as if each phrase sounds as soon as it can."""
        with self._changed:
            return self.ahead_s + max(0.0, self._heard_s - self._clock())

    @property
    def splits_words(self) -> bool:
        """Whether ``wait_s`` tells the words of Chinese apart."""
        return False

    def wait_s(self) -> float:
        """How long until there is a phrase to speak: 0 if there is one now."""
        return 0.0

    def exhausted(self) -> None:
        """``take_phrase`` had nothing: nothing in the text can be pronounced."""
        self.fail(SpeechTextError("nothing in the text can be pronounced: send words or numbers"))

    def take_phrase(self) -> tuple[Phrase, bool] | None:
        """The next phrase to speak and whether it is the last."""
        if not self._started:
            self._started = True
            self._next_phrase = next(self._phrases, None)
        phrase = self._next_phrase
        if phrase is None:
            return None
        self._next_phrase = next(self._phrases, None)
        return phrase, self._next_phrase is None

    def add(self, phrase: Phrase, speech: Speech, final: bool) -> None:
        """Hand a spoken phrase to the consumers; dropped if the request was cancelled."""
        with self._changed:
            if self._closed:
                return
            pause_s = phrase.pause_s * self.manner.pause
            self._spoken[self._count] = SpokenPhrase(
                speech, phrase.char_start, phrase.char_end, pause_s, self._count, final
            )
            self._count += 1
            self._closed = final
            self._forget()
            self._wake()

    def fail(self, error: Exception) -> None:
        """End the request with *error*."""
        with self._changed:
            if not self._closed:
                self._error = error
                self._finish()

    def _count_heard(self, phrase: SpokenPhrase) -> None:
        """The first consumer takes *phrase*: it sounds when all before it was heard."""
        if phrase.index >= self._frontier:
            self._frontier = phrase.index + 1
            begun_s = max(self._heard_s, self._clock())
            self._heard_s = begun_s + phrase.speech.duration_s + phrase.pause_s

    def _finish(self) -> None:
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        for cursor in self._cursors:
            cursor.wake()
        self._changed.notify_all()

    def _forget(self) -> None:
        """Let go of what is ``KEPT_S`` behind the first consumer."""
        first = max((cursor.index for cursor in self._cursors), default=0)
        behind_s = 0.0
        for index in sorted((i for i in self._spoken if i < first), reverse=True):
            behind_s += self._spoken[index].speech.duration_s
            if behind_s > KEPT_S:
                del self._spoken[index]


class _Cursor:
    """Where one consumer is in a request."""

    def __init__(self, request: SpeechRequest) -> None:
        self.index = 0
        self._request = request
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()

    def __aiter__(self) -> "_Cursor":
        return self

    async def __anext__(self) -> SpokenPhrase:
        """The next phrase, as soon as it is spoken."""
        while True:
            self._event.clear()
            phrase = self._take()
            if phrase is not None:
                return phrase
            await self._event.wait()

    def wake(self) -> None:
        """Look again; called from any thread."""
        try:
            self._loop.call_soon_threadsafe(self._event.set)
        except RuntimeError:  # the consumer's loop is closed: nobody is waiting
            return

    def _take(self) -> SpokenPhrase | None:
        request = self._request
        with request._changed:
            if request._cancelled:
                raise StopAsyncIteration
            if self.index < request._count:
                return self._next_kept()
            if request._error:
                raise request._error
            if request._closed:
                raise StopAsyncIteration
            return None

    def _next_kept(self) -> SpokenPhrase:
        request = self._request
        oldest = min(request._spoken)
        request.dropped_phrases += max(0, oldest - self.index)
        phrase = request._spoken[max(oldest, self.index)]
        self.index = phrase.index + 1
        request._count_heard(phrase)
        request._changed.notify_all()
        return phrase

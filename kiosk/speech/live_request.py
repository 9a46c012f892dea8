"""A request whose text still arrives: fed from asyncio, read by the speech thread."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from kiosk.speech import phrases
from kiosk.speech.cuts import SplitWords
from kiosk.speech.live_text import LiveText, Wait
from kiosk.speech.manner import Manner
from kiosk.speech.pace import Pace
from kiosk.speech.phrases import Phrase
from kiosk.speech.request import SpeechRequest, SpeechTextError
from kiosk.speech.sentences import Stretch

ROOM_CHARACTERS: Final = 2000
"""Text that may wait to be spoken, about two minutes, before its source is asked to wait."""


class LiveRequest(SpeechRequest):
    """A text that is spoken while it arrives; iterate it as any request.

    ``feed``, ``flush``, ``finish`` and ``room`` are for the event loop that made it.
    """

    def __init__(
        self,
        voice: str | None,
        manner: Manner,
        changed: threading.Condition,
        pace: Pace,
        split_words: SplitWords,
        max_characters: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Made by ``Speaker.stream``."""
        super().__init__(iter(()), voice, manner, changed, clock)
        self._text = LiveText(split_words, pace, manner.rate)
        self._max_characters = max_characters
        self._loop = asyncio.get_running_loop()
        self._room = asyncio.Event()
        self._next: Stretch | None = None
        self._pending: deque[Phrase] = deque()

    @property
    def characters(self) -> int:
        """Characters that have come."""
        return len(self._text.text)

    @property
    def speakable(self) -> bool:
        """Whether anything that can be pronounced has come."""
        return self._text.speakable

    @property
    def finished(self) -> bool:
        """Whether nothing more comes."""
        return self._text.finished

    def feed(self, piece: str) -> None:
        """Add *piece* to the text; without effect once it is finished or cancelled.

        Raises:
            SpeechTextError: the text would be longer than allowed; *piece* is left out.
        """
        with self._changed:
            if self._text.finished or self._closed:
                return
            if self.characters + len(piece) > self._max_characters:
                raise SpeechTextError(
                    f"the text has over {self._max_characters} characters: "
                    "end the utterance and begin another"
                )
            self._text.feed(piece, self._clock())
            self._changed.notify_all()

    def flush(self) -> None:
        """Speak what has come without waiting for what follows."""
        with self._changed:
            self._text.flush()
            self._changed.notify_all()

    def finish(self) -> None:
        """Nothing more comes: speak what is left, then end."""
        with self._changed:
            self._text.finish()
            self._changed.notify_all()

    def cancel(self) -> None:
        """Drop what is not yet spoken; whoever is iterating, or waits for room, stops at once."""
        super().cancel()
        self._let_in()

    async def room(self) -> None:
        """Wait while more than ``ROOM_CHARACTERS`` wait to be spoken."""
        while not self._closed and self._text.unspoken > ROOM_CHARACTERS:
            self._room.clear()
            await self._room.wait()

    # For the speech thread.

    @property
    def splits_words(self) -> bool:
        """Whether any Chinese has come."""
        return self._text.chinese

    def wait_s(self) -> float:
        """How long until there is a phrase to speak, or the end to tell: 0 if there is now."""
        with self._changed:
            if self._pending or self._text.over:
                return 0.0
            decided = self._text.next(self._clock(), self.unheard_s)
            self._next = None if isinstance(decided, Wait) else decided
            return decided.duration_s if isinstance(decided, Wait) else 0.0

    def take_phrase(self) -> tuple[Phrase, bool] | None:
        """The phrase that ``wait_s`` found and whether it is the last; None at the end."""
        if not self._pending:
            with self._changed:
                stretch, text = self._next, self._text.text
                if stretch is None:
                    return None
                self._text.take(stretch)
                self._next = None
            self._let_in()
            self._pending += phrases.within(text, stretch, self._text.language)
            self._text.language = self._pending[-1].language
        phrase = self._pending.popleft()
        return phrase, not self._pending and self._text.over

    def exhausted(self) -> None:
        """All was spoken when it became known that nothing more comes."""
        with self._changed:
            if self._text.over and not self._closed:
                self._finish()

    def _let_in(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._room.set)
        except RuntimeError:  # the loop is closed: nobody is waiting
            return

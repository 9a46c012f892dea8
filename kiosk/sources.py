"""Where an utterance comes from: a text being spoken, or an audio file being played."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from typing import Protocol, TypeVar

import numpy as np

from engine.timeline import samples
from kiosk.speech.decode import decode, to_master_rate
from kiosk.speech.live_request import LiveRequest
from kiosk.speech.speaker import SpeechRequest, SpokenPhrase
from kiosk.speech_queue import Caption, CaptionWord, Piece, Utterance

T = TypeVar("T")


class Source(Protocol):
    """Something that any number of stages can say."""

    @property
    def id(self) -> str:
        """The utterance's name."""
        ...

    def utterance(self) -> Utterance:
        """The utterance for one more stage."""
        ...


def new_utterance_id() -> str:
    """A name for an utterance, unique for all practical purposes."""
    return secrets.token_hex(6)


class TextSource:
    """A text that is being spoken, for any number of stages."""

    def __init__(self, request: SpeechRequest, pool: Executor) -> None:
        """Share *request*; it is cancelled when every stage has let go of it.

        Args:
            request: the text, with the voice that speaks it.
            pool: resamples.
        """
        self.id = new_utterance_id()
        self._request = request
        self._pool = pool
        self._held = 0

    def utterance(self) -> Utterance:
        """The text as an utterance for one more stage."""
        self._held += 1
        return Utterance(self.id, self._pieces(), self._release)

    def _release(self) -> None:
        self._held -= 1
        if self._held == 0:
            self._request.cancel()

    async def _pieces(self) -> AsyncIterator[Piece]:
        loop = asyncio.get_running_loop()
        async for phrase in self._request:
            yield await loop.run_in_executor(self._pool, piece_of, phrase)


class LiveSource(TextSource):
    """A text that still arrives, for any number of stages."""

    def __init__(self, text: LiveRequest, pool: Executor) -> None:
        """Share *text*, as ``TextSource`` does; it is fed by whoever has it."""
        super().__init__(text, pool)
        self.text = text


class FileSource:
    """An audio file that is being played, for any number of stages."""

    def __init__(self, data: bytes, pool: Executor) -> None:
        """Hold the file.

        Args:
            data: the whole file.
            pool: runs the decoder.
        """
        self.id = new_utterance_id()
        self._data = data
        self._pool = pool

    async def check(self) -> None:
        """Decode the beginning.

        Raises:
            AudioFileError: the file cannot be played; the message says why and what to do.
        """
        await self._run(lambda: next(iter(decode(self._data)), None))

    def utterance(self) -> Utterance:
        """The file as an utterance for one more stage."""
        return Utterance(self.id, self._pieces())

    async def _pieces(self) -> AsyncIterator[Piece]:
        chunks = await self._run(lambda: iter(decode(self._data)))
        while (chunk := await self._run(lambda: next(chunks, None))) is not None:
            yield Piece(chunk)

    async def _run(self, job: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, job)


def piece_of(phrase: SpokenPhrase) -> Piece:
    """A spoken phrase at the master rate, with the pause after it and its caption."""
    speech = phrase.speech
    pause = np.zeros(samples(phrase.pause_s), np.float32)
    words = tuple(CaptionWord(word.text, word.start_s, word.end_s) for word in speech.words)
    caption = Caption(speech.text, phrase.char_start, phrase.char_end, speech.duration_s, words)
    return Piece(np.concatenate([to_master_rate(speech), pause]), caption)

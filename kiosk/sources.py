"""Where speech comes from: text through a voice, or an audio file; both become utterances."""

import asyncio
import itertools
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Executor

from engine.media import FloatArray
from engine.timeline import samples
from kiosk.speech.decode import decode, to_master_rate
from kiosk.speech.speaker import Request, Speaker, SpokenPhrase
from kiosk.speech_queue import Caption, CaptionWord, Piece, Utterance

import numpy as np


def new_utterance_id() -> str:
    """A name for an utterance, unique for all practical purposes."""
    return secrets.token_hex(6)


class TextSource:
    """A text that is being spoken, for any number of stages."""

    def __init__(self, request: Request) -> None:
        """Share *request*; it is cancelled when every stage has let go of it."""
        self.id = new_utterance_id()
        self._request = request
        self._held = 0

    def utterance(self) -> Utterance:
        """The text as an utterance for one more stage."""
        self._held += 1
        return Utterance(self.id, _text_pieces(self._request), self._release)

    def _release(self) -> None:
        self._held -= 1
        if self._held == 0:
            self._request.cancel()


class FileSource:
    """An audio file that is being played, for any number of stages."""

    def __init__(self, data: bytes, pool: Executor) -> None:
        """Hold the file; *pool* runs the decoder."""
        self.id = new_utterance_id()
        self._data = data
        self._pool = pool

    async def check(self) -> None:
        """Decode the beginning.

        Raises:
            AudioFileError: the file cannot be played; the message says why and what to do.
        """
        chunks = await self._run(lambda: decode(self._data))
        await self._run(lambda: next(chunks, None))

    def utterance(self) -> Utterance:
        """The file as an utterance for one more stage."""
        return Utterance(self.id, self._pieces())

    async def _pieces(self) -> AsyncIterator[Piece]:
        chunks = await self._run(lambda: decode(self._data))
        while (chunk := await self._run(lambda: next(chunks, None))) is not None:
            yield Piece(chunk)

    async def _run[T](self, job: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, job)


async def _text_pieces(request: Request) -> AsyncIterator[Piece]:
    async for phrase in request:
        yield piece(phrase)

"""One writer at ``WS /v1/speak``: turns what comes into utterances, and tells what becomes of them.

Four tasks: one reads messages (and sees a cancel at once, however much text waits before it), one
feeds the voice, one hears the stage's events, one writes answers. What waits between them is
bounded (see ``backlog.py``).
"""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, Protocol

from aiohttp import WSMsgType, web

from kiosk.api import ProblemError
from kiosk.events import Event, Subscription
from kiosk.sockets import send
from kiosk.sources import LiveSource
from kiosk.speech.backlog import Backlog
from kiosk.speech.manner import Wish
from kiosk.speech.request import SpeechTextError
from kiosk.speech.speak_messages import (
    Answer,
    Asked,
    Command,
    CommandError,
    command,
    failure,
    invalid,
    refusal,
)
from kiosk.speech.text_decoder import TextDecoder
from kiosk.speech.written import Written
from kiosk.stages import Stages

HELD_ANSWERS: Final = 256
"""Answers that may wait for the writer to take them."""

LEAVING_S: Final = 10.0
"""So long, what a writer sent before leaving is still read."""

MAX_UTTERANCES: Final = 32
"""Utterances of one writer that may wait for the stage; others begin when one is over."""

STALL_S: Final = 30.0
"""An utterance to which nothing is added for so long is ended: others may wait for the stage."""


TOO_FAR_AHEAD: Final = failure(
    "too_far_ahead",
    "so much text waits to be spoken that the rest of it is dropped",
    "send the next utterance when one is finished",
)


class Streams(Protocol):
    """What a session needs of the voices."""

    def stream(self, voice: str | None, wish: Wish) -> LiveSource:
        """Begin to speak a text that is yet to come; raises ``ProblemError``."""
        ...


class SpeakSession:
    """One socket."""

    def __init__(
        self, socket: web.WebSocketResponse, stages: Stages, speech: Streams, asked: Asked
    ) -> None:
        """Serve *socket*, which is open."""
        self._socket = socket
        self._stages = stages
        self._speech = speech
        self._asked = asked
        self._decoder = TextDecoder()
        self._commands = Backlog()
        self._answers: asyncio.Queue[Answer] = asyncio.Queue(HELD_ANSWERS)
        self._current: Written | None = None
        self._said: dict[str, Written] = {}
        """Utterances that a stage has and has not done with, by id, in order."""
        self._fewer = asyncio.Event()
        self._deaf = False
        """Whether the text that comes belongs to an utterance that is over."""
        self._cancels = 0

    async def run(self, ready: Answer) -> None:
        """Say *ready*, then serve until the socket closes; what came by then is still said."""
        self._answers.put_nowait(ready)
        events = self._stages.hub.subscribe(self._asked.stage)
        works = (self._read(), self._feed(), self._write(), self._hear(events))
        tasks = [asyncio.create_task(work) for work in works]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            events.close()
            for task in tasks:
                task.cancel()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            self._end()
        for outcome in outcomes:
            if isinstance(outcome, Exception) and not isinstance(outcome, ConnectionError):
                raise outcome

    async def _read(self) -> None:
        async for message in self._socket:
            if message.type is WSMsgType.ERROR:
                break  # too long a message, bytes that are no text, or no answer to a ping
            try:
                binary = message.type is WSMsgType.BINARY
                asked = Command("text", bytes(message.data)) if binary else command(message.data)
            except CommandError as error:
                await self._answers.put(invalid(error))
                continue
            if asked.kind == "cancel":
                self._cancel()
            elif self._commands.put(asked):
                await self._answers.put(TOO_FAR_AHEAD)
        with suppress(TimeoutError):
            async with asyncio.timeout(LEAVING_S):
                await self._commands.join()

    async def _write(self) -> None:
        while True:
            await send(self._socket, json.dumps(await self._answers.get()))

    async def _feed(self) -> None:
        while True:
            stall_s = STALL_S if self._current else None
            try:
                async with asyncio.timeout(stall_s):
                    asked = await self._commands.get()
            except TimeoutError:
                await self._stalled()
                continue
            await self._do(asked)
            self._commands.done()

    async def _do(self, asked: Command) -> None:
        if asked.kind == "text":
            await self._text(asked.piece)
        elif asked.kind == "flush" and self._current:
            self._current.source.text.flush()
        elif asked.kind == "end":
            await self._text(self._decoder.finish())
            await self._finish()

    async def _stalled(self) -> None:
        self._end()
        message = f"nothing was added to the utterance for {STALL_S:.0f} s, so it was ended"
        remedy = 'send {"type": "end"} when an utterance is complete'
        await self._answers.put(failure("text_stalled", message, remedy))

    async def _text(self, piece: str | bytes) -> None:
        text = self._decoder.text(piece) if isinstance(piece, str) else self._decoder.data(piece)
        if not text or self._deaf:
            return
        cancels = self._cancels
        await self._turn()
        if cancels != self._cancels:
            return  # it was sent before the cancel
        try:
            utterance = self._current = self._current or self._new()
            utterance.source.text.feed(text)
            if not utterance.stages and utterance.source.text.speakable:
                self._begin(utterance)
        except ProblemError as error:
            await self._answers.put(refusal(error))
            self._drop()
        except SpeechTextError as error:
            message, _, remedy = str(error).partition(": ")
            await self._answers.put(failure("text_too_long", message, remedy))
            self._end()
            self._deaf = True
        else:
            await utterance.source.text.room()

    async def _turn(self) -> None:
        """Wait until one more utterance may be begun."""
        while self._current is None and len(self._said) >= MAX_UTTERANCES:
            self._fewer.clear()
            await self._fewer.wait()

    def _new(self) -> Written:
        return Written(self._speech.stream(self._asked.voice, self._asked.wish))

    def _begin(self, utterance: Written) -> None:
        """Give *utterance* to the stages; what this writer said before is said to its end."""
        stages = self._stages.select(self._asked.stage)
        cut = self._asked.interrupt and not self._said
        utterance.stages = {stage.name for stage in stages}
        self._said[utterance.source.id] = utterance
        for stage in stages:
            stage.say(utterance.source.utterance(), cut)

    async def _finish(self) -> None:
        """The utterance is complete."""
        if self._current and not self._current.source.text.speakable:
            message = "nothing in the text can be pronounced"
            await self._answers.put(failure("unspeakable_text", message, "send words or numbers"))
            self._drop()
        self._end()
        self._deaf = False

    def _end(self) -> None:
        """Nothing more is added to what is being written."""
        if self._current:
            self._current.source.text.finish()
            if not self._current.stages:
                self._current.source.text.cancel()
        self._current = None

    def _drop(self) -> None:
        """What is being written is not said; the rest of its text is passed over."""
        if self._current:
            self._current.source.text.cancel()
            self._said.pop(self._current.source.id, None)
        self._current = None
        self._deaf = True

    def _cancel(self) -> None:
        """Drop all of this writer's that is not said; the stages tell how far it came."""
        self._cancels += 1
        self._commands.clear()
        self._decoder = TextDecoder()
        self._end()
        self._deaf = False
        said = dict(self._said)
        for stage in list(self._stages):
            ours = [each for each in said.values() if stage.name in each.stages]
            if ours and stage.transcript.utterance in (None, *said):
                stage.interrupt()
                continue
            for utterance in ours:
                stage.withdraw(utterance.source.id)
        for utterance in said.values():
            utterance.source.text.cancel()

    async def _hear(self, events: Subscription) -> None:
        async for event in events:
            for answer in self._learn(event):
                await self._answers.put(answer)

    def _learn(self, event: Event) -> list[Answer]:
        """What the writer is told of *event*."""
        body = event.body
        if body["type"] == "stage" and body.get("event") == "closed":
            return self._stage_closed(event.stage)
        utterance = self._said.get(str(body.get("utterance")))
        if utterance is None or event.stage not in utterance.stages:
            return []
        if body["type"] == "word":
            utterance.characters_spoken = int(str(body["char_end"]))
        told = body["type"] == "utterance"
        return self._told(utterance, event.stage, body) if told else []

    def _told(self, utterance: Written, stage: str, body: Mapping[str, object]) -> list[Answer]:
        kind = str(body["event"])
        answer: Answer = {"utterance": utterance.source.id, "stage": stage}
        if kind == "started":
            return [{"type": kind, **answer}]
        self._over(utterance, stage)
        answer["characters_spoken"] = body["characters_spoken"]
        if kind != "failed":
            return [{"type": kind, **answer}]
        reason = str(body.get("reason", "the voice failed"))
        failed = failure("speech_failed", reason, "try again, or choose another voice")
        return [failed, {"type": "interrupted", **answer}]

    def _stage_closed(self, stage: str) -> list[Answer]:
        answers: list[Answer] = []
        for utterance in [each for each in self._said.values() if stage in each.stages]:
            self._over(utterance, stage)
            answers.append(utterance.interrupted(stage))
        if answers or stage == self._asked.stage:
            remedy = "a stage opens with its first viewer: see /v1/stages, then send text"
            answers.append(failure("stage_closed", f"stage {stage!r} is closed", remedy))
        return answers

    def _over(self, utterance: Written, stage: str) -> None:
        """*stage* has done with *utterance*; what else comes for it is passed over."""
        utterance.stages.discard(stage)
        if utterance.stages:
            return
        self._said.pop(utterance.source.id, None)
        self._fewer.set()
        if utterance is self._current:
            self._drop()

"""A conversation: what a visitor says, to a language model on the LAN, to a kiosk that speaks.

    python examples/dialogue.py --stage lobby --chat http://10.0.0.5:8000/v1 --model qwen --typed

Any server of OpenAI's ``/v1/chat/completions`` will do. Answers are spoken while they are written.
What the visitor says comes from the kiosk as sound and becomes words at a server of
``/v1/audio/transcriptions``, or is typed. Who interrupts an answer ends it, and the model is told
only as much of it as was heard. What is said is printed only with --show. Secrets: KIOSK_TOKEN,
CHAT_KEY, RECOGNISER_KEY in the environment.
"""

import argparse
import asyncio
import base64
import json
import os
import sys
import threading
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import aiohttp

Event = dict[str, Any]
Socket = aiohttp.ClientWebSocketResponse

SYSTEM = (
    "You are the assistant at a service desk and speak with a visitor. Answer in one to three "
    "short spoken sentences, in the visitor's language, without lists, markup or emoji."
)
CHAT_REMEDY = "is it running, and are --chat, --model and CHAT_KEY right?"
EAR_REMEDY = "is it running, and are --recogniser, its model and RECOGNISER_KEY right?"
SORRY = "I am sorry, I cannot answer just now."
MEMORY_MESSAGES = 24  # of the conversation, the last that the model is given
FAILURES = (aiohttp.ClientError, OSError, ValueError, LookupError, TypeError, AttributeError)
QUIET = aiohttp.ClientTimeout(total=None, sock_connect=5.0, sock_read=30.0)  # then given up
RETRY_S = 2.0
tell = partial(print, flush=True)
STOP_S = 1.0  # that the kiosk may take to tell how far it came with what it was told to drop


class DialogueError(Exception):
    """Something does not work; the message names the remedy."""


def key(name: str) -> dict[str, str]:
    """The header that carries a secret, if the environment has it."""
    return {"Authorization": f"Bearer {os.environ[name]}"} if os.environ.get(name) else {}


async def chat(
    session: aiohttp.ClientSession, where: str, body: dict[str, object]
) -> AsyncGenerator[str, None]:
    """Pieces of the model's answer as it writes them (server-sent events); raises DialogueError."""
    try:
        async with session.post(where, json=body, headers=key("CHAT_KEY"), timeout=QUIET) as got:
            await require_ok(got)
            async for line in got.content:
                data = line.decode("utf-8", "replace").strip().removeprefix("data:").strip()
                if data == "[DONE]":
                    return
                if data.startswith("{") and (piece := content(data)):
                    yield piece
    except FAILURES as error:
        raise DialogueError(f"{where} fails ({error!r}): {CHAT_REMEDY}") from None


def content(data: str) -> str:
    """The words in one event of the chat server."""
    event = json.loads(data)
    if "error" in event:
        raise ValueError(f"it says {event['error']}")
    choices = event.get("choices") or [{}]
    return str((choices[0].get("delta") or {}).get("content") or "")


async def recognise(session: aiohttp.ClientSession, where: str, model: str, wav: bytes) -> str:
    """The words in a WAV file; raises DialogueError."""
    form = aiohttp.FormData({"model": model})
    form.add_field("file", wav, filename="visitor.wav", content_type="audio/wav")
    try:
        async with session.post(
            where, data=form, headers=key("RECOGNISER_KEY"), timeout=QUIET
        ) as got:
            await require_ok(got)
            return str((await got.json())["text"]).strip()
    except FAILURES as error:
        raise DialogueError(f"{where} fails ({error!r}): {EAR_REMEDY}") from None


async def require_ok(got: aiohttp.ClientResponse) -> None:
    """Raise ValueError with what a server says of a refusal."""
    if got.status != 200:
        raise ValueError(f"{got.status}: {(await got.text(errors='replace'))[:200].strip()}")


@dataclass
class Answer:
    """One answer: written by the model, spoken meanwhile, ended by its end or by the visitor."""

    text: str = ""
    begun: bool = False  # to be heard
    over: asyncio.Event = field(default_factory=asyncio.Event)  # ended, or no longer wanted
    end: Event = field(default_factory=dict)  # how, as the kiosk told it

    def finish(self, event: Event) -> None:
        """It is over: *event* says how."""
        self.end = self.end or event
        self.over.set()

    @property
    def heard(self) -> str:
        """What of it was heard."""
        whole = self.end.get("type") == "finished"
        return (self.text if whole else self.text[: self.end.get("characters_spoken", 0)]).strip()


class Dialogue:
    """One stage's conversation."""

    def __init__(self, session: aiohttp.ClientSession, options: argparse.Namespace) -> None:
        self.history: list[dict[str, str]] = []
        self._session = session
        self._options = options
        self._words: asyncio.Queue[str] = asyncio.Queue()
        self._answer: Answer | None = None
        self._recognising: set[asyncio.Task[None]] = set()

    def _connect(self, path: str) -> AbstractAsyncContextManager[Socket]:
        url = f"{self._options.kiosk}{path}&stage={self._options.stage}"
        return self._session.ws_connect(url, headers=key("KIOSK_TOKEN"), heartbeat=20.0)

    async def listen(self) -> None:
        """Follow the kiosk's events for ever; a kiosk that is away is waited for."""
        kiosk, audio = self._options.kiosk, int(bool(self._options.recogniser))
        while True:
            try:
                async with self._connect(f"/v1/events?audio={audio}") as socket:
                    tell(f"listening to stage {self._options.stage} at {kiosk}")
                    async for message in socket:
                        self.take(message.json())
                why = "it closed the connection"
            except FAILURES as error:
                why = repr(error)
            remedy = "is it running, and are --kiosk, --stage and KIOSK_TOKEN right? Trying again"
            tell(f"no kiosk at {kiosk} ({why}): {remedy}")
            await asyncio.sleep(RETRY_S)

    def take(self, event: Event) -> None:
        """Do what one event of the kiosk asks for."""
        kind, what, answer = event.get("type"), event.get("event"), self._answer
        if kind == "visitor" and what == "started" and answer and not answer.begun:
            answer.over.set()  # the visitor goes on: the answer would come too early
        elif kind == "visitor" and "audio" in event and self._options.recogniser:
            task = asyncio.create_task(self._recognise(base64.b64decode(event["audio"])))
            self._recognising.add(task)
            task.add_done_callback(self._recognising.discard)

    def hear(self, words: str, interrupts: bool = False) -> None:
        """A visitor has said *words*: answer them, after or instead of what is being said."""
        self._show("a visitor", words)
        self._words.put_nowait(words)
        if interrupts and self._answer:
            self._answer.over.set()

    async def converse(self) -> None:
        """Answer whatever is heard, for ever."""
        while True:
            words = await self._words.get()
            if self.history and self.history[-1]["role"] == "user":
                words = f"{self.history.pop()['content']} {words}"  # not answered: it goes on
            self.history = [*self.history, {"role": "user", "content": words}][-MEMORY_MESSAGES:]
            answer = self._answer = Answer()
            try:
                await self._give(answer)
            except FAILURES as error:
                tell(
                    f"the kiosk did not speak ({error!r}): is it running, and is the stage watched?"
                )
            self._answer = None
            if answer.heard:
                self.history.append({"role": "assistant", "content": answer.heard})
                cut = "" if answer.heard == answer.text.strip() else " …"
                self._show("the kiosk", answer.heard, cut)

    def _show(self, who: str, words: str, cut: str = "") -> None:
        """Tell who spoke; what was said, only if asked to: output may end up in a journal."""
        show = self._options.show
        tell(f"{who}: {words}{cut}" if show else f"{who} spoke ({len(words)} characters{cut})")

    async def _recognise(self, wav: bytes) -> None:
        asked = self._options
        where, model = f"{asked.recogniser}/audio/transcriptions", asked.recogniser_model
        try:
            if words := await recognise(self._session, where, model, wav):
                self.hear(words)
        except DialogueError as error:
            tell(str(error))

    async def _give(self, answer: Answer) -> None:
        """Have *answer* written and spoken until it has ended or is stopped."""
        async with self._connect("/v1/speak?") as socket:
            writing = asyncio.create_task(self._write(answer, socket))
            reading = asyncio.create_task(self._read(answer, socket))
            try:
                await answer.over.wait()
                writing.cancel()
                if not answer.end:
                    answer.over.clear()
                    await socket.send_json({"type": "cancel"})
                    with suppress(TimeoutError):
                        await asyncio.wait_for(answer.over.wait(), STOP_S if answer.begun else 0.0)
            finally:
                writing.cancel()
                reading.cancel()
                await asyncio.gather(writing, reading, return_exceptions=True)

    async def _write(self, answer: Answer, socket: Socket) -> None:
        """Pass on what the model writes."""
        asked = self._options
        messages = [{"role": "system", "content": asked.system}, *self.history]
        body = {"model": asked.model, "messages": messages, "stream": True}
        pieces = chat(self._session, f"{asked.chat}/chat/completions", body)
        try:
            async with aclosing(pieces):
                async for piece in pieces:
                    answer.text += piece
                    await socket.send_json({"type": "text", "text": piece})
        except DialogueError as error:
            tell(str(error))
            if not answer.text.strip():
                answer.text = SORRY
                await socket.send_json({"type": "text", "text": SORRY})
        await socket.send_json({"type": "end"})
        if not answer.text.strip():
            answer.finish({"type": "finished"})

    async def _read(self, answer: Answer, socket: Socket) -> None:
        """What the kiosk says: that it begins, how far it came, or why it cannot be spoken."""
        try:
            async for message in socket:
                told = message.json()
                if told["type"] == "started":
                    answer.begun = True
                elif told["type"] == "error":
                    tell(f"the kiosk does not speak: {told['message']}: {told['remedy']}")
                if told["type"] in ("finished", "interrupted", "error"):
                    answer.finish(told)
        except FAILURES as error:  # a connection that fails gives a message without text
            tell(f"the kiosk is not understood ({error!r}): is --kiosk the address of a kiosk?")
        finally:
            answer.finish({"type": "error"})  # if nothing else ended it


def read_lines(loop: asyncio.AbstractEventLoop, dialogue: Dialogue) -> None:
    """Take lines from standard input as the visitor's words; in a thread of its own."""
    for words in filter(None, map(str.strip, sys.stdin)):
        loop.call_soon_threadsafe(dialogue.hear, words, True)


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """What was asked on the command line."""
    parser = argparse.ArgumentParser(description="Joins a chat server on the LAN to a kiosk.")
    add = parser.add_argument
    add("--chat", required=True, help="address of the chat server, up to and with /v1")
    add("--model", required=True, help="name of its model")
    add("--recogniser", help="address of a server of /audio/transcriptions, up to and with /v1")
    add("--recogniser-model", default="whisper-1", help="name of its model (%(default)s)")
    add("--typed", action="store_true", help="lines that are typed are the visitor's words")
    add("--kiosk", default="http://localhost:8080", help="address of the kiosk (%(default)s)")
    add("--stage", default="lobby", help="who speaks: the page's ?stage= (%(default)s)")
    add("--show", action="store_true", help="print what is said, not only that somebody spoke")
    add("--system", default=SYSTEM, help="what the model is told beforehand")
    asked = parser.parse_args(arguments)
    if not (asked.recogniser or asked.typed):
        parser.error("there is nobody to listen to: give --recogniser ADDRESS, or --typed")
    return asked


async def run(asked: argparse.Namespace) -> None:
    """Converse until cancelled."""
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
        dialogue = Dialogue(session, asked)
        group.create_task(dialogue.listen())
        group.create_task(dialogue.converse())
        if asked.typed:
            reader = (asyncio.get_running_loop(), dialogue)
            threading.Thread(target=read_lines, args=reader, daemon=True).start()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(run(options()))

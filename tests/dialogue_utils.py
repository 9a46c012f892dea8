"""A conversation of the example, with a fake chat server, recogniser and kiosk."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

from examples.dialogue import Dialogue, options

WAV = b"RIFF....WAVE"
Message = dict[str, str]


class FakeServers:
    """A language model, a recogniser, and a kiosk that speaks one character after another."""

    def __init__(self) -> None:
        self.asked: list[list[Message]] = []
        self.sounds: list[bytes] = []
        self.heard_words = "where is desk five"
        self.reply: list[str] = ["It is ", "on the ", "left."]
        self.chat_status = 200
        self.chat_raw: bytes | None = None
        self.hold = asyncio.Event()
        self.hold.set()
        self.spoken: list[Message] = []
        self.closed_early = False
        self.events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.utterances = 0
        self.finishes = True
        self.voice = web.WebSocketResponse()
        self.app = web.Application()
        self.app.router.add_post("/v1/chat/completions", self._chat)
        self.app.router.add_post("/v1/audio/transcriptions", self._recognise)
        self.app.router.add_get("/v1/events", self._events)
        self.app.router.add_get("/v1/speak", self._speak)

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        assert body["stream"] is True and body["model"] == "m"
        assert request.headers["Authorization"] == "Bearer chat-secret"
        self.asked.append(body["messages"])
        if self.chat_status != 200:
            return web.Response(status=self.chat_status, text="no such model")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(self.chat_raw or b": hello\n\n")
        await response.write(b'data: {"choices": [{"delta": {"role": "assistant"}}]}\n\n')
        for piece in self.reply:
            event = {"choices": [{"delta": {"content": piece}}]}
            await response.write(f"data: {json.dumps(event)}\n\n".encode())
            try:
                await self.hold.wait()
            except asyncio.CancelledError:  # as a test server tells that the caller has gone
                self.closed_early = True
                raise
        await response.write(b"data: [DONE]\n\n")
        return response

    async def _recognise(self, request: web.Request) -> web.Response:
        form = await request.post()
        part = form["file"]
        assert isinstance(part, web.FileField) and form["model"] == "whisper-1"
        self.sounds.append(part.file.read())
        return web.json_response({"text": f" {self.heard_words} "})

    async def _events(self, request: web.Request) -> web.WebSocketResponse:
        assert request.query["stage"] == "lobby"
        assert request.headers["Authorization"] == "Bearer kiosk-secret"
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "stages": []})
        with contextlib.suppress(ConnectionError):
            while True:
                await socket.send_json(await self.events.get())
        return socket

    async def _speak(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.utterances += 1
        self.voice = socket
        await socket.send_json({"type": "ready", "stage": request.query["stage"]})
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                break
            told = message.json()
            self.spoken.append(told)
            if told["type"] == "cancel":
                await self.tell("interrupted", 3)
            if told["type"] == "end" and self.finishes:
                await self.tell("started")
                await self.tell("finished", 99)
        return socket

    async def tell(self, kind: str, characters: int = 0) -> None:
        told = {"type": kind, "utterance": f"u{self.utterances}", "stage": "lobby"}
        await self.voice.send_json({**told, "characters_spoken": characters})

    def visitor(self, event: str, **more: object) -> None:
        self.events.put_nowait({"type": "visitor", "event": event, **more})

    @property
    def words(self) -> str:
        return "".join(m["text"] for m in self.spoken if m["type"] == "text")


@contextlib.asynccontextmanager
async def conversing(*more: str) -> AsyncIterator[tuple[FakeServers, Dialogue]]:
    """A conversation that goes on, and the servers it is held through."""
    servers = FakeServers()
    async with TestServer(servers.app) as server, aiohttp.ClientSession() as session:
        url = str(server.make_url("")).rstrip("/")
        fixed = ["--kiosk", url, "--chat", f"{url}/v1", "--model", "m", *more]
        asked = options([*fixed, "--recogniser", f"{url}/v1"])
        going = Dialogue(session, asked)
        tasks = [asyncio.create_task(work) for work in (going.listen(), going.converse())]
        await asyncio.sleep(0.05)
        yield servers, going
        servers.hold.set()
        for task in tasks:
            assert not task.done(), "a conversation never ends by itself"
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(condition: Callable[[], object]) -> None:
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.01)
    pytest.fail("it did not come to that in 5 s")


def said(*turns: str) -> list[Message]:
    roles = ("user", "assistant")
    return [{"role": roles[i % 2], "content": turn} for i, turn in enumerate(turns)]

"""The example of a conversation, against a fake chat server, recogniser and kiosk."""

import asyncio
import base64
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

from examples import dialogue
from examples.dialogue import SORRY, Dialogue, options

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


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIOSK_TOKEN", "kiosk-secret")
    monkeypatch.setenv("CHAT_KEY", "chat-secret")
    monkeypatch.setattr(dialogue, "RETRY_S", 0.05)
    monkeypatch.setattr(dialogue, "STOP_S", 0.5)


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


async def test_a_visitor_s_words_are_recognised_answered_and_remembered() -> None:
    async with conversing("--system", "Be brief.") as (servers, going):
        servers.visitor("ended", audio=base64.b64encode(WAV).decode())
        await until(lambda: len(going.history) == 2)
        assert servers.sounds == [WAV]
        assert servers.words == "It is on the left." and servers.spoken[-1]["type"] == "end"
        assert going.history == said("where is desk five", "It is on the left.")
        going.hear("thanks")
        await until(lambda: len(going.history) == 4)
        assert servers.asked[1] == [
            {"role": "system", "content": "Be brief."},
            *said("where is desk five", "It is on the left.", "thanks"),
        ]


async def test_an_interrupted_answer_is_no_longer_written_and_kept_as_far_as_it_was_heard() -> None:
    async with conversing() as (servers, going):
        servers.hold.clear()
        servers.reply = ["It is on the left, ", *(["and so on "] * 5000)]
        going.hear("where is it")
        await until(lambda: servers.words)
        await servers.tell("started")
        await asyncio.sleep(0.05)
        servers.visitor("started", interrupted="u1", characters_spoken=5)
        await servers.tell("interrupted", 5)
        await until(lambda: len(going.history) == 2)
        assert going.history == said("where is it", "It is")
        await until(lambda: servers.closed_early)
        servers.hold.set()
        servers.reply = ["Yes."]
        servers.visitor("ended", audio=base64.b64encode(WAV).decode())
        await until(lambda: len(going.history) == 4)
        assert servers.asked[1][1:] == said("where is it", "It is", "where is desk five")


async def test_who_goes_on_before_the_answer_began_is_answered_as_a_whole() -> None:
    async with conversing() as (servers, going):
        servers.hold.clear()
        going.hear("where is")
        await until(lambda: servers.words)
        servers.visitor("started", interrupted=None, characters_spoken=0)
        await until(lambda: any(m["type"] == "cancel" for m in servers.spoken))
        servers.hold.set()
        going.hear("desk five")
        await until(lambda: going.history[-1]["role"] == "assistant" and len(servers.asked) == 2)
        assert going.history[-2]["content"].endswith("desk five")


async def test_a_line_that_is_typed_interrupts() -> None:
    async with conversing() as (servers, going):
        servers.finishes = False
        going.hear("one")
        await until(lambda: servers.spoken and servers.spoken[-1]["type"] == "end")
        await servers.tell("started")
        await asyncio.sleep(0.05)
        servers.finishes = True
        going.hear("two", interrupts=True)
        await until(lambda: len(going.history) == 4)
        assert going.history == said("one", "It", "two", "It is on the left.")


@pytest.mark.parametrize(
    ("status", "raw", "told"),
    [
        (404, None, "404: no such model"),
        (200, b"data: {oops\n\n", "JSONDecodeError"),
        (200, b'data: {"error": {"message": "out of memory"}}\n\n', "out of memory"),
        (200, b'data: {"choices": [7]}\n\n', "AttributeError"),
    ],
)
async def test_a_chat_server_that_fails_is_told_of_and_apologised_for(
    status: int, raw: bytes | None, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with conversing() as (servers, going):
        servers.chat_status, servers.chat_raw = status, raw
        going.hear("hello")
        await until(lambda: len(going.history) == 2)
        assert servers.words == SORRY
        shown = capsys.readouterr().out
        assert told in shown and "are --chat, --model and CHAT_KEY right?" in shown
        servers.chat_status, servers.chat_raw = 200, None
        going.hear("again")
        await until(lambda: len(going.history) == 4)


async def test_a_kiosk_that_goes_away_is_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    async with conversing() as (servers, going):
        servers.events.put_nowait({"type": object})  # breaks the fake's connection
        await until(lambda: capsys.readouterr().out.count("no kiosk at"))
        await asyncio.sleep(0.2)
        servers.visitor("ended", audio=base64.b64encode(WAV).decode())
        await until(lambda: len(going.history) == 2)


async def test_a_voice_that_breaks_off_ends_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    async with conversing() as (servers, going):
        servers.finishes = False
        going.hear("hello")
        await until(lambda: servers.spoken and servers.spoken[-1]["type"] == "end")
        await servers.voice.close()
        await until(lambda: going._answer is None)
        assert going.history == said("hello"), "nobody knows what was heard of it"
        going.hear("once more")
        await until(lambda: servers.spoken[-1]["type"] == "end" and going._answer)
        error = {"type": "error", "message": "the stage is closed", "remedy": "open the page"}
        await servers.voice.send_json({**error, "code": "stage_closed"})
        await until(lambda: going._answer is None)
        assert "the stage is closed: open the page" in capsys.readouterr().out


def test_nobody_to_listen_to_is_an_error_with_the_remedy(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        options(["--chat", "http://chat/v1", "--model", "m"])
    assert ended.value.code == 2 and "--recogniser ADDRESS, or --typed" in capsys.readouterr().err


async def test_it_runs_as_a_program_and_tells_its_options() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "examples/dialogue.py", "--help", stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    for option in ("--chat", "--model", "--recogniser", "--typed", "--kiosk", "--stage"):
        assert option in out.decode()

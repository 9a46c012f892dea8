"""What ends a writer's socket, and a writer far ahead of the voice: told so, cancelled at once."""

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import pytest
from aiohttp import WSMessage, WSMsgType
from aiohttp.web import WebSocketResponse

from kiosk.speech import backlog, speak_session, speak_socket
from kiosk.speech.speak_messages import Asked
from kiosk.speech.speak_session import SpeakSession
from tests.test_kiosk_speech_speak_socket import answer, hall, say, writer

HUGE = b"x" * (speak_socket.MAX_MESSAGE_BYTES + 1)
NO_TEXT = b"\xff"


class Breaking:
    """A socket that fails as aiohttp's do."""

    async def __aiter__(self) -> AsyncIterator[WSMessage]:
        yield WSMessage(WSMsgType.ERROR, TimeoutError("no answer to a ping"), None)

    async def send_str(self, text: str) -> None:
        """Take what is told."""


async def test_a_socket_that_fails_is_no_fault() -> None:
    async with hall() as (_, kiosk, _, speech):
        socket = cast(WebSocketResponse, Breaking())
        session = SpeakSession(socket, kiosk.stages, speech, Asked("lobby"))
        await asyncio.wait_for(session._read(), 5)  # nothing waits to be said: it ends at once


@pytest.mark.parametrize(("data", "code"), [(HUGE, 1009), (NO_TEXT, 1007)], ids=["huge", "no text"])
async def test_a_message_that_cannot_be_read_ends_the_socket_alone(data: bytes, code: int) -> None:
    async with hall() as (client, *_):
        async with writer(client) as socket:
            await say(socket, "word ", end=False)
            await socket._writer.send_frame(data, WSMsgType.TEXT)
            while (message := await socket.receive(timeout=5)).type is WSMsgType.TEXT:
                pass
            assert socket.close_code == code, message
        async with writer(client):
            pass


async def test_text_without_measure_is_told_and_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog, "HELD_CHARACTERS", 10_000)
    async with hall() as (client, _, _, speech), writer(client) as socket:
        speech.english.gate.clear()
        await say(socket, *["many words " * 20] * 200)
        assert (await answer(socket, "error"))["code"] == "too_far_ahead"
        await socket.send_json({"type": "cancel"})
        await answer(socket, "interrupted")
        speech.english.gate.set()
        await say(socket, "Again.")
        await answer(socket, "started")
        assert (await answer(socket, "finished"))["characters_spoken"] == 6


async def test_what_waited_when_it_was_cancelled_is_not_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(speak_session, "MAX_UTTERANCES", 1)
    async with hall() as (client, _, _, speech), writer(client) as socket:
        await say(socket, "one two three four. " * 5)
        await answer(socket, "started")
        await say(socket, "Old.")
        await asyncio.sleep(0.1)
        await socket.send_json({"type": "cancel"})
        await answer(socket, "interrupted")
        await say(socket, "New.")
        await answer(socket, "started")
        assert (await answer(socket, "finished"))["characters_spoken"] == 4
        assert "Old." not in speech.english.spoken

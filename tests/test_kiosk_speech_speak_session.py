"""A writer far ahead of the voice: told so, and cancelled at once."""

import asyncio

import pytest

from kiosk.speech import backlog, speak_session
from tests.test_kiosk_speech_speak_socket import answer, hall, say, writer


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

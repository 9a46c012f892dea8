"""Text streamed over a socket to a real stage: spoken, cut off, cancelled, refused."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from kiosk.app import Kiosk
from kiosk.speech import speak_session, speak_socket
from kiosk.stage import Stage
from tests.kiosk_client import UPGRADE, FakeSpeech, KioskClient, kiosk_client

Socket = aiohttp.ClientWebSocketResponse


@contextlib.asynccontextmanager
async def hall(
    linger_s: float = 2.0,
) -> AsyncIterator[tuple[KioskClient, Kiosk, Stage, FakeSpeech]]:
    speech = FakeSpeech()
    async with kiosk_client(speech, stages__linger_s=linger_s) as (client, kiosk):
        stage = await kiosk.stages.open("lobby", None, "square")
        yield client, kiosk, stage, speech
        for voice in (speech.english, speech.mandarin):
            voice.gate.set()


async def answer(socket: Socket, kind: str) -> dict[str, Any]:
    """The next answer, which must be of *kind*."""
    told: dict[str, Any] = await socket.receive_json(timeout=10)
    assert told["type"] == kind, told
    return told


async def say(socket: Socket, *pieces: str, end: bool = True) -> None:
    for piece in pieces:
        await socket.send_str(json.dumps({"type": "text", "text": piece}))
    if end:
        await socket.send_json({"type": "end"})


@contextlib.asynccontextmanager
async def writer(client: KioskClient, query: str = "?stage=lobby") -> AsyncIterator[Socket]:
    async with client.ws_connect(f"/v1/speak{query}") as socket:
        ready = await answer(socket, "ready")
        assert ready["max_characters"]
        yield socket


async def test_text_is_spoken_while_it_arrives() -> None:
    async with hall() as (client, _, stage, speech), writer(client) as socket:
        await say(socket, "Ye", "s. It op", end=False)
        started = await answer(socket, "started")
        assert started["stage"] == "lobby" and stage.speaking
        assert speech.english.spoken == ["Yes."]
        await say(socket, "ens at nine.")
        finished = await answer(socket, "finished")
        assert finished["utterance"] == started["utterance"]
        assert finished["characters_spoken"] == len("Yes. It opens at nine.")


async def test_bytes_may_end_within_a_character() -> None:
    async with hall() as (client, _, _, speech), writer(client) as socket:
        data = "您好。".encode()
        await socket.send_bytes(data[:4])
        await socket.send_bytes(data[4:])
        await socket.send_json({"type": "end"})
        await answer(socket, "started")
        assert (await answer(socket, "finished"))["characters_spoken"] == 3
        assert speech.mandarin.spoken == ["您好。"]


async def test_a_flush_speaks_what_there_is() -> None:
    async with hall() as (client, _, _, speech), writer(client) as socket:
        await say(socket, "Number fiv", end=False)
        await socket.send_json({"type": "flush"})
        await answer(socket, "started")
        assert speech.english.spoken == ["Number fiv"]


async def test_utterances_of_one_writer_follow_each_other() -> None:
    async with hall() as (client, _, _, _), writer(client) as socket:
        await say(socket, "One two three.")
        await say(socket, "Four.")
        ids = []
        for _ in range(2):
            ids.append((await answer(socket, "started"))["utterance"])
            assert (await answer(socket, "finished"))["utterance"] == ids[-1]
        assert ids[0] != ids[1]


async def test_a_cancel_tells_how_far_it_came() -> None:
    async with hall() as (client, _, stage, _), writer(client) as socket:
        await say(socket, "one two three four five six seven eight nine. " * 20, end=False)
        await answer(socket, "started")
        await asyncio.sleep(0.5)
        await socket.send_json({"type": "cancel"})
        told = await answer(socket, "interrupted")
        assert 3 <= told["characters_spoken"] <= 60
        assert not stage.queue.busy
        await say(socket, "Again.")
        await answer(socket, "started")
        assert (await answer(socket, "finished"))["characters_spoken"] == 6


async def test_a_cancel_is_seen_past_text_that_waits() -> None:
    async with hall() as (client, _, _, speech), writer(client) as socket:
        speech.english.gate.clear()
        for _ in range(3000):
            await say(socket, "word ", end=False)
        await socket.send_json({"type": "cancel"})
        assert (await answer(socket, "interrupted"))["characters_spoken"] == 0
        assert speech.streamed[-1].text.cancelled


async def test_an_interrupt_is_told_at_once_and_the_rest_is_dropped() -> None:
    async with hall() as (client, _, _, speech), writer(client) as socket:
        await say(socket, "one two three four. " * 20, end=False)
        await answer(socket, "started")
        await client.post("/v1/interrupt")
        await answer(socket, "interrupted")
        await say(socket, "the rest of it.")
        await say(socket, "Next.")
        await answer(socket, "started")
        await answer(socket, "finished")
        assert speech.english.spoken[-1] == "Next."


async def test_a_later_writer_takes_over_or_waits_as_it_asks() -> None:
    async with hall() as (client, _, _, _), writer(client) as first:
        await say(first, "one two three four. " * 20, end=False)
        await answer(first, "started")
        async with writer(client, "?stage=lobby&interrupt=false") as patient:
            await say(patient, "Patient.")
            await asyncio.sleep(0.2)
            async with writer(client, "?stage=lobby") as hasty:
                await say(hasty, "Hasty.")
                await answer(first, "interrupted")
                assert (await answer(patient, "interrupted"))["characters_spoken"] == 0
                await answer(hasty, "started")
                await answer(hasty, "finished")
            await say(patient, "Patient again.")
            await answer(patient, "started")


async def test_a_cancel_of_what_waits_leaves_the_speaker_alone() -> None:
    async with hall() as (client, _, stage, _), writer(client) as first:
        await say(first, "one two three four. " * 5)
        started = await answer(first, "started")
        async with writer(client, "?stage=lobby&interrupt=false") as patient:
            await say(patient, "Patient.")
            await asyncio.sleep(0.1)
            await patient.send_json({"type": "cancel"})
            assert (await answer(patient, "interrupted"))["characters_spoken"] == 0
            assert stage.transcript.utterance == started["utterance"]
            heard = stage.hub.subscribe("lobby")
            await answer(first, "finished")
            await asyncio.sleep(0.3)
            heard.close()
            told = {event.body.get("utterance") for event in [each async for each in heard]}
            assert told == {started["utterance"]} and not stage.speaking


async def test_a_closing_stage_is_told() -> None:
    async with hall(linger_s=0.0) as (client, kiosk, stage, _), writer(client) as socket:
        await say(socket, "one two three four. " * 20, end=False)
        await answer(socket, "started")
        await asyncio.sleep(0.4)
        kiosk.stages.arrived(stage)
        kiosk.stages.viewer_left(stage)
        assert (await answer(socket, "interrupted"))["characters_spoken"] > 0
        assert (await answer(socket, "error"))["code"] == "stage_closed"
        await say(socket, "to nobody.")
        await say(socket, "To nobody.")
        assert (await answer(socket, "error"))["code"] == "unknown_stage"


async def test_bad_messages_are_told_and_the_session_goes_on() -> None:
    async with hall() as (client, _, _, _), writer(client) as socket:
        for bad in ("", "x", "[]", '{"type": "sing"}', '{"type": "text", "text": null}'):
            await socket.send_str(bad)
            assert (await answer(socket, "error"))["code"] == "invalid_message"
        await say(socket, "\ud83d", "…")
        assert (await answer(socket, "error"))["code"] == "unspeakable_text"
        await say(socket, "Hello.")
        await answer(socket, "started")


async def test_a_text_without_end_is_cut_at_the_limit() -> None:
    async with hall() as (client, _, _, speech):
        speech.max_characters = 100
        async with writer(client) as socket:
            await say(socket, "extraordinarily " * 5, "long " * 5, "dropped", end=False)
            kinds = {(await socket.receive_json(timeout=5))["type"] for _ in range(3)}
            assert kinds == {"started", "error", "finished"}
            await say(socket, "dropped too")
            await say(socket, "Kept.")
            await answer(socket, "started")
            assert "dropped" not in " ".join(speech.english.spoken)


async def test_what_was_sent_before_leaving_is_said() -> None:
    async with hall() as (client, _, _, speech):
        async with writer(client) as socket:
            await say(socket, *["word "] * 200)
        async with asyncio.timeout(5):
            while not speech.streamed[-1].text.finished:  # noqa: ASYNC110 -- no event tells it
                await asyncio.sleep(0.01)
        assert speech.streamed[-1].text.characters == 1000


async def test_a_stalled_writer_gives_the_stage_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speak_session, "STALL_S", 0.3)
    async with hall() as (client, _, stage, speech), writer(client) as socket:
        await say(socket, "Unfinish", end=False)
        assert (await answer(socket, "error"))["code"] == "text_stalled"
        await answer(socket, "started")
        await answer(socket, "finished")
        assert speech.english.spoken == ["Unfinish"] and not stage.queue.busy


async def test_a_writer_who_leaves_is_spoken_to_the_end() -> None:
    async with hall() as (client, _, _, speech):
        spoken = asyncio.Event()
        loop = asyncio.get_running_loop()

        def speaks() -> None:
            loop.call_soon_threadsafe(spoken.set)

        speech.english.on_speak = speaks
        async with writer(client) as socket:
            await say(socket, "Good by", end=False)
        async with asyncio.timeout(5):
            await spoken.wait()


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("?stage=nowhere", 404, "unknown_stage"),
        ("?stage=a/b", 422, "invalid_name"),
        ("?stage=", 422, "invalid_name"),
        ("?rate=fast", 422, "invalid_request"),
        ("?rate=9", 422, "invalid_request"),
        ("?rate=nan", 422, "invalid_request"),
        ("?style=loud", 422, "invalid_request"),
        ("?interrupt=maybe", 422, "invalid_request"),
    ],
)
async def test_what_cannot_be_had_is_refused(query: str, status: int, code: str) -> None:
    async with hall() as (client, *_):
        response = await client.get(f"/v1/speak{query}", headers=UPGRADE)
        assert response.status == status
        assert (await response.json())["code"] == code


async def test_only_so_many_writers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speak_socket, "MAX_SOCKETS", 1)
    async with hall() as (client, *_), writer(client):
        response = await client.get("/v1/speak?stage=lobby", headers=UPGRADE)
        assert response.status == 503
        assert (await response.json())["code"] == "too_many_writers"


async def test_a_kiosk_that_stops_tells_its_writers() -> None:
    kiosk_stops = hall()
    client, *_ = await kiosk_stops.__aenter__()
    socket = await client.ws_connect("/v1/speak?stage=lobby")
    await answer(socket, "ready")
    stopping = asyncio.create_task(client.server.close())
    message = await socket.receive(timeout=5)
    assert (message.type, message.data, message.extra) == (
        aiohttp.WSMsgType.CLOSE, 1001, "the kiosk stops"
    )  # fmt: skip
    await stopping
    await kiosk_stops.__aexit__(None, None, None)


async def test_it_is_opened_as_every_socket_here_is() -> None:
    async with hall() as (client, *_):
        plain = await client.get("/v1/speak?stage=lobby")
        assert (plain.status, (await plain.json())["code"]) == (426, "not_a_websocket")
        offered = ["sonic-kiosk", "bearer.0123456789abcdef"]
        socket = await client.ws_connect("/v1/speak?stage=lobby", protocols=offered, compress=15)
        assert (socket.protocol, socket.compress) == ("sonic-kiosk", 0)
        await socket.close()

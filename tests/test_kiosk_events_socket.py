"""``WS /v1/events`` with real sockets: who is there, what happens, what was lost, the end."""

import asyncio
import base64
from typing import Any

import numpy as np
import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError

from kiosk import events_socket, sockets
from kiosk.app import Kiosk
from tests.kiosk_client import UPGRADE, KioskClient, kiosk_client
from tests.test_kiosk_whep import join, player


async def receive(socket: ClientWebSocketResponse) -> dict[str, Any]:
    async with asyncio.timeout(5):
        told: dict[str, Any] = await socket.receive_json()
    return told


async def until(socket: ClientWebSocketResponse, **wanted: object) -> dict[str, Any]:
    """The next event that has all of *wanted*."""
    while True:
        event = await receive(socket)
        if wanted.items() <= event.items():
            return event


async def opened(client: KioskClient, query: str = "") -> ClientWebSocketResponse:
    socket = await client.ws_connect(f"/v1/events{query}")
    hello = await receive(socket)
    assert hello["type"] == "hello"
    return socket


async def test_all_that_happens_is_told_in_order_from_before_the_first_stage() -> None:
    async with kiosk_client() as (client, _), player() as pc:
        socket = await opened(client)
        location = await join(client, pc, "?stage=hall")
        begun = await receive(socket)
        assert (begun["type"], begun["event"], begun["avatar"]) == ("stage", "opened", "ada")
        came = await receive(socket)
        assert (came["type"], came["event"], came["viewers"]) == ("viewer", "joined", 1)
        assert location.endswith(came["session"])
        await client.post("/v1/say", json={"text": "hello"})
        await until(socket, type="utterance", event="started", utterance="u1")
        word = await until(socket, type="word")
        assert (word["text"], word["char_start"], word["char_end"]) == ("word0", 0, 5)
        await client.post("/v1/interrupt")
        cut = await until(socket, type="utterance", event="interrupted")
        assert cut["stage"] == "hall" and cut["characters_spoken"] == 0
        await client.delete(location)
        left = await until(socket, type="viewer", event="left")
        assert left["viewers"] == 0 and left["id"] > cut["id"] > word["id"]
        await socket.close()


async def test_a_reader_of_one_stage_hears_of_that_one_even_if_it_opens_later() -> None:
    async with kiosk_client() as (client, _), player() as a, player() as b:
        await join(client, a, "?stage=hall")
        socket = await client.ws_connect("/v1/events?stage=desk")
        assert (await receive(socket))["stages"] == []
        both = await client.ws_connect("/v1/events")
        assert [stage["stage"] for stage in (await receive(both))["stages"]] == ["hall"]
        await join(client, b, "?stage=desk")
        assert (await receive(socket))["event"] == "opened"
        await client.put("/v1/stages/hall", json={"barge_in": False})
        await client.put("/v1/stages/desk", json={"barge_in": False})
        assert (await until(socket, event="changed"))["stage"] == "desk"
        await socket.close()
        await both.close()


async def test_sound_comes_only_to_who_asked_for_it() -> None:
    async with kiosk_client() as (client, kiosk):
        plain, sounding = await opened(client), await opened(client, "?audio=true")
        event = {"type": "visitor", "event": "ended", "duration_ms": 100}
        kiosk.stages.hub.publish("hall", event, np.zeros(1600, np.float32))
        assert "audio" not in await receive(plain)
        audio = base64.b64decode((await receive(sounding))["audio"])
        assert audio[:4] == b"RIFF" and len(audio) == 44 + 3200
        await plain.close()
        await sounding.close()


async def flood(kiosk: Kiosk, count: int) -> None:
    for number in range(count):
        kiosk.stages.hub.publish("hall", {"type": "flood", "number": number, "pad": "x" * 2000})
        if number % 100 == 0:
            await asyncio.sleep(0)


async def test_a_slow_reader_is_told_how_much_it_lost_and_holds_up_nobody() -> None:
    async with kiosk_client() as (client, kiosk):
        slow = await opened(client)
        await flood(kiosk, 20_000)  # 40 MB: more than all buffers on the way
        seen = lost = 0
        while seen + lost < 20_000:
            message = await receive(slow)
            if message["type"] == "lost":
                lost += message["count"]
            else:
                assert message["number"] == seen + lost
                seen += 1
        assert lost > 0
        assert kiosk.stages.hub.dropped_events == lost
        figures = await (await client.get("/metrics")).text()
        assert f"kiosk_events_dropped_total {float(lost)}" in figures
        await slow.close()


@pytest.mark.parametrize(
    ("query", "status"), [("?stage=a/b", 422), ("?stage=", 422), ("?audio=loud", 422)]
)
async def test_a_query_that_means_nothing_is_refused(query: str, status: int) -> None:
    async with kiosk_client() as (client, _):
        with pytest.raises(WSServerHandshakeError) as refusal:
            await client.ws_connect(f"/v1/events{query}")
        assert refusal.value.status == status


async def test_a_plain_get_is_told_to_use_a_websocket() -> None:
    async with kiosk_client() as (client, _):
        answer = await client.get("/v1/events")
        assert answer.status == 426
        problem = await answer.json()
        assert problem["code"] == "not_a_websocket" and "ws://" in problem["remedy"]


async def test_what_readers_say_is_ignored_and_too_much_of_it_ends_the_connection() -> None:
    async with kiosk_client() as (client, kiosk):
        socket = await opened(client)
        await socket.send_str("{")
        await socket.send_bytes(b"\x00\xff")
        kiosk.stages.hub.publish("hall", {"type": "still here"})
        assert (await receive(socket))["type"] == "still here"
        await socket.send_str("x" * 100_000)
        async with asyncio.timeout(5):
            assert (await socket.receive()).type in (WSMsgType.CLOSE, WSMsgType.CLOSED)


async def test_readers_are_let_go_when_the_server_ends() -> None:
    async with kiosk_client() as (client, _):
        socket = await opened(client)
        ending = asyncio.create_task(client.server.close())
        async with asyncio.timeout(5):
            message = await socket.receive()
            assert message.type is WSMsgType.CLOSE and message.data == 1001
            await ending


async def test_a_reader_that_goes_is_forgotten() -> None:
    async with kiosk_client() as (client, kiosk):
        socket = await opened(client)
        await socket.close()
        await asyncio.sleep(0.05)
        assert kiosk.stages.hub._subscriptions == []


async def test_a_reader_that_reads_no_more_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "SEND_S", 0.2)
    monkeypatch.setattr(sockets, "CLOSE_S", 0.2)
    async with kiosk_client() as (client, kiosk):
        stalled = await opened(client)
        runner = client.server.runner
        assert runner is not None
        server = runner.server
        assert server is not None
        async with asyncio.timeout(5):
            while kiosk.stages.hub._subscriptions or server.connections:
                await flood(kiosk, 500)  # until all buffers on the way are full
                await asyncio.sleep(0.01)
        await stalled.close()


async def test_readers_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events_socket, "MAX_READERS", 1)
    async with kiosk_client() as (client, _):
        socket = await opened(client)
        answer = await client.get("/v1/events", headers=UPGRADE)
        assert (answer.status, (await answer.json())["code"]) == (503, "too_many_readers")
        await socket.close()
        await asyncio.sleep(0.1)
        await (await opened(client)).close()

"""``WS /v1/audio`` on a real server: talk, floods, stalls, refusals, ends."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import numpy as np
import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application

from kiosk.app import Kiosk
from kiosk.listen import pcm_socket
from kiosk.stage import Stage
from tests.kiosk_client import UPGRADE, KioskClient, kiosk_client
from tests.live_utils import steady

Socket = ClientWebSocketResponse[Any]
TWO_MESSAGES_S = 5.0


@contextlib.asynccontextmanager
async def hall(token: str = "") -> AsyncIterator[tuple[KioskClient, Kiosk, Stage]]:
    """A server with one stage open."""
    async with kiosk_client(server__token=token) as (client, kiosk):
        stage = await kiosk.stages.open("hall", None, "square")
        yield client, kiosk, stage


async def heard(socket: Socket) -> dict[str, Any]:
    """The next message."""
    message = await socket.receive(TWO_MESSAGES_S)
    assert message.type is WSMsgType.TEXT, message
    told: dict[str, Any] = json.loads(message.data)
    return told


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what another task is about to do."""
    async with asyncio.timeout(TWO_MESSAGES_S):
        while not condition():  # noqa: ASYNC110  (nothing tells)
            await asyncio.sleep(0.01)


def pcm(duration_s: float, rate_hz: int = 48_000) -> bytes:
    return (32_767 * steady(0, int(duration_s * rate_hz))).astype("<i2").tobytes()


async def test_an_utterance_is_said_and_its_end_answered() -> None:
    async with hall() as (client, _, stage), client.ws_connect("/v1/audio?rate=16000") as socket:
        ready = await heard(socket)
        assert ready["type"] == "ready" and ready["stage"] == "hall"
        assert (ready["rate"], ready["format"]) == (16_000, "s16le")
        data = pcm(0.3, 16_000)
        for begin in range(0, len(data), 333):  # odd: samples are split between messages
            await socket.send_bytes(data[begin : begin + 333])
        await until(lambda: stage.queue.live)
        await socket.send_json({"type": "ping"})
        assert await heard(socket) == {"type": "pong"}
        await socket.send_json({"type": "end"})
        ended = await heard(socket)
        assert (ended["type"], ended["utterance"]) == ("ended", ready["utterance"])
        assert ended["interrupted"] is False and ended["next"] != ready["utterance"]
        await socket.send_bytes(data)
        await until(lambda: stage.queue.live)
        await socket.send_json({"type": "end"})
        assert (await heard(socket))["utterance"] == ended["next"]


async def test_an_interruption_is_told_at_once_and_the_end_is_still_answered() -> None:
    async with hall() as (client, _, stage), client.ws_connect("/v1/audio?rate=48000") as socket:
        name = (await heard(socket))["utterance"]
        await socket.send_bytes(pcm(0.5))
        await until(lambda: stage.queue.live)
        await client.post("/v1/interrupt")
        assert await heard(socket) == {"type": "interrupted", "utterance": name}
        await socket.send_bytes(pcm(0.5))
        await socket.send_json({"type": "end"})
        ended = await heard(socket)
        assert (ended["utterance"], ended["interrupted"]) == (name, True)
        assert not stage.queue.busy


async def test_a_flood_is_read_as_slowly_as_it_is_said_and_the_socket_stays_alive() -> None:
    """The client is not read meanwhile, so its pings and pongs are not either."""
    url = "/v1/audio?rate=48000&format=f32le"
    async with hall() as (client, kiosk, stage), client.ws_connect(url) as socket:
        await heard(socket)
        data = steady(0, 48_000).astype("<f4").tobytes()

        async def flood() -> None:
            for _ in range(60):
                await socket.send_bytes(data)

        flooding = asyncio.create_task(flood())
        await asyncio.sleep(1.0)
        assert not flooding.done(), "a minute of sound is not taken in a second"
        (inlet,) = kiosk.inlets
        assert inlet.dropped_samples == 0 and stage.queue.live
        inlet.close()  # what is on its way would be said first
        flooding.cancel()
        await asyncio.gather(flooding, return_exceptions=True)


async def test_floats_that_are_no_numbers_are_silence() -> None:
    url = "/v1/audio?rate=48000&format=f32le"
    async with hall() as (client, _, stage), client.ws_connect(url) as socket:
        await heard(socket)
        await socket.send_bytes(np.full(9_600, np.nan, "<f4").tobytes())
        await until(lambda: stage.queue.live)
        await socket.send_json({"type": "end"})
        assert (await heard(socket))["type"] == "ended"
        assert not stage.line.peek(stage.line.kept_pts, 960).any()


@pytest.mark.parametrize(
    "text", ["", "end", "[]", "7", "{}", '{"type": 7}', '{"type": "sing"}', "[" * 100_000]
)
async def test_a_message_that_says_nothing_known_is_told_so_and_all_goes_on(text: str) -> None:
    async with hall() as (client, _, _), client.ws_connect("/v1/audio?rate=8000") as socket:
        await heard(socket)
        await socket.send_str(text)
        told = await heard(socket)
        assert (told["type"], told["code"]) == ("error", "unknown_message")
        assert "end" in told["remedy"]
        await socket.send_json({"type": "ping"})
        assert await heard(socket) == {"type": "pong"}


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("", 422, "invalid_rate"),
        ("rate=96000", 422, "invalid_rate"),
        ("rate=16000&format=opus", 422, "invalid_format"),
        ("rate=16000&role=boss", 422, "invalid_role"),
        ("rate=16000&stage=attic", 404, "unknown_stage"),
        ("rate=16000&stage=a/b", 422, "invalid_name"),
    ],
)
async def test_what_cannot_be_is_refused_before_it_begins(
    query: str, status: int, code: str
) -> None:
    async with hall() as (client, kiosk, _):
        with pytest.raises(WSServerHandshakeError) as caught:
            await client.ws_connect(f"/v1/audio?{query}")
        assert caught.value.status == status
        answer = await client.get(f"/v1/audio?{query}", headers=UPGRADE)
        problem = await answer.json()
        assert problem["code"] == code and problem["remedy"]
        assert not list(kiosk.inlets)


async def test_without_stages_or_with_several_one_has_to_be_named() -> None:
    async with kiosk_client() as (client, kiosk):
        with pytest.raises(WSServerHandshakeError, match="409"):
            await client.ws_connect("/v1/audio?rate=16000")
        for name in ("hall", "desk"):
            await kiosk.stages.open(name, None, "square")
        with pytest.raises(WSServerHandshakeError, match="409"):
            await client.ws_connect("/v1/audio?rate=16000")
        async with client.ws_connect("/v1/audio?rate=16000&stage=desk") as socket:
            assert (await heard(socket))["stage"] == "desk"


async def test_a_plain_request_is_told_what_it_has_come_upon() -> None:
    async with hall() as (client, _, _):
        answer = await client.get("/v1/audio?rate=16000")
        assert answer.status == 426 and (await answer.json())["code"] == "not_a_websocket"


async def test_sockets_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pcm_socket, "MAX_SOCKETS", 1)
    async with hall() as (client, _, _):
        async with client.ws_connect("/v1/audio?rate=16000"):
            with pytest.raises(WSServerHandshakeError, match="503"):
                await client.ws_connect("/v1/audio?rate=16000")
        await asyncio.sleep(0.1)
        async with client.ws_connect("/v1/audio?rate=16000") as socket:
            assert (await heard(socket))["type"] == "ready"


async def test_the_longest_message_is_taken() -> None:
    url = "/v1/audio?rate=48000&format=f32le"
    async with hall() as (client, _, _), client.ws_connect(url) as socket:
        await heard(socket)
        await socket.send_bytes(bytes(pcm_socket.MAX_MESSAGE_BYTES))
        await socket.send_json({"type": "ping"})
        assert await heard(socket) == {"type": "pong"}


async def test_a_message_that_is_too_long_ends_the_socket_and_nothing_else() -> None:
    async with hall() as (client, kiosk, _):
        async with client.ws_connect("/v1/audio?rate=48000") as socket:
            await heard(socket)
            await socket.send_bytes(bytes(pcm_socket.MAX_MESSAGE_BYTES + 2))
            assert (await socket.receive(TWO_MESSAGES_S))[:2] == (WSMsgType.CLOSE, 1009)
        await until(lambda: not list(kiosk.inlets))
        assert kiosk.metrics.registry.get_sample_value("kiosk_faults_total") == 0


async def test_a_stage_that_closes_says_so() -> None:
    async with hall() as (client, kiosk, stage):
        async with client.ws_connect("/v1/audio?rate=48000") as socket:
            await heard(socket)
            await socket.send_bytes(pcm(0.2))
            await until(lambda: stage.queue.live)
            kiosk.stages.arrived(stage)
            await kiosk.stages._close(stage)
            assert (await heard(socket))["code"] == "stage_closed"
            assert (await socket.receive(TWO_MESSAGES_S))[:2] == (WSMsgType.CLOSE, 1001)
        assert not list(kiosk.inlets)


async def test_a_kiosk_that_stops_says_so() -> None:
    kiosk_stops = hall()
    client, _, _ = await kiosk_stops.__aenter__()
    socket = await client.ws_connect("/v1/audio?rate=48000")
    await heard(socket)
    stopping = asyncio.create_task(client.server.close())
    assert (await heard(socket))["code"] == "stopping"
    assert (await socket.receive(TWO_MESSAGES_S))[:2] == (WSMsgType.CLOSE, 1001)
    await stopping
    await kiosk_stops.__aexit__(None, None, None)


async def test_pages_prove_themselves_with_a_subprotocol_that_is_not_answered() -> None:
    token = "0123456789abcdef"
    async with hall(token) as (client, _, _):
        for protocols in ([], ["sonic-kiosk"], ["sonic-kiosk", "bearer.wrong"]):
            with pytest.raises(WSServerHandshakeError, match="401"):
                await client.ws_connect("/v1/audio?rate=16000", protocols=protocols)
        protocols = ["sonic-kiosk", f"bearer.{token}"]
        async with client.ws_connect("/v1/audio?rate=16000", protocols=protocols) as socket:
            assert socket.protocol == "sonic-kiosk"
        with pytest.raises(WSServerHandshakeError, match="403"):
            await client.ws_connect(
                "/v1/audio?rate=16000", protocols=protocols, origin="http://evil.example"
            )


@contextlib.asynccontextmanager
async def impatient() -> AsyncIterator[tuple[TestClient[Any, Any], Kiosk, Stage]]:
    """A server that asks for a sign of life soon."""
    async with kiosk_client() as (_, kiosk):
        stage = await kiosk.stages.open("hall", None, "square")
        sockets = pcm_socket.PcmSockets(kiosk.stages, kiosk.inlets, stall_s=0.15)
        app = Application()
        sockets.add_to(app)
        async with TestClient(TestServer(app)) as client:
            yield client, kiosk, stage


async def test_a_socket_that_stalls_within_a_message_is_closed_and_its_utterance_ends() -> None:
    async with impatient() as (client, kiosk, stage):
        reader, writer = await asyncio.open_connection(client.host, client.port)
        writer.write(
            b"GET /v1/audio?rate=48000 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        await reader.readuntil(b"\r\n\r\n")
        whole = b"\x82\xfe" + (9_600).to_bytes(2, "big") + bytes(4) + pcm(0.1)
        writer.write(whole + whole + whole[:1_000])
        await until(lambda: stage.queue.live)
        told = await asyncio.wait_for(reader.read(), TWO_MESSAGES_S)
        assert b'"code": "stalled"' in told and b"ready" in told
        await until(lambda: not list(kiosk.inlets) and not stage.queue.busy)
        writer.close()
        await writer.wait_closed()


async def test_a_socket_that_answers_pings_may_be_silent() -> None:
    url = "/v1/audio?rate=48000"
    async with impatient() as (client, kiosk, _), client.ws_connect(url) as socket:
        await heard(socket)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(socket.receive(), 1.0)  # answers pings
        assert list(kiosk.inlets) and not socket.closed


async def test_who_sends_and_never_reads_is_let_go() -> None:
    async with hall() as (client, kiosk, _):
        socket = await client.ws_connect("/v1/audio?rate=48000")
        with contextlib.suppress(ConnectionError):
            for _ in range(1_000_000):
                await socket.send_str("nothing known")
                if not list(kiosk.inlets):
                    break
        assert not list(kiosk.inlets)
        await socket.close()

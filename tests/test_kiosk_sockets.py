"""How sockets are opened, how long their messages may be, and how those who stall are let go."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, WSCloseCode, WSMsgType
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request, WebSocketResponse

from kiosk import sockets
from kiosk.api import ProblemError

LIMIT_BYTES = 1000


class Echo:
    """Says how long each message is; floods who asks for it."""

    def __init__(self) -> None:
        self.refused = ""
        self.over: asyncio.Event = asyncio.Event()
        self.error: ConnectionError | None = None

    async def serve(self, request: Request) -> WebSocketResponse:
        try:
            socket = sockets.open_socket(request, LIMIT_BYTES)
        except ProblemError as error:
            self.refused = error.problem.code
            raise
        await socket.prepare(request)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._flood(socket)
                elif message.type is WSMsgType.BINARY:
                    await sockets.send(socket, str(len(message.data)))
        except ConnectionError as error:
            self.error = error
        await sockets.let_go(request, socket, WSCloseCode.GOING_AWAY, "done")
        self.over.set()
        return socket

    async def _flood(self, socket: WebSocketResponse) -> None:
        while True:
            await sockets.send(socket, "x" * 100_000)


@contextlib.asynccontextmanager
async def echo() -> AsyncIterator[tuple[TestClient[Any, Any], Echo]]:
    served, app = Echo(), Application()
    app.router.add_get("/echo", served.serve)
    async with TestClient(TestServer(app)) as client:
        yield client, served


async def told(socket: ClientWebSocketResponse) -> str:
    async with asyncio.timeout(5):
        return await socket.receive_str()


async def test_a_message_may_be_as_long_as_the_limit_and_no_longer() -> None:
    async with echo() as (client, _), client.ws_connect("/echo") as socket:
        await socket.send_bytes(bytes(LIMIT_BYTES))
        assert await told(socket) == str(LIMIT_BYTES)
        await socket.send_bytes(bytes(LIMIT_BYTES + 1))
        assert (await socket.receive(5)).type is WSMsgType.CLOSE
        assert socket.close_code == WSCloseCode.MESSAGE_TOO_BIG


async def test_it_speaks_the_kiosks_protocol_and_nothing_is_deflated() -> None:
    offered = ["bearer.secret", "sonic-kiosk"]
    async with echo() as (client, _):
        socket = await client.ws_connect("/echo", protocols=offered, compress=15)
        assert (socket.protocol, socket.compress) == ("sonic-kiosk", 0)
        await socket.close()


async def test_a_request_that_asks_for_no_socket_is_refused() -> None:
    async with echo() as (client, served):
        await client.get("/echo")
        assert served.refused == "not_a_websocket"


async def test_who_reads_no_more_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "SEND_S", 0.2)
    monkeypatch.setattr(sockets, "CLOSE_S", 0.2)
    async with echo() as (client, served):
        socket = await client.ws_connect("/echo")
        await socket.send_str("flood")
        runner = client.server.runner
        assert runner is not None
        server = runner.server
        assert server is not None
        async with asyncio.timeout(5):
            await served.over.wait()
            while server.connections:  # noqa: ASYNC110 -- no event tells it
                await asyncio.sleep(0.01)
        assert isinstance(served.error, ConnectionAbortedError)
        await socket.close()


async def test_who_has_gone_is_let_go_at_once() -> None:
    async with echo() as (client, served):
        socket = await client.ws_connect("/echo")
        await socket.send_bytes(b"x")
        assert await told(socket) == "1"
        await socket.close()
        await asyncio.wait_for(served.over.wait(), 5)
        assert served.error is None

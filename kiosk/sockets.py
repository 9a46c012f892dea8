"""What all WebSockets here have in common: how one is opened, sent to, and let go of."""

import asyncio
from typing import Final

from aiohttp import WSCloseCode, web

from kiosk.api import ProblemError
from kiosk.guard import WEBSOCKET_PROTOCOL

CLOSE_S: Final = 1.0
"""How long the other side may take to agree that the socket is closed."""

SEND_S: Final = 10.0
"""Who takes no message for so long is gone."""


def open_socket(
    request: web.Request,
    max_message_bytes: int,
    heartbeat_s: float | None = None,
    autoping: bool = True,
) -> web.WebSocketResponse:
    """The socket that *request* asks for, to be prepared once nothing else speaks against it.

    Args:
        request: who asks.
        max_message_bytes: the longest message that is taken.
        heartbeat_s: how often the other side is pinged; who does not answer within half of it is
            gone. None: never.
        autoping: whether pings are answered and pongs passed over, unseen.

    Raises:
        ProblemError: 426 for a request that asks for no socket.
    """
    socket = web.WebSocketResponse(
        timeout=CLOSE_S,
        protocols=(WEBSOCKET_PROTOCOL,),
        heartbeat=heartbeat_s,
        max_msg_size=max_message_bytes + 1,  # aiohttp refuses what is as long as its limit
        autoping=autoping,
        compress=False,  # sound would be deflated in vain, on the event loop's own threads
    )
    if not socket.can_prepare(request):
        raise ProblemError(
            426,
            "not_a_websocket",
            f"{request.path} is a WebSocket, and the request is none",
            "connect with ws:// or wss://",
        )
    return socket


async def send(socket: web.WebSocketResponse, text: str) -> None:
    """Send *text*.

    Raises:
        ConnectionError: the other side has gone, or took nothing for ``SEND_S``.
    """
    try:
        await asyncio.wait_for(socket.send_str(text), SEND_S)
    except TimeoutError:
        raise ConnectionAbortedError(f"nothing was read for {SEND_S:g} s") from None


async def let_go(
    request: web.Request,
    socket: web.WebSocketResponse,
    code: WSCloseCode = WSCloseCode.OK,
    reason: str = "",
) -> None:
    """Close *socket*, if it is open; whoever does not take even that is cut off.

    A connection that is closed and still has something to send would be kept, with all that
    belongs to it, for as long as the other side does not read.
    """
    transport = request.transport
    try:
        async with asyncio.timeout(2 * CLOSE_S):
            await socket.close(code=code, message=reason.encode())
    except (TimeoutError, RuntimeError):
        pass  # it reads nothing, or was never opened
    except asyncio.CancelledError:
        # A send that was given up leaves aiohttp a cancelled future, which the next one awaits.
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
    finally:
        if transport is not None and transport.get_write_buffer_size():
            transport.abort()

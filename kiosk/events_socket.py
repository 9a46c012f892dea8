"""``WS /v1/events``: what happens on the stages, as JSON texts, for a dialogue system."""

import asyncio
import json
import logging
from typing import Final

from aiohttp import WSCloseCode, web

from kiosk import __version__
from kiosk.api import ProblemError, flag, name
from kiosk.events import Subscription
from kiosk.guard import WEBSOCKET_PROTOCOL
from kiosk.stage_routes import describe
from kiosk.stages import Stages

logger = logging.getLogger(__name__)

HEARTBEAT_S: Final = 20.0
"""A reader that answers no ping for half of this is gone."""

CLOSE_WAIT_S: Final = 1.0
"""How long a reader may take to answer that the server ends."""

MAX_MESSAGE_BYTES: Final = 4096
"""Readers have nothing to say."""


class EventsSocket:
    """The readers of the stages' events."""

    def __init__(self, stages: Stages) -> None:
        """Serve the events of *stages*."""
        self._stages = stages

    def add_to(self, app: web.Application) -> None:
        """Register the path; readers are let go before the server waits for them."""
        app.router.add_get("/v1/events", self._serve)
        app.on_shutdown.append(self._end)

    async def _end(self, _app: web.Application) -> None:
        self._stages.hub.close()

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        stage = name(request.query, "stage")
        audio = flag(request.query, "audio", default=False)
        socket = web.WebSocketResponse(
            timeout=CLOSE_WAIT_S,
            protocols=(WEBSOCKET_PROTOCOL,),
            heartbeat=HEARTBEAT_S,
            max_msg_size=MAX_MESSAGE_BYTES,
            compress=False,  # sound would be deflated in vain, on the event loop's own threads
        )
        if not socket.can_prepare(request):
            raise ProblemError(
                426,
                "not_a_websocket",
                "/v1/events is a WebSocket, and the request is none",
                "connect with ws:// or wss://",
            )
        await socket.prepare(request)
        subscription = self._stages.hub.subscribe(stage)
        reading = asyncio.create_task(_until_gone(socket, subscription))
        try:
            await socket.send_str(self._hello(stage))
            await _pass_on(subscription, socket, audio)
        except (ConnectionError, RuntimeError) as error:
            # It went away, or is closing: sending to it says so in either way.
            logger.debug("a reader of events has gone: %s", error)
        finally:
            subscription.close()
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
        await socket.close(code=WSCloseCode.GOING_AWAY)
        return socket

    def _hello(self, name: str | None) -> str:
        """Who is there already: from here on nothing is missed."""
        stages = [describe(stage) for stage in self._stages if name in (None, stage.name)]
        told = [stage.model_dump() for stage in stages]
        return json.dumps({"type": "hello", "version": __version__, "stages": told})


async def _pass_on(subscription: Subscription, socket: web.WebSocketResponse, audio: bool) -> None:
    """Send what happens until the subscription is closed."""
    async for event in subscription:
        if count := subscription.newly_dropped():
            await socket.send_str(json.dumps({"type": "lost", "count": count}))
        await socket.send_str(json.dumps(event.message(audio), ensure_ascii=False))


async def _until_gone(socket: web.WebSocketResponse, subscription: Subscription) -> None:
    """Read, so that pings and the end are noticed; what readers say means nothing."""
    async for _ in socket:
        pass
    subscription.close()

"""``WS /v1/events``: what happens on the stages, as JSON texts, for a dialogue system."""

import asyncio
import json
import logging
from typing import Final

from aiohttp import WSCloseCode, web

from kiosk import __version__
from kiosk.api import ProblemError, flag, name
from kiosk.events import Subscription
from kiosk.sockets import let_go, open_socket, send
from kiosk.stage_routes import describe
from kiosk.stages import Stages

logger = logging.getLogger(__name__)

HEARTBEAT_S: Final = 20.0
"""A reader that answers no ping for half of this is gone."""

MAX_READERS: Final = 16
"""Readers at once, over all stages."""

MAX_MESSAGE_BYTES: Final = 4096
"""Readers have nothing to say."""


class EventsSocket:
    """The readers of the stages' events."""

    def __init__(self, stages: Stages) -> None:
        """Serve the events of *stages*."""
        self._stages = stages
        self._readers = 0

    def add_to(self, app: web.Application) -> None:
        """Register the path; readers are let go before the server waits for them."""
        app.router.add_get("/v1/events", self._serve)
        app.on_shutdown.append(self._end)

    async def _end(self, _app: web.Application) -> None:
        self._stages.hub.close()

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        stage = name(request.query, "stage")
        audio = flag(request.query, "audio", default=False)
        socket = open_socket(request, MAX_MESSAGE_BYTES, HEARTBEAT_S)
        if self._readers >= MAX_READERS:
            raise ProblemError(
                503,
                "too_many_readers",
                f"{self._readers} sockets are open at /v1/events, which is the limit",
                "close one that is not read; one tells of all stages",
            )
        self._readers += 1
        try:
            await socket.prepare(request)
            await self._tell(socket, stage, audio)
            await let_go(request, socket, WSCloseCode.GOING_AWAY)
        finally:
            self._readers -= 1
        return socket

    async def _tell(self, socket: web.WebSocketResponse, stage: str | None, audio: bool) -> None:
        """Send what happens until the reader has gone or reads no more, or the server ends."""
        subscription = self._stages.hub.subscribe(stage)
        reading = asyncio.create_task(_until_gone(socket, subscription))
        try:
            await send(socket, self._hello(stage))
            await _pass_on(subscription, socket, audio)
        except (ConnectionError, RuntimeError) as error:
            # It went away, or is closing: sending to it says so in either way.
            logger.info("a reader of events has gone: %s", error)
        finally:
            subscription.close()
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    def _hello(self, name: str | None) -> str:
        """Who is there already: from here on nothing is missed."""
        stages = [describe(stage) for stage in self._stages if name in (None, stage.name)]
        told = [stage.model_dump() for stage in stages]
        return json.dumps({"type": "hello", "version": __version__, "stages": told})


async def _pass_on(subscription: Subscription, socket: web.WebSocketResponse, audio: bool) -> None:
    """Send what happens until the subscription is closed."""
    async for event in subscription:
        if count := subscription.newly_dropped():
            await send(socket, json.dumps({"type": "lost", "count": count}))
        await send(socket, json.dumps(event.message(audio), ensure_ascii=False))


async def _until_gone(socket: web.WebSocketResponse, subscription: Subscription) -> None:
    """Read, so that pings and the end are noticed; what readers say means nothing."""
    async for _ in socket:
        pass
    subscription.close()

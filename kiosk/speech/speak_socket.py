"""``WS /v1/speak``: text is spoken while a language model writes it."""

import asyncio
from typing import Final

from aiohttp import WSCloseCode, web

from kiosk.api import ProblemError, flag
from kiosk.config import SpeechSettings
from kiosk.speech.speak_messages import Answer, Asked
from kiosk.speech.speak_session import SpeakSession, Streams
from kiosk.speech.speaker import MAX_RATE, MIN_RATE
from kiosk.stages import Stages

MAX_SOCKETS: Final = 16
"""Writers at once, over all stages."""

MAX_MESSAGE_BYTES: Final = 64 * 1024
HEARTBEAT_S: Final = 20.0
"""How often a writer is asked whether it is still there."""


class SpeakRoutes:
    """The sockets that are open."""

    def __init__(self, settings: SpeechSettings, stages: Stages, speech: Streams) -> None:
        """Serve *stages* with the voices of *speech*."""
        self._settings = settings
        self._stages = stages
        self._speech = speech
        self._open: set[web.WebSocketResponse] = set()

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Register the path."""
        router.add_get("/v1/speak", self._speak)

    async def aclose(self) -> None:
        """Close every socket."""
        closing = [
            socket.close(code=WSCloseCode.GOING_AWAY, message=b"the kiosk stops")
            for socket in self._open
        ]
        await asyncio.gather(*closing, return_exceptions=True)

    async def _speak(self, request: web.Request) -> web.WebSocketResponse:
        asked = self._asked(request)
        if len(self._open) >= MAX_SOCKETS:
            raise ProblemError(
                503,
                "too_many_writers",
                f"{len(self._open)} sockets are open at /v1/speak, which is the limit",
                "close one that is not used, and use one for all utterances of a dialogue",
            )
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=MAX_MESSAGE_BYTES)
        self._open.add(socket)
        try:
            await socket.prepare(request)
            await SpeakSession(socket, self._stages, self._speech, asked).run(self._ready(asked))
        finally:
            self._open.discard(socket)
            await socket.close()
        return socket

    def _asked(self, request: web.Request) -> Asked:
        """What is asked for, if it can be had now.

        Raises:
            ProblemError: a key or value is refused, or stage or voice are unknown.
        """
        query = request.query
        asked = Asked(
            query.get("stage") or None,
            query.get("voice") or None,
            _rate(query.get("rate") or None),
            flag(query, "interrupt", default=True),
        )
        self._stages.select(asked.stage)
        self._speech.stream(asked.voice, asked.rate).text.cancel()
        return asked

    def _ready(self, asked: Asked) -> Answer:
        return {
            "type": "ready",
            "stage": asked.stage,
            "voice": asked.voice,
            "max_characters": self._settings.max_characters,
        }


def _rate(given: str | None) -> float | None:
    if given is None:
        return None
    try:
        rate = float(given)
    except ValueError:
        rate = 0.0
    if not MIN_RATE <= rate <= MAX_RATE:
        raise ProblemError(
            422,
            "invalid_request",
            f"rate={given!r} is no speaking rate",
            f"allowed are numbers from {MIN_RATE} to {MAX_RATE}",
        )
    return rate

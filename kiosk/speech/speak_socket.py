"""``WS /v1/speak``: text is spoken while a language model writes it."""

import asyncio
from collections.abc import Mapping
from typing import Final

from aiohttp import WSCloseCode, web

from kiosk.api import ProblemError, flag
from kiosk.config import SpeechSettings
from kiosk.speech.manner import LIMITS, STYLE_NAMES, Wish
from kiosk.speech.speak_messages import Answer, Asked
from kiosk.speech.speak_session import SpeakSession, Streams
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
            _wish(query),
            flag(query, "interrupt", default=True),
        )
        self._stages.select(asked.stage)
        self._speech.stream(asked.voice, asked.wish).text.cancel()
        return asked

    def _ready(self, asked: Asked) -> Answer:
        return {
            "type": "ready",
            "stage": asked.stage,
            "voice": asked.voice,
            "max_characters": self._settings.max_characters,
        }


def _wish(query: Mapping[str, str]) -> Wish:
    """The manner that *query* asks for."""
    style = next((name for name in STYLE_NAMES if name == query.get("style")), None)
    if query.get("style") and style is None:
        raise _refused("style", query["style"], ", ".join(STYLE_NAMES))
    return Wish(style, **{name: _number(query, name) for name in LIMITS})


def _number(query: Mapping[str, str], name: str) -> float | None:
    if not (given := query.get(name)):
        return None
    least, most = LIMITS[name]
    try:
        value = float(given)
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        raise _refused(name, given, f"numbers from {least:g} to {most:g}")
    return value


def _refused(key: str, given: str, allowed: str) -> ProblemError:
    return ProblemError(
        422, "invalid_request", f"{key}={given!r} is refused", f"allowed are {allowed}"
    )

"""``WS /v1/speak``: text is spoken while a language model writes it."""

import asyncio
from collections.abc import Mapping
from typing import Final

from aiohttp import WSCloseCode, web

from kiosk.api import ProblemError, flag, name
from kiosk.config import SpeechSettings
from kiosk.sockets import let_go, open_socket
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
        self._open: dict[web.WebSocketResponse, web.Request] = {}

    def add_to(self, app: web.Application) -> None:
        """Register the path; writers are told that the server ends before it waits for them.

        Before ``EventsSocket`` is added: with the events, sessions end, and writers would be told
        nothing.
        """
        app.router.add_get("/v1/speak", self._speak)
        app.on_shutdown.append(self._end)

    async def _end(self, _app: web.Application) -> None:
        code, reason = WSCloseCode.GOING_AWAY, "the kiosk stops"
        closing = [let_go(request, socket, code, reason) for socket, request in self._open.items()]
        await asyncio.gather(*closing)

    async def _speak(self, request: web.Request) -> web.WebSocketResponse:
        socket = open_socket(request, MAX_MESSAGE_BYTES, HEARTBEAT_S)
        asked = self._asked(request)
        if len(self._open) >= MAX_SOCKETS:
            raise ProblemError(
                503,
                "too_many_writers",
                f"{len(self._open)} sockets are open at /v1/speak, which is the limit",
                "close one that is not used, and use one for all utterances of a dialogue",
            )
        self._open[socket] = request
        try:
            await socket.prepare(request)
            await SpeakSession(socket, self._stages, self._speech, asked).run(self._ready(asked))
        finally:
            del self._open[socket]
            await let_go(request, socket)
        return socket

    def _asked(self, request: web.Request) -> Asked:
        """What is asked for, if it can be had now.

        Raises:
            ProblemError: a key or value is refused, or stage or voice are unknown.
        """
        query = request.query
        asked = Asked(
            name(query, "stage"),
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
    style = next((style for style in STYLE_NAMES if style == query.get("style")), None)
    if query.get("style") and style is None:
        raise _refused("style", query["style"], ", ".join(STYLE_NAMES))
    return Wish(style, **{key: _number(query, key) for key in LIMITS})


def _number(query: Mapping[str, str], key: str) -> float | None:
    if not (given := query.get(key)):
        return None
    least, most = LIMITS[key]
    try:
        value = float(given)
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        raise _refused(key, given, f"numbers from {least:g} to {most:g}")
    return value


def _refused(key: str, given: str, allowed: str) -> ProblemError:
    return ProblemError(
        422, "invalid_request", f"{key}={given!r} is refused", f"allowed are {allowed}"
    )

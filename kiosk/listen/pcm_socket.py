"""``WS /v1/audio``: samples in, live; a binary message is sound, a text message says something.

In: ``{"type": "end"}`` (the utterance is complete), ``{"type": "ping"}``. Out: ``ready``,
``interrupted``, ``ended``, ``pong`` and ``error``. Whoever sends faster than it is said is read
slowly, and whoever falls silent half way through a message is asked for a sign of life, and closed.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import Final

from aiohttp import WSCloseCode, WSMsgType, web

from kiosk.api import ProblemError, name
from kiosk.listen.inlets import Inlet, Inlets
from kiosk.listen.pcm import PcmQuery, PcmReader
from kiosk.sockets import CLOSE_S, let_go, open_socket
from kiosk.stages import Stages

logger = logging.getLogger(__name__)

MAX_MESSAGE_BYTES: Final = 256 * 1024
SLICE_BYTES: Final = 8 * 1024
"""What of a message is taken at once before there has to be room for more."""

MAX_SOCKETS: Final = 16
STALL_S: Final = 10.0
"""Without a byte for this long the socket is pinged, and closed after as long again."""

MAX_UNSENT: Final = 64
"""Messages that wait for somebody who does not read."""

Message = Mapping[str, object]


class PcmSockets:
    """The sockets that are open."""

    def __init__(self, stages: Stages, inlets: Inlets, stall_s: float = STALL_S) -> None:
        """Lead sound to *stages*.

        Args:
            stages: where it goes.
            inlets: connects each socket.
            stall_s: patience with a socket of which nothing comes.
        """
        self._stages = stages
        self._inlets = inlets
        self._stall_s = stall_s
        self._open: set[_Conversation] = set()

    def add_to(self, app: web.Application) -> None:
        """Register the path; sockets are closed before the server waits for them."""
        app.router.add_get("/v1/audio", self._serve)
        app.on_shutdown.append(self._end)

    async def _end(self, _app: web.Application) -> None:
        for conversation in tuple(self._open):
            conversation.hang_up(WSCloseCode.GOING_AWAY, _STOPPING)

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = open_socket(request, MAX_MESSAGE_BYTES, autoping=False)
        asked = PcmQuery.read(request.query)
        if len(self._open) >= MAX_SOCKETS:
            raise ProblemError(
                503,
                "too_many_sources",
                f"{MAX_SOCKETS} sockets are open, which is the limit",
                "close one of them, then try again",
            )
        stage = self._stages.only(name(request.query, "stage"))
        inlet = self._inlets.open(stage, "pcm", asked.role, asked.rate_hz, asked.takeover)
        conversation = _Conversation(socket, inlet, PcmReader(asked.format), self._stall_s)
        self._open.add(conversation)
        try:
            await socket.prepare(request)
            await conversation.run(stage.name, asked)
        finally:
            self._open.discard(conversation)
            inlet.close()
            await let_go(request, socket)
        return socket


class _Conversation:
    """One socket, from ``ready`` to its end."""

    def __init__(
        self, socket: web.WebSocketResponse, inlet: Inlet, reader: PcmReader, stall_s: float
    ) -> None:
        self._socket = socket
        self._inlet = inlet
        self._reader = reader
        self._stall_s = stall_s
        self._unsent: asyncio.Queue[Message | WSCloseCode] = asyncio.Queue()
        inlet.on_said = self._said
        inlet.on_interrupted = lambda utterance: self._send(
            {"type": "interrupted", "utterance": utterance}
        )
        inlet.closing.append(self._stage_closed)

    async def run(self, stage: str, asked: PcmQuery) -> None:
        """Talk until either side has had enough."""
        ready = {"type": "ready", "stage": stage, "utterance": self._inlet.utterance}
        self._send(ready | {"rate": asked.rate_hz, "format": asked.format})
        writer = asyncio.create_task(self._write(), name="pcm-socket")
        try:
            await self._read()
        except (ConnectionError, RuntimeError):
            logger.info("stage %s: an audio socket broke off", stage)
        finally:
            self._inlet.closing.remove(self._stage_closed)
            self._inlet.close()
            self._unsent.put_nowait(WSCloseCode.OK)
            await _within(CLOSE_S, writer)

    def hang_up(self, code: WSCloseCode, reason: Message) -> None:
        """Say why, and close."""
        self._send(reason)
        self._unsent.put_nowait(code)

    async def _read(self) -> None:
        asked = False
        while self._unsent.qsize() <= MAX_UNSENT:
            try:
                message = await self._socket.receive(self._stall_s)
            except TimeoutError:
                if asked:
                    self.hang_up(WSCloseCode.POLICY_VIOLATION, _STALLED)
                    return
                asked = True
                await self._socket.ping()
                continue
            asked = False
            if message.type is WSMsgType.BINARY:
                await self._take(message.data)
            elif message.type is WSMsgType.TEXT:
                self._obey(message.data)
            elif message.type is WSMsgType.PING:
                await self._socket.pong(message.data)
            elif message.type is not WSMsgType.PONG:
                return

    async def _take(self, data: bytes) -> None:
        for begin in range(0, len(data), SLICE_BYTES):
            self._inlet.push(self._reader.read(data[begin : begin + SLICE_BYTES]))
            await self._inlet.room()
            await asyncio.sleep(0)  # where there is room, others get their turn all the same

    def _obey(self, text: str) -> None:
        try:
            kind = json.loads(text)["type"]
        except (ValueError, TypeError, KeyError, RecursionError):
            kind = None
        if kind == "end":
            self._reader.reset()
            self._inlet.end_utterance()
        elif kind == "ping":
            self._send({"type": "pong"})
        else:
            self._send(_UNKNOWN)

    def _said(self, utterance: str, interrupted: bool) -> None:
        self._send(
            {
                "type": "ended",
                "utterance": utterance,
                "interrupted": interrupted,
                "next": self._inlet.utterance,
            }
        )

    def _stage_closed(self) -> None:
        self.hang_up(WSCloseCode.GOING_AWAY, _STAGE_CLOSED)

    def _send(self, message: Message) -> None:
        if self._unsent.qsize() < MAX_UNSENT:
            self._unsent.put_nowait(message)
        elif self._unsent.qsize() == MAX_UNSENT:
            self._unsent.put_nowait(WSCloseCode.POLICY_VIOLATION)

    async def _write(self) -> None:
        """Send what is to be sent; the last of it closes the socket."""
        try:
            while not isinstance(item := await self._unsent.get(), WSCloseCode):
                await self._socket.send_str(json.dumps(item))
            await self._socket.close(code=item)
        except (ConnectionError, RuntimeError):
            return  # the other side has gone; the reader is told so too


async def _within(patience_s: float, task: asyncio.Task[None]) -> None:
    """Let *task* end, for so long."""
    await asyncio.wait([task], timeout=patience_s)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _error(code: str, message: str, remedy: str) -> Message:
    return {"type": "error", "code": code, "message": message, "remedy": remedy}


_STALLED: Final = _error(
    "stalled",
    "nothing came, not even an answer to a ping",
    "send messages whole, and answer pings; connect again",
)
_STAGE_CLOSED: Final = _error(
    "stage_closed", "the stage has closed: nobody watches it", "connect again when it is open"
)
_STOPPING: Final = _error("stopping", "the kiosk stops", "connect again when it is back")
_UNKNOWN: Final = _error(
    "unknown_message",
    "the text message says nothing that is known here",
    'send {"type": "end"} or {"type": "ping"}; sound goes in binary messages',
)

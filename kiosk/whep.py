"""WHEP (draft-ietf-wish-whep): viewers come with an SDP offer and leave with DELETE."""

import asyncio
import logging
import re
from typing import Final

from aiohttp import web

from kiosk import __version__
from kiosk.api import NAME_PATTERN, ProblemError, flag
from kiosk.config import Settings
from kiosk.inject import Injector
from kiosk.lip_sync import LipSync
from kiosk.metrics import Metrics
from kiosk.peers import Peer
from kiosk.stages import Size, Stages
from kiosk.terminals import DEFAULT

logger = logging.getLogger(__name__)

SDP_TYPE: Final = "application/sdp"
FRAGMENT_TYPE: Final = "application/trickle-ice-sdpfrag"
LIP_SYNC_HEADER: Final = "Kiosk-Lip-Sync"
"""Whether the server corrects by what pages measure: the browser then had better not."""

MAX_SDP_BYTES: Final = 64 * 1024


class Whep:
    """The viewers' sessions."""

    def __init__(
        self,
        settings: Settings,
        stages: Stages,
        metrics: Metrics,
        lip_sync: LipSync,
        injector: Injector | None = None,
    ) -> None:
        """Serve viewers of *stages*.

        Args:
            settings: limits.
            stages: where viewers go.
            metrics: counts sessions.
            lip_sync: takes what the viewers' pages measure.
            injector: spoils what they are sent, in tests.
        """
        self._settings = settings
        self._stages = stages
        self._metrics = metrics
        self._lip_sync = lip_sync
        self._injector = injector
        self._peers: dict[str, Peer] = {}

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Register the paths."""
        router.add_post("/whep", self._post)
        router.add_route("OPTIONS", "/whep", self._options)
        router.add_patch("/whep/{session}", self._patch)
        router.add_delete("/whep/{session}", self._delete)

    async def aclose(self) -> None:
        """End every session."""
        await asyncio.gather(*(self._close(peer) for peer in list(self._peers.values())))

    async def _post(self, request: web.Request) -> web.Response:
        offer = await _read_offer(request)
        name, avatar = _name(request, "stage"), _name(request, "avatar")
        with_slate = flag(request.query, "slate", default=False)
        terminal = _name(request, "terminal") or DEFAULT
        stage = await self._stages.open(name, avatar, _size(request), with_slate)
        hello = {
            "type": "hello",
            "stage": stage.name,
            "avatar": stage.avatar,
            "version": __version__,
            "frame_rate_hz": stage.frame_rate_hz,
            "sample_rate_hz": 48_000,
            "faults": str(self._injector.faults) if self._injector else "",
        }
        timeout_s = self._settings.server.connect_timeout_s
        peer = Peer(
            stage, hello, self._lip_sync.report, self._closed, timeout_s, self._injector, terminal
        )
        try:
            answer = await peer.answer(offer)
        except BaseException:
            self._stages.arrived(stage)
            await self._close(peer)
            raise
        self._stages.arrived(stage)
        self._peers[peer.id] = peer
        self._lip_sync.join(peer)
        self._metrics.sessions.labels("opened").inc()
        logger.info("session %s opened on stage %s", peer.id, stage.name)
        headers = {
            "Location": f"/whep/{peer.id}",
            "ETag": f'"{peer.id}"',
            "Accept-Patch": FRAGMENT_TYPE,
            LIP_SYNC_HEADER: "on" if self._settings.sync.enabled else "off",
        }
        return web.Response(status=201, text=answer, content_type=SDP_TYPE, headers=headers)

    async def _options(self, _request: web.Request) -> web.Response:
        return web.Response(status=204, headers={"Accept-Post": SDP_TYPE})

    async def _patch(self, request: web.Request) -> web.Response:
        """Accept trickled candidates; none are needed, since ours are all in the answer."""
        self._find(request)
        fragment = (await request.content.read(MAX_SDP_BYTES)).decode("utf-8", "replace")
        if "a=ice-ufrag" in fragment and "a=candidate" not in fragment:
            raise ProblemError(
                422,
                "no_ice_restart",
                "this server does not restart ICE",
                "DELETE the session and POST a new offer",
            )
        return web.Response(status=204)

    async def _delete(self, request: web.Request) -> web.Response:
        await self._close(self._find(request))
        return web.Response(status=200)

    def _find(self, request: web.Request) -> Peer:
        session = request.match_info["session"]
        if session in self._peers:
            return self._peers[session]
        raise ProblemError(
            404,
            "unknown_session",
            "there is no such session; it may have ended",
            "POST a new offer to /whep",
        )

    async def _closed(self, peer: Peer) -> None:
        self._metrics.sessions.labels("lost").inc()
        await self._close(peer)

    async def _close(self, peer: Peer) -> None:
        self._peers.pop(peer.id, None)
        self._lip_sync.leave(peer)
        await peer.aclose()
        self._stages.viewer_left(peer.stage)
        logger.info("session %s closed", peer.id)


async def _read_offer(request: web.Request) -> str:
    if request.content_type != SDP_TYPE:
        raise ProblemError(
            415,
            "not_sdp",
            f"the offer came as {request.content_type}",
            f"send it with Content-Type: {SDP_TYPE}",
        )
    body = await request.content.read(MAX_SDP_BYTES + 1)
    while len(body) <= MAX_SDP_BYTES and (more := await request.content.read(MAX_SDP_BYTES)):
        body += more
    if len(body) > MAX_SDP_BYTES:
        raise ProblemError(
            413, "offer_too_large", "the offer is over 64 KiB", "send the browser's own offer"
        )
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise ProblemError(
            400, "malformed_sdp", "the offer is not UTF-8", "send the browser's own offer"
        ) from None


def _name(request: web.Request, key: str) -> str | None:
    value = request.query.get(key)
    if value is None or re.fullmatch(NAME_PATTERN, value):
        return value
    raise ProblemError(
        422,
        "invalid_name",
        f"{key}={value!r} is not a name",
        "use letters, digits, '_', '-' and '.', beginning with a letter or digit",
    )


def _size(request: web.Request) -> Size:
    value = request.query.get("size", "square")
    if value == "square":
        return "square"
    if value == "portrait":
        return "portrait"
    raise ProblemError(
        422, "invalid_size", f"size={value!r} is unknown", "allowed are square and portrait"
    )

"""The HTTP that WHEP (draft-ietf-wish-whep) and WHIP (RFC 9725) have in common.

A client POSTs an SDP offer and gets the answer with the address of its session, to which it may
PATCH candidates and which it ends with DELETE.
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from typing import Final, Generic, TypeVar

from aiohttp import web

from kiosk.api import ProblemError
from kiosk.metrics import Metrics
from kiosk.peer_base import BasePeer

logger = logging.getLogger(__name__)

SDP_TYPE: Final = "application/sdp"
FRAGMENT_TYPE: Final = "application/trickle-ice-sdpfrag"
MAX_SDP_BYTES: Final = 64 * 1024
LOST_KEPT: Final = 64
"""Sessions that ended by themselves whose goodbye may still come."""

PeerT = TypeVar("PeerT", bound=BasePeer)


class SdpSessions(ABC, Generic[PeerT]):
    """The sessions under one path."""

    def __init__(self, path: str, kind: str, metrics: Metrics) -> None:
        """Have no session yet.

        Args:
            path: to which offers are posted, such as ``/whep``.
            kind: by which *metrics* counts the sessions.
            metrics: counts sessions.
        """
        self._path = path
        self._kind = kind
        self._metrics = metrics
        self._peers: dict[str, PeerT] = {}
        self._lost_ids: deque[str] = deque(maxlen=LOST_KEPT)
        """A client that leaves closes its peer, too, and that may be seen before its DELETE."""

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Register the paths."""
        router.add_post(self._path, self._post)
        router.add_route("OPTIONS", self._path, self._options)
        router.add_patch(f"{self._path}/{{session}}", self._patch)
        router.add_delete(f"{self._path}/{{session}}", self._delete)

    async def aclose(self) -> None:
        """End every session."""
        await asyncio.gather(*(self._close(peer) for peer in list(self._peers.values())))

    @abstractmethod
    async def _post(self, request: web.Request) -> web.Response:
        """Answer an offer; ends with ``_opened``."""

    def _opened(
        self, peer: PeerT, answer: str, extra_headers: Mapping[str, str] | None = None
    ) -> web.Response:
        """Keep the session and answer its offer."""
        self._peers[peer.id] = peer
        self._count("opened")
        headers = {
            "Location": f"{self._path}/{peer.id}",
            "ETag": f'"{peer.id}"',
            "Accept-Patch": FRAGMENT_TYPE,
        }
        headers |= extra_headers or {}
        return web.Response(status=201, text=answer, content_type=SDP_TYPE, headers=headers)

    def _count(self, event: str) -> None:
        self._metrics.sessions.labels(self._kind, event).inc()

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
        if (session := request.match_info["session"]) in self._lost_ids:
            self._lost_ids.remove(session)
            return web.Response(status=200)
        peer = self._find(request)
        self._count("left")
        await self._close(peer)
        return web.Response(status=200)

    def _find(self, request: web.Request) -> PeerT:
        session = request.match_info["session"]
        if session in self._peers:
            return self._peers[session]
        raise ProblemError(
            404,
            "unknown_session",
            "there is no such session; it may have ended",
            f"POST a new offer to {self._path}",
        )

    async def _lost(self, peer: PeerT) -> None:
        """*peer* has ended by itself."""
        self._lost_ids.append(peer.id)
        self._count("lost")
        await self._close(peer)

    async def _close(self, peer: PeerT) -> None:
        """End a session; does nothing more for one that has ended."""
        self._peers.pop(peer.id, None)
        await peer.aclose()
        logger.info("session %s closed", peer.id)


async def read_offer(request: web.Request) -> str:
    """The SDP offer in the body.

    Raises:
        ProblemError: 415 for another content type, 413 over 64 KiB, 400 for what is not UTF-8.
    """
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

"""WHEP (draft-ietf-wish-whep): viewers come with an SDP offer and leave with DELETE."""

import asyncio
import logging
from typing import Final

from aiohttp import web

from kiosk import __version__
from kiosk.api import ProblemError, flag, name
from kiosk.config import Settings
from kiosk.inject import Injector
from kiosk.lip_sync import LipSync
from kiosk.metrics import Metrics
from kiosk.peers import Peer
from kiosk.sdp_sessions import SdpSessions, read_offer
from kiosk.stage import Stage
from kiosk.stages import Size, Stages
from kiosk.terminals import DEFAULT

logger = logging.getLogger(__name__)

LIP_SYNC_HEADER: Final = "Kiosk-Lip-Sync"
"""Whether the server corrects by what pages measure: the browser then had better not."""

GONE_S: Final = 3.0
"""A viewer who gave no sign of life for so long loses the place to one who asks for it.

Players report each second or so. The one screen of a machine with one place comes back some three
seconds after its browser crashed, and must find its place free."""


class Whep(SdpSessions[Peer]):
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
        super().__init__("/whep", "viewer", metrics)
        self._settings = settings
        self._stages = stages
        self._lip_sync = lip_sync
        self._injector = injector

    async def _post(self, request: web.Request) -> web.Response:
        offer = await read_offer(request)
        stage_name, avatar = name(request.query, "stage"), name(request.query, "avatar")
        with_slate = flag(request.query, "slate", default=False)
        terminal = name(request.query, "terminal") or DEFAULT
        stage = await self._open(stage_name, avatar, _size(request), with_slate)
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
            stage, hello, self._lip_sync.report, self._lost, timeout_s, self._injector, terminal
        )
        try:
            answer = await peer.answer(offer)
        except BaseException:
            self._stages.arrived(stage)
            await self._close(peer)
            raise
        self._stages.arrived(stage)
        self._lip_sync.join(peer)
        logger.info("session %s opened on stage %s", peer.id, stage.name)
        lip_sync = "on" if self._settings.sync.enabled else "off"
        return self._opened(peer, answer, {LIP_SYNC_HEADER: lip_sync})

    async def _open(
        self, stage_name: str | None, avatar: str | None, size: Size, with_slate: bool
    ) -> Stage:
        """A stage; if all places are taken, one of a viewer who is there no more."""
        try:
            return await self._stages.open(stage_name, avatar, size, with_slate)
        except ProblemError as refusal:
            if refusal.problem.code != "hall_full" or not await self._end_silent():
                raise
        return await self._stages.open(stage_name, avatar, size, with_slate)

    async def _end_silent(self) -> bool:
        """End the sessions of those who give no sign of life; whether there were any."""
        since_s = asyncio.get_running_loop().time() - GONE_S
        silent = [peer for peer in self._peers.values() if peer.heard_s < since_s]
        for peer in silent:
            logger.info("session %s is silent: its place is given away", peer.id)
            await self._lost(peer)
        return bool(silent)

    async def _close(self, peer: Peer) -> None:
        self._lip_sync.leave(peer)
        await super()._close(peer)
        self._stages.viewer_left(peer.stage)


def _size(request: web.Request) -> Size:
    value = request.query.get("size", "square")
    if value == "square":
        return "square"
    if value == "portrait":
        return "portrait"
    raise ProblemError(
        422, "invalid_size", f"size={value!r} is unknown", "allowed are square and portrait"
    )

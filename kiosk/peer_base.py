"""What every WebRTC peer of this server has: no outside servers, a limit to connect, one end."""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable

from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from kiosk.api import ProblemError

logger = logging.getLogger(__name__)

OnEnded = Callable[[], Awaitable[None]]


class BasePeer:
    """A peer connection that answers one offer, from the offer to the end."""

    def __init__(self, on_ended: OnEnded, connect_timeout_s: float) -> None:
        """Make a peer that is not connected yet.

        Args:
            on_ended: called once, when the peer has ended by itself; it closes the peer.
            connect_timeout_s: how long it may take to connect.
        """
        self.id = uuid.uuid4().hex
        self._on_ended = on_ended
        self._connect_timeout_s = connect_timeout_s
        # An empty list of servers: None would mean a public STUN server.
        configuration = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.BALANCED)
        self._pc = RTCPeerConnection(configuration)
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False
        self._ending: asyncio.Future[None] | None = None
        self._pc.on("connectionstatechange", self._on_connection_state)

    @property
    def connection_state(self) -> str:
        """W3C state of the connection."""
        return self._pc.connectionState

    async def aclose(self) -> None:
        """End the peer."""
        self._closing = True
        current = asyncio.current_task()
        for task in [task for task in self._tasks if task is not current]:
            task.cancel()
        # Shielded: who waits for a close under way and is cancelled would cancel it for all.
        await asyncio.shield(self._pc.close())

    async def _negotiate(self, offer_sdp: str) -> str:
        """Take the offer and begin to connect.

        Returns:
            The SDP answer with all candidates in it.

        Raises:
            ProblemError: 400 if the SDP is malformed.
        """
        try:
            await self._pc.setRemoteDescription(RTCSessionDescription(offer_sdp, "offer"))
            description = await self._pc.createAnswer()
        except Exception as error:  # aiortc raises many kinds for what a stranger may send
            raise malformed(str(error) or type(error).__name__) from error
        assert description is not None
        await self._pc.setLocalDescription(description)
        self._spawn(self._require_connection())
        return self._pc.localDescription.sdp

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _require_connection(self) -> None:
        await asyncio.sleep(self._connect_timeout_s)
        if self._pc.connectionState != "connected":
            logger.warning("peer %s: not connected in %.0f s", self.id, self._connect_timeout_s)
            await self._end()

    async def _on_connection_state(self) -> None:
        logger.info("peer %s: %s", self.id, self._pc.connectionState)
        if self._pc.connectionState in ("failed", "closed"):
            await self._end()

    async def _end(self) -> None:
        if not self._closing:
            self._closing = True
            self._ending = asyncio.ensure_future(self._on_ended())


def malformed(reason: str) -> ProblemError:
    """The refusal of an offer that is not SDP that can be answered."""
    return ProblemError(
        400,
        "malformed_sdp",
        f"the offer is not SDP that can be answered: {reason}",
        "send the offer of RTCPeerConnection.createOffer() as application/sdp",
    )

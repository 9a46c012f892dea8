"""One who sends sound by WebRTC: the answer to a WHIP offer, its sound, its end."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from aiortc import RTCRtpReceiver
from aiortc.rtp import RtpPacket

from engine.media import FloatArray
from kiosk.listen.offer import SoundOffer
from kiosk.listen.opus import OpusStream
from kiosk.peer_base import BasePeer
from kiosk.stage import Stage

logger = logging.getLogger(__name__)

SILENT_S: Final = 10.0
"""A sender of whom no packet comes for so long has gone; silence is packets, too."""

WATCH_S: Final = 0.25

JITTER_BUFFER: Final = "_RTCRtpReceiver__jitter_buffer"
"""aiortc's, private, in whose place ``_Tap`` takes the packets; a canary test names it."""


class Hears(Protocol):
    """What a publisher needs of an ``inlets.Inlet``."""

    @property
    def closed(self) -> bool:
        """Whether nothing is heard any more: another took over, or the stage closed."""
        ...

    def push(self, samples: FloatArray) -> None:
        """Take mono sound."""
        ...

    def close(self) -> None:
        """Say that nothing more comes."""
        ...


class Publisher(BasePeer):
    """A peer connection that brings sound to a stage."""

    def __init__(
        self,
        stage: Stage,
        on_ended: Callable[["Publisher"], Awaitable[None]],
        connect_timeout_s: float,
        count: Callable[[str, int], None] = lambda _event, _packets: None,
    ) -> None:
        """Make a publisher; ``answer`` connects it, ``inlet`` lets it be heard.

        Args:
            stage: where it shall be heard.
            on_ended: called once, when it has ended by itself.
            connect_timeout_s: how long it may take to connect.
            count: takes how many more packets were heard, lost or broken, several times a second.
        """
        super().__init__(lambda: on_ended(self), connect_timeout_s)
        self._count = count
        self._counted = {"heard": 0, "lost": 0, "broken": 0}
        self.stage = stage
        self.inlet: Hears | None = None
        self.stream = OpusStream(self._hear)
        self._heard_s = 0.0

    @property
    def dismissed(self) -> bool:
        """Whether its place was taken, or its stage has closed."""
        return self.inlet is not None and self.inlet.closed

    async def answer(self, offer_sdp: str) -> str:
        """Take the offer and begin to connect.

        Args:
            offer_sdp: the client's SDP; it must offer to send sound in Opus.

        Returns:
            The SDP answer with all candidates in it; all but the sound is declined.

        Raises:
            ProblemError: 400 if the SDP is malformed, 422 if it offers no sound or no Opus.
        """
        offer = SoundOffer(offer_sdp)
        transceiver = self._pc.addTransceiver("audio", direction="recvonly")
        known = RTCRtpReceiver.getCapabilities("audio")
        assert known is not None
        transceiver.setCodecPreferences([c for c in known.codecs if c.name.lower() == "opus"])
        setattr(transceiver.receiver, JITTER_BUFFER, _Tap(self._take))
        answer = await self._negotiate(offer.sdp)
        self._spawn(self._watch())
        return offer.complete(answer)

    async def aclose(self) -> None:
        """End the peer and leave the stage."""
        if self.inlet is not None:
            self.inlet.close()
        self._tell_counts()
        await super().aclose()

    def _tell_counts(self) -> None:
        for event, before in self._counted.items():
            self._counted[event] = getattr(self.stream, event)
            self._count(event, self._counted[event] - before)

    def _take(self, packet: RtpPacket) -> None:
        self._heard_s = asyncio.get_running_loop().time()
        self.stream.take(packet.sequence_number, packet.timestamp, packet.payload)

    def _hear(self, samples: FloatArray) -> None:
        if self.inlet is not None:
            self.inlet.push(samples)

    async def _watch(self) -> None:
        """End when nobody sends any more, or nobody listens."""
        loop = asyncio.get_running_loop()
        # Until it has connected, another limit holds.
        self._heard_s = loop.time() + self._connect_timeout_s
        while not self.dismissed:
            await asyncio.sleep(WATCH_S)
            self._tell_counts()
            if loop.time() - self._heard_s > SILENT_S:
                logger.warning("peer %s: nothing was sent for %.0f s", self.id, SILENT_S)
                break
        await self._end()


class _Tap:
    """Stands where aiortc's receiver has its jitter buffer, and takes the packets as they come."""

    def __init__(self, take: Callable[[RtpPacket], None]) -> None:
        self._take = take

    def add(self, packet: RtpPacket) -> tuple[bool, None]:
        """No picture is to be asked for anew, and nothing for aiortc to decode."""
        self._take(packet)
        return False, None

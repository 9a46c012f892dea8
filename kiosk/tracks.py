"""The two WebRTC tracks of a viewer: bounded queues of packets that the stage fills."""

import asyncio
from collections import deque
from collections.abc import Callable

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

from kiosk.encoders import Packet

AUDIO_QUEUE_PACKETS = 25
"""Half a second."""

VIDEO_QUEUE_PACKETS = 12
"""About half a second."""


class PacketTrack(MediaStreamTrack):
    """A track whose packets were encoded already; aiortc only packetises and sends them."""

    def __init__(self, kind: str, capacity_packets: int) -> None:
        """Make an empty track.

        Args:
            kind: ``audio`` or ``video``.
            capacity_packets: packets that may wait; the oldest is dropped when one more comes.
        """
        super().__init__()
        self.kind = kind
        self._packets: deque[tuple[float, Packet]] = deque()
        """Each with the loop's time before which it must not leave."""
        self._capacity_packets = capacity_packets
        self._arrived = asyncio.Event()
        self.dropped_count = 0
        self.on_sent: Callable[[int], None] | None = None
        """Called with the pts of each packet once aiortc has sent it."""
        self.hold_s: Callable[[str], float] | None = None
        """How long packets of a kind are held back: a fault injected for a test."""
        self._handed_out_pts: int | None = None

    def put(self, packet: Packet) -> None:
        """Queue *packet*; called by the stage in the order of pts."""
        if len(self._packets) >= self._capacity_packets:
            self._packets.popleft()
            self.dropped_count += 1
        hold_s = self.hold_s(self.kind) if self.hold_s else 0.0
        self._packets.append((asyncio.get_running_loop().time() + hold_s, packet))
        self._arrived.set()

    async def recv(self) -> Packet:
        """The next packet, for aiortc's sender.

        Raises:
            MediaStreamError: the track was stopped.
        """
        # aiortc asks for the next packet when it has sent the last one.
        if self._handed_out_pts is not None and self.on_sent is not None:
            self.on_sent(self._handed_out_pts)
        while not self._packets:
            if self.readyState != "live":
                raise MediaStreamError
            self._arrived.clear()
            await self._arrived.wait()
        due_s, packet = self._packets.popleft()
        if (early_s := due_s - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(early_s)
        self._handed_out_pts = packet.pts
        return packet

    def stop(self) -> None:
        """End the track; a waiting ``recv`` raises."""
        super().stop()
        self._packets.clear()
        self._arrived.set()


class AudioTrack(PacketTrack):
    """Opus packets."""

    def __init__(self) -> None:
        super().__init__("audio", AUDIO_QUEUE_PACKETS)


class VideoTrack(PacketTrack):
    """H.264 or VP8 packets; begins, and goes on after a loss, with a keyframe."""

    def __init__(self, request_keyframe: Callable[[], None]) -> None:
        """Make an empty track.

        Args:
            request_keyframe: called when the stage's next picture must be a keyframe.
        """
        super().__init__("video", VIDEO_QUEUE_PACKETS)
        self._request_keyframe = request_keyframe
        self._broken = True
        request_keyframe()

    def put(self, packet: Packet) -> None:
        """Queue *packet* unless a picture that it builds on is missing."""
        if len(self._packets) >= self._capacity_packets:
            self._start_over()
        if self._broken and not packet.is_keyframe:
            self.dropped_count += 1
            return
        self._broken = False
        super().put(packet)

    def _start_over(self) -> None:
        # Every later picture builds on a dropped one: begin again with a keyframe.
        self.dropped_count += len(self._packets)
        self._packets.clear()
        self._broken = True
        self._request_keyframe()

"""RTCP sender reports that tell media time.

aiortc pairs the RTP timestamp of the last packet with the time at which that packet was sent, so
that a picture which leaves late looks punctual to the browser. Ours pair the RTP timestamp and the
wall time of one instant of the stage's clock (RFC 3550, 6.4.1), the same for sound and picture.
"""

from fractions import Fraction
from typing import Final

from aiortc import RTCRtpSender
from aiortc.mediastreams import convert_timebase
from aiortc.rtp import AnyRtcpPacket, RtcpSrPacket

from engine.timeline import SAMPLE_RATE_HZ
from kiosk.clock import MediaClock
from kiosk.encoders import TIME_BASE

VIDEO_CLOCK_HZ: Final = 90_000

# aiortc offers no public way to these; tests/test_kiosk_sender_reports.py fails if one goes away.
RTP_TIMESTAMP: Final = "_RTCRtpSender__rtp_timestamp"
LAST_REPORT: Final = "_RTCRtpSender__lsr"
SEND_RTCP: Final = "_send_rtcp"


def rtp_ticks(pts: int, kind: str) -> int:
    """Media time *pts* in ticks of the RTP clock of *kind*, as aiortc rounds it."""
    rate_hz = VIDEO_CLOCK_HZ if kind == "video" else SAMPLE_RATE_HZ
    return int(convert_timebase(pts, TIME_BASE, Fraction(1, rate_hz)))


def rtp_origin(sender: RTCRtpSender, kind: str, sent_pts: int) -> int:
    """The RTP timestamp of media time 0 on *sender*, whose last packet had *sent_pts*."""
    timestamp: int = getattr(sender, RTP_TIMESTAMP)
    return (timestamp - rtp_ticks(sent_pts, kind)) % 2**32


class MediaTimeReports:
    """Corrects the reports of one sender. Until its origin is known, none leaves."""

    def __init__(self, sender: RTCRtpSender, kind: str, clock: MediaClock) -> None:
        """Stand between *sender* and its transport.

        Args:
            sender: whose reports are corrected.
            kind: ``audio`` or ``video``.
            clock: the stage's.
        """
        self.origin: int | None = None
        """RTP timestamp of media time 0, which aiortc draws at random."""
        self._sender = sender
        self._kind = kind
        self._clock = clock
        self._send = getattr(sender, SEND_RTCP)
        setattr(sender, SEND_RTCP, self._send_corrected)

    async def _send_corrected(self, packets: list[AnyRtcpPacket]) -> None:
        if self.origin is None and any(isinstance(packet, RtcpSrPacket) for packet in packets):
            return  # nothing was sent yet, and a report of nothing would be taken at its word
        for packet in packets:
            if isinstance(packet, RtcpSrPacket):
                self._correct(packet)
        await self._send(packets)

    def _correct(self, report: RtcpSrPacket) -> None:
        assert self.origin is not None
        pts = self._clock.now_pts
        info = report.sender_info
        info.ntp_timestamp = self._clock.ntp_time(pts) % 2**64
        info.rtp_timestamp = (self.origin + rtp_ticks(pts, self._kind)) % 2**32
        # What the receiver will name when it answers; aiortc measures the round trip by it.
        setattr(self._sender, LAST_REPORT, (info.ntp_timestamp >> 16) & 0xFFFFFFFF)

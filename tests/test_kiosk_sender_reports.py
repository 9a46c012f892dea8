"""The sender reports name media time, and the private names they rest on are those of aiortc."""

import asyncio
from typing import cast

import aiortc
from aiortc import RTCRtpSender
from aiortc.rtp import AnyRtcpPacket, RtcpByePacket, RtcpSenderInfo, RtcpSrPacket

from kiosk import sender_reports
from kiosk.clock import NTP_EPOCH_S, MediaClock
from kiosk.sender_reports import MediaTimeReports, rtp_origin, rtp_ticks
from tests.fakes import run_virtual


class FakeSender:
    def __init__(self) -> None:
        self.sent: list[AnyRtcpPacket] = []
        self._RTCRtpSender__rtp_timestamp = 5_000
        self._RTCRtpSender__lsr = 0

    async def _send_rtcp(self, packets: list[AnyRtcpPacket]) -> None:
        self.sent += packets


def reporting(kind: str, clock: MediaClock) -> tuple[FakeSender, MediaTimeReports]:
    sender = FakeSender()
    return sender, MediaTimeReports(cast(RTCRtpSender, sender), kind, clock)


def report() -> RtcpSrPacket:
    return RtcpSrPacket(ssrc=1, sender_info=RtcpSenderInfo(7, 8, 9, 10))


async def sent(sender: FakeSender) -> RtcpSenderInfo:
    await sender._send_rtcp([report()])
    return cast(RtcpSrPacket, sender.sent[-1]).sender_info


def test_both_kinds_tell_the_same_time_for_the_same_sample() -> None:
    async def work() -> None:
        clock = MediaClock()
        told = {}
        for kind, rate_hz in (("audio", 48_000), ("video", 90_000)):
            sender, reports = reporting(kind, clock)
            reports.origin = 2**32 - 1000
            await asyncio.sleep(3.21)  # each reports at a time of its own
            info = await sent(sender)
            media_s = (info.rtp_timestamp - reports.origin) % 2**32 / rate_hz
            told[kind] = info.ntp_timestamp / 2**32 - media_s
            assert (info.packet_count, info.octet_count) == (9, 10)
            assert (info.ntp_timestamp >> 16) & 0xFFFFFFFF == sender._RTCRtpSender__lsr
        assert abs(told["audio"] - told["video"]) < 1e-4

    run_virtual(work)


def test_a_packet_that_leaves_late_does_not_change_what_is_told() -> None:
    async def work() -> None:
        clock = MediaClock()
        sender, reports = reporting("video", clock)
        reports.origin = 0
        told = []
        for late_s in (0.0, 0.15, 0.3):
            await asyncio.sleep(1.0 + late_s)
            sender._RTCRtpSender__rtp_timestamp += 90_000
            info = await sent(sender)
            told.append(info.ntp_timestamp / 2**32 - info.rtp_timestamp / 90_000)
        assert max(told) - min(told) < 1e-4
        assert told[0] > NTP_EPOCH_S

    run_virtual(work)


def test_nothing_is_reported_before_the_first_packet() -> None:
    async def work() -> None:
        sender, reports = reporting("audio", MediaClock())
        await sender._send_rtcp([report()])
        assert sender.sent == []
        await sender._send_rtcp([RtcpByePacket(sources=[1])])
        assert len(sender.sent) == 1
        reports.origin = 1
        await sender._send_rtcp([report()])
        assert len(sender.sent) == 2

    run_virtual(work)


def test_the_origin_is_what_the_packet_sent_says() -> None:
    sender = cast(RTCRtpSender, FakeSender())
    assert rtp_origin(sender, "audio", 4_800) == 200
    assert rtp_origin(sender, "video", 4_800) == (5_000 - 9_000) % 2**32
    assert rtp_ticks(48_000, "video") == 90_000


def test_the_private_names_are_those_of_this_aiortc() -> None:
    """Fails loudly when aiortc changes under us: then read sender_reports.py again."""
    assert aiortc.__version__ == "1.16.0", "another aiortc: check every private name we use"
    assert sender_reports.RTP_TIMESTAMP in RTCRtpSender._run_rtp.__code__.co_names
    reporter = RTCRtpSender._run_rtcp.__code__.co_names
    assert sender_reports.SEND_RTCP in reporter
    assert sender_reports.LAST_REPORT in reporter
    assert sender_reports.LAST_REPORT in RTCRtpSender._handle_rtcp_packet.__code__.co_names

"""A viewer's peer against a real aiortc client on this machine."""

import asyncio
import json
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import aiortc
import av
import numpy as np
import pytest
import pytest_asyncio
from aiortc import (
    RTCConfiguration,
    RTCDtlsTransport,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.rtp import RtpPacket

from kiosk.api import ProblemError
from kiosk.broadcast import Broadcast
from kiosk.metrics import Metrics
from kiosk.peers import Peer, choose_codec
from kiosk.stage import Stage
from tests.fakes import InlineWorker, fake_pipeline, utterance


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Stage]:
    pool = ThreadPoolExecutor(1)
    broadcast = Broadcast(64, 64, 25, 500, pool)
    stage = Stage("test", "ada", fake_pipeline(), InlineWorker(), broadcast, 25, Metrics())
    stage.start()
    yield stage
    await stage.aclose()
    pool.shutdown()


class Client:
    """A player: offers to receive, keeps what comes."""

    def __init__(self, kinds: tuple[str, ...] = ("audio", "video"), codec: str = "") -> None:
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.messages: list[dict[str, object]] = []
        self.tracks: dict[str, aiortc.MediaStreamTrack] = {}
        self.channel = self.pc.createDataChannel("kiosk")
        self.channel.on("message", lambda text: self.messages.append(json.loads(text)))
        self.pc.on("track", lambda track: self.tracks.__setitem__(track.kind, track))
        for kind in kinds:
            transceiver = self.pc.addTransceiver(kind, direction="recvonly")
            if kind == "video" and codec:
                codecs = RTCRtpSender.getCapabilities("video").codecs
                transceiver.setCodecPreferences([c for c in codecs if c.name == codec])

        self.first_audio_rtp = -1
        if "audio" in kinds:
            self._watch_first_audio()

    def _watch_first_audio(self) -> None:
        receiver = next(t.receiver for t in self.pc.getTransceivers() if t.kind == "audio")
        handle = receiver._handle_rtp_packet

        async def watch(packet: RtpPacket, arrival_time_ms: int) -> None:
            if self.first_audio_rtp < 0:
                self.first_audio_rtp = packet.timestamp
            await handle(packet, arrival_time_ms)

        receiver._handle_rtp_packet = watch  # type: ignore[method-assign]

    async def connect(self, peer: Peer) -> str:
        await self.pc.setLocalDescription(await self.pc.createOffer())
        answer = await peer.answer(self.pc.localDescription.sdp)
        await self.pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        return answer

    async def message(self, kind: str) -> dict[str, object]:
        async with asyncio.timeout(10):
            while True:
                for message in self.messages:
                    if message["type"] == kind:
                        return message
                await asyncio.sleep(0.02)


async def _ignore(_peer: Peer) -> None:
    pass


def make_peer(stage: Stage, timeout_s: float = 15.0) -> Peer:
    return Peer(
        stage,
        {"type": "hello", "stage": stage.name},
        lambda _peer, _report: None,
        _ignore,
        timeout_s,
    )


@pytest.mark.parametrize("codec", ["H264", "VP8"])
@pytest.mark.parametrize("kinds", [("audio", "video"), ("video", "audio"), ("video",)])
async def test_picture_and_sound_arrive_in_any_order_of_sections(
    stage: Stage, kinds: tuple[str, ...], codec: str
) -> None:
    client, peer = Client(kinds, codec), make_peer(stage)
    answer = await client.connect(peer)
    assert f"{codec}/90000" in answer
    async with asyncio.timeout(10):
        for kind in kinds:
            frame = await client.tracks[kind].recv()
            frame = await client.tracks[kind].recv()
            assert frame.pts is not None
    await peer.aclose()
    await client.pc.close()
    assert stage.viewer_count == 0


async def test_all_is_in_one_stream_and_no_server_is_asked(stage: Stage) -> None:
    client, peer = Client(), make_peer(stage)
    answer = await client.connect(peer)
    streams = {line.split(" ")[0] for line in answer.splitlines() if line.startswith("a=msid:")}
    assert len(streams) == 1
    assert "srflx" not in answer and "relay" not in answer
    assert answer.count("a=sendonly") == 2
    await peer.aclose()
    await client.pc.close()


async def test_the_origin_names_the_rtp_time_of_media_time_zero(stage: Stage) -> None:
    """The sound of an utterance arrives at the RTP time that its caption's media time says."""
    client, peer = Client(), make_peer(stage)
    await client.connect(peer)
    assert (await client.message("hello"))["session"] == peer.id
    origin = await client.message("origin")
    stage.say(utterance("u", 1.0), interrupt=True)
    onset_ms = None
    async with asyncio.timeout(10):
        while onset_ms is None:
            frame = await client.tracks["audio"].recv()
            assert isinstance(frame, av.AudioFrame)
            assert frame.pts is not None
            sound = np.abs(frame.to_ndarray().reshape(-1, 2)[:, 0])
            if (loud := np.flatnonzero(sound > 1500)).size:
                media_ms = _media_ms(client, frame.pts, int(str(origin["audio_rtp"])))
                onset_ms = media_ms + loud[0] / 48.0
    caption = await client.message("caption")
    assert onset_ms == pytest.approx(float(str(caption["start_ms"])), abs=8.0)
    await peer.aclose()
    await client.pc.close()


async def test_who_joins_while_a_visitor_speaks_is_told(stage: Stage) -> None:
    stage.visitors.speaks("somebody", True)
    client, peer = Client(), make_peer(stage)
    await client.connect(peer)
    assert (await client.message("visitor"))["speaking"] is True
    await peer.aclose()
    await client.pc.close()


def _media_ms(client: Client, pts: int, origin: int) -> float:
    """Media time of a decoded frame; aiortc counts its pts from the first packet received."""
    return ((client.first_audio_rtp + pts - origin) % 2**32) / 48.0


async def test_a_viewer_that_never_connects_is_dropped(stage: Stage) -> None:
    closed = asyncio.Event()

    async def on_closed(_peer: Peer) -> None:
        closed.set()

    peer = Peer(stage, {"type": "hello"}, lambda _peer, _report: None, on_closed, 0.3)
    client = Client()
    await client.pc.setLocalDescription(await client.pc.createOffer())
    await peer.answer(client.pc.localDescription.sdp)
    async with asyncio.timeout(5):
        await closed.wait()
    await peer.aclose()
    await client.pc.close()


async def test_a_viewer_gives_signs_of_life(stage: Stage) -> None:
    client, peer = Client(), make_peer(stage)
    begun_s = peer.heard_s
    await client.connect(peer)
    for _ in range(500):
        if peer.heard_s > begun_s:
            break
        await asyncio.sleep(0.02)
    assert peer.heard_s > begun_s
    await client.pc.close()
    await peer.aclose()


async def test_a_picture_loss_report_makes_a_keyframe(stage: Stage) -> None:
    client, peer = Client(), make_peer(stage)
    await client.connect(peer)
    await client.message("origin")
    asked: list[str] = []
    stage.broadcast.request_keyframe = asked.append  # type: ignore[method-assign, assignment]
    sender = next(s for s in peer._pc.getSenders() if s.kind == "video")
    sender._send_keyframe()
    assert asked == ["H264"] or asked == ["VP8"]
    await peer.aclose()
    await client.pc.close()


@pytest.mark.parametrize(
    ("offer", "code"),
    [
        ("", "malformed_sdp"),
        ("hello", "malformed_sdp"),
        ("v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n", "no_video"),
        ("v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 AV1/90000\r\n", "no_common_codec"),
    ],
)
def test_offers_that_cannot_be_answered_are_refused(offer: str, code: str) -> None:
    with pytest.raises(ProblemError) as refusal:
        choose_codec(offer)
    assert refusal.value.problem.code == code
    assert refusal.value.problem.remedy


async def test_garbage_after_a_fair_beginning_is_refused(stage: Stage) -> None:
    peer = make_peer(stage)
    with pytest.raises(ProblemError) as refusal:
        await peer.answer("v=0\r\nm=video nonsense\r\na=rtpmap:96 H264/90000\r\n")
    assert refusal.value.problem.code == "malformed_sdp"
    await peer.aclose()


def test_the_private_names_we_use_are_those_of_this_aiortc() -> None:
    """Fails loudly when aiortc changes under us: then read peers.py and tracks.py again."""
    assert aiortc.__version__ == "1.16.0"
    assert hasattr(RTCRtpSender, "_send_keyframe")
    assert "_send_keyframe" in RTCRtpSender._handle_rtcp_packet.__code__.co_names
    assert hasattr(RTCRtpSender, "_handle_rtcp_packet")
    assert "_handle_rtcp_packet" in RTCDtlsTransport._handle_rtcp_data.__code__.co_names
    assert "pack" in RTCRtpSender._next_encoded_frame.__code__.co_names

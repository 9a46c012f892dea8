"""One viewer's WebRTC peer: the answer to a WHEP offer, its tracks, its data channel, its end."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiortc import (
    RTCDataChannel,
    RTCRtpCodecCapability,
    RTCRtpSender,
    RTCRtpTransceiver,
)
from aiortc.rtp import AnyRtcpPacket

from kiosk.api import ProblemError
from kiosk.broadcast import Message, Viewer
from kiosk.encoders import VIDEO_CODECS, VideoCodec
from kiosk.inject import Injector
from kiosk.peer_base import BasePeer, malformed
from kiosk.sender_reports import MediaTimeReports, rtp_origin
from kiosk.stage import Stage
from kiosk.terminals import DEFAULT
from kiosk.tracks import AudioTrack, PacketTrack, VideoTrack

CHANNEL_LABEL: Final = "kiosk"
REPORTS_LABEL: Final = "kiosk-reports"
"""A channel without order or repetition, for measurements that are stale when they are late."""

MAX_REPORT_CHARACTERS: Final = 4096

Report = Mapping[str, object]
OnReport = Callable[["Peer", Report], None]


class Peer(BasePeer):
    """A viewer's peer connection, from the offer to the end."""

    def __init__(
        self,
        stage: Stage,
        hello: Message,
        on_report: OnReport,
        on_closed: Callable[["Peer"], Awaitable[None]],
        connect_timeout_s: float,
        injector: Injector | None = None,
        terminal: str = DEFAULT,
    ) -> None:
        """Make a peer for *stage*; ``answer`` connects it.

        Args:
            stage: what the peer will watch.
            hello: first message on the data channel; the session's id is added.
            on_report: takes the page's measurements.
            on_closed: called once, when the peer has ended for whatever reason.
            connect_timeout_s: how long it may take to connect.
            injector: spoils what is sent, in tests.
            terminal: where the viewer looks and listens.
        """
        super().__init__(lambda: on_closed(self), connect_timeout_s)
        self.stage = stage
        self.terminal = terminal
        self.latest: Report = {}
        """What its page told last."""
        self.viewer: Viewer | None = None
        self.heard_s = asyncio.get_running_loop().time()
        """When it last gave a sign of life: every player reports what it receives each second
        or so (RFC 3550), long before a connection that has broken off is declared failed."""
        self._hello = {**hello, "session": self.id}
        self._on_report = on_report
        self._injector = injector
        self._origins: dict[str, int] = {}
        self._pc.on("datachannel", self._on_channel)

    async def answer(self, offer_sdp: str) -> str:
        """Take the offer and begin to send.

        Args:
            offer_sdp: the viewer's SDP; it must want to receive video.

        Returns:
            The SDP answer with all candidates in it.

        Raises:
            ProblemError: 400 if the SDP is malformed, 422 if it has no video to receive or no
                codec that this server speaks.
        """
        codec = choose_codec(offer_sdp)
        audio = AudioTrack()
        video = VideoTrack(lambda: self.stage.broadcast.request_keyframe(codec))
        senders = self._add_tracks(audio, video, codec, has_audio="m=audio" in offer_sdp)
        answer = await self._negotiate(offer_sdp)
        self._watch_keyframes(senders[-1], codec)
        self.viewer = Viewer(self.id, codec, audio, video)
        self.stage.broadcast.attach(self.viewer)
        for sender in senders:
            self._watch_life(sender)
            self._watch_origin(sender)
            if self._injector is not None:
                self._injector.spoil(sender.transport)
        return answer

    def _add_tracks(
        self, audio: AudioTrack, video: VideoTrack, codec: VideoCodec, has_audio: bool
    ) -> list[RTCRtpSender]:
        senders = []
        tracks: list[PacketTrack] = [audio, video] if has_audio else [video]
        for track in tracks:
            transceiver = self._pc.addTransceiver(track, direction="sendonly")
            senders.append(transceiver.sender)
            if self._injector is not None:
                track.hold_s = self._injector.hold_s
            if track is video:
                _prefer(transceiver, codec)
        return senders

    def _watch_keyframes(self, sender: RTCRtpSender, codec: VideoCodec) -> None:
        """Send the viewer's picture-loss reports to the stage's encoder, not to aiortc's own."""
        sender._send_keyframe = lambda: self.stage.broadcast.request_keyframe(codec)  # type: ignore[method-assign]

    def _watch_life(self, sender: RTCRtpSender) -> None:
        """Note when the viewer's reports come."""
        handle = sender._handle_rtcp_packet

        async def watch(packet: AnyRtcpPacket) -> None:
            self.heard_s = asyncio.get_running_loop().time()
            await handle(packet)

        sender._handle_rtcp_packet = watch  # type: ignore[method-assign]

    def _watch_origin(self, sender: RTCRtpSender) -> None:
        """Learn the RTP timestamp of media time 0, which aiortc draws at random."""
        track = sender.track
        assert isinstance(track, PacketTrack)
        reports = MediaTimeReports(sender, track.kind, self.stage.clock)

        def learn(pts: int) -> None:
            track.on_sent = None
            reports.origin = self._origins[track.kind] = rtp_origin(sender, track.kind, pts)
            self._tell_origin()

        track.on_sent = learn

    def _tell_origin(self) -> None:
        if self.viewer is not None and len(self._origins) == 2:
            audio, video = self._origins["audio"], self._origins["video"]
            self.viewer.send({"type": "origin", "audio_rtp": audio, "video_rtp": video})

    def _on_channel(self, channel: RTCDataChannel) -> None:
        if channel.label == REPORTS_LABEL:
            channel.on("message", self._on_message)
        if channel.label != CHANNEL_LABEL or self.viewer is None:
            return
        self.viewer.channel = channel
        channel.on("message", self._on_message)
        self.viewer.send(self._hello)
        self._tell_origin()
        said = self.stage.transcript.current(self.stage.line.play_pts)
        for message in (*said, *self.stage.visitors.current):
            self.viewer.send(message)

    def _on_message(self, data: object) -> None:
        if not isinstance(data, str) or len(data) > MAX_REPORT_CHARACTERS:
            return
        try:
            message = json.loads(data)
        except ValueError:
            return
        if isinstance(message, dict) and message.get("type") == "report":
            self._on_report(self, message)

    async def aclose(self) -> None:
        """End the peer and leave the stage."""
        if self.viewer is not None:
            self.stage.broadcast.detach(self.viewer)
        await super().aclose()


def choose_codec(offer_sdp: str) -> VideoCodec:
    """The video codec to send: H.264 if offered in a way we can make, else VP8.

    Raises:
        ProblemError: 400 for what is not SDP, 422 without video or a common codec.
    """
    if not offer_sdp.lstrip().startswith("v=0"):
        raise malformed("it does not begin with v=0")
    if "m=video" not in offer_sdp:
        raise ProblemError(
            422,
            "no_video",
            "the offer has no video section",
            "offer to receive video: addTransceiver('video', {direction: 'recvonly'})",
        )
    video = offer_sdp[offer_sdp.index("m=video") :].upper()
    for codec in VIDEO_CODECS:
        if f" {codec}/90000" in video:
            return codec
    raise ProblemError(
        422,
        "no_common_codec",
        "the offer has neither H264 nor VP8",
        "offer one of them; every current browser has both",
    )


def _prefer(transceiver: RTCRtpTransceiver, codec: VideoCodec) -> None:
    """Allow *codec* and its retransmission only; must come before the remote description."""
    capabilities: list[RTCRtpCodecCapability] = RTCRtpSender.getCapabilities("video").codecs
    transceiver.setCodecPreferences([c for c in capabilities if c.name.upper() in (codec, "RTX")])

"""One viewer's WebRTC peer: the answer to a WHEP offer, its tracks, its data channel, its end."""

import asyncio
import json
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCRtpCodecCapability,
    RTCRtpSender,
    RTCRtpTransceiver,
    RTCSessionDescription,
)

from kiosk.api import ProblemError
from kiosk.broadcast import Message, Viewer
from kiosk.encoders import VIDEO_CODECS, VideoCodec
from kiosk.inject import Injector
from kiosk.sender_reports import MediaTimeReports, rtp_origin
from kiosk.stage import Stage
from kiosk.terminals import DEFAULT
from kiosk.tracks import AudioTrack, PacketTrack, VideoTrack

logger = logging.getLogger(__name__)

CHANNEL_LABEL: Final = "kiosk"
REPORTS_LABEL: Final = "kiosk-reports"
"""A channel without order or repetition, for measurements that are stale when they are late."""

MAX_REPORT_CHARACTERS: Final = 4096

Report = Mapping[str, object]
OnReport = Callable[["Peer", Report], None]


class Peer:
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
        self.id = uuid.uuid4().hex
        self.stage = stage
        self.terminal = terminal
        self.latest: Report = {}
        """What its page told last."""
        self.viewer: Viewer | None = None
        self._hello = {**hello, "session": self.id}
        self._on_report = on_report
        self._on_closed = on_closed
        self._connect_timeout_s = connect_timeout_s
        self._injector = injector
        # An empty list of servers: None would mean a public STUN server.
        configuration = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.BALANCED)
        self._pc = RTCPeerConnection(configuration)
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False
        self._origins: dict[str, int] = {}
        self._pc.on("connectionstatechange", self._on_connection_state)
        self._pc.on("datachannel", self._on_channel)

    @property
    def connection_state(self) -> str:
        """W3C state of the connection."""
        return self._pc.connectionState

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
        try:
            await self._pc.setRemoteDescription(RTCSessionDescription(offer_sdp, "offer"))
            description = await self._pc.createAnswer()
        except Exception as error:  # aiortc raises many kinds for what a stranger may send
            raise _malformed(str(error) or type(error).__name__) from error
        assert description is not None
        await self._pc.setLocalDescription(description)
        self._watch_keyframes(senders[-1], codec)
        self.viewer = Viewer(self.id, codec, audio, video)
        self.stage.broadcast.attach(self.viewer)
        self._spawn(self._require_connection())
        for sender in senders:
            self._watch_origin(sender)
            if self._injector is not None:
                self._injector.spoil(sender.transport)
        return self._pc.localDescription.sdp

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

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _require_connection(self) -> None:
        await asyncio.sleep(self._connect_timeout_s)
        if self._pc.connectionState != "connected":
            logger.warning("peer %s: not connected in %.0f s", self.id, self._connect_timeout_s)
            await self._end()

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

    async def _on_connection_state(self) -> None:
        logger.info("peer %s: %s", self.id, self._pc.connectionState)
        if self._pc.connectionState in ("failed", "closed"):
            await self._end()

    def _on_channel(self, channel: RTCDataChannel) -> None:
        if channel.label == REPORTS_LABEL:
            channel.on("message", self._on_message)
        if channel.label != CHANNEL_LABEL or self.viewer is None:
            return
        self.viewer.channel = channel
        channel.on("message", self._on_message)
        self.viewer.send(self._hello)
        self._tell_origin()
        for message in self.stage.transcript.current(self.stage.line.play_pts):
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

    async def _end(self) -> None:
        if not self._closing:
            self._closing = True
            self._spawn(self._on_closed(self))

    async def aclose(self) -> None:
        """End the peer and leave the stage."""
        self._closing = True
        if self.viewer is not None:
            self.stage.broadcast.detach(self.viewer)
        current = asyncio.current_task()
        for task in [task for task in self._tasks if task is not current]:
            task.cancel()
        await self._pc.close()


def choose_codec(offer_sdp: str) -> VideoCodec:
    """The video codec to send: H.264 if offered in a way we can make, else VP8.

    Raises:
        ProblemError: 400 for what is not SDP, 422 without video or a common codec.
    """
    if not offer_sdp.lstrip().startswith("v=0"):
        raise _malformed("it does not begin with v=0")
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


def _malformed(reason: str) -> ProblemError:
    return ProblemError(
        400,
        "malformed_sdp",
        f"the offer is not SDP that can be answered: {reason}",
        "send the offer of RTCPeerConnection.createOffer() as application/sdp",
    )

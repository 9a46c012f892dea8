"""One encoding for all: a stage's pictures and sound, encoded once, to every viewer's tracks."""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Literal, Protocol

from engine.media import Audio, PictureFrame
from kiosk.encoders import AudioEncoder, VideoCodec, VideoEncoder
from kiosk.tracks import AudioTrack, VideoTrack

logger = logging.getLogger(__name__)

Message = Mapping[str, object]

MAX_BACKLOG_BYTES = 256 * 1024
"""A data channel with more waiting than this has a viewer that no longer reads."""


class Channel(Protocol):
    """Where a viewer's messages go; aiortc's data channel is one (hence the W3C names)."""

    @property
    def readyState(self) -> str:  # noqa: N802
        """``open`` when messages can be sent."""
        ...

    @property
    def bufferedAmount(self) -> int:  # noqa: N802
        """Bytes waiting."""
        ...

    def send(self, data: str) -> None:
        """Queue one text message."""
        ...


@dataclass(eq=False, slots=True)
class Viewer:
    """One peer that watches a stage."""

    id: str
    codec: VideoCodec
    audio: AudioTrack
    video: VideoTrack
    channel: Channel | None = None
    dropped_messages: int = 0

    def send(self, message: Message) -> None:
        """Send *message* if the viewer has a data channel that takes it."""
        channel = self.channel
        if channel is None or channel.readyState != "open":
            return
        if channel.bufferedAmount > MAX_BACKLOG_BYTES:
            self.dropped_messages += 1
            return
        channel.send(json.dumps(message, ensure_ascii=False))


@dataclass(slots=True)
class _CodecLine:
    """The encoder of one codec and the wish for a keyframe."""

    encoder: VideoEncoder
    keyframe: bool = True
    viewers: list[Viewer] = field(default_factory=list)


class Broadcast:
    """The viewers of one stage. Used from the event loop; encoding runs in *encode_pool*."""

    def __init__(
        self,
        width: int,
        height: int,
        frame_rate_hz: int,
        bitrate_kbps: int,
        encode_pool: Executor,
    ) -> None:
        """Make a broadcast without viewers.

        Args:
            width: pixels of the pictures to come, until another size comes.
            height: pixels of the pictures to come.
            frame_rate_hz: pictures a second.
            bitrate_kbps: upper limit of the video.
            encode_pool: one thread, not the event loop's default executor, which aiortc uses.
        """
        self._size = (width, height)
        self._frame_rate_hz = frame_rate_hz
        self._bitrate_kbps = bitrate_kbps
        self._pool = encode_pool
        self._lines: dict[VideoCodec, _CodecLine] = {}
        self._audio_encoder = AudioEncoder()
        self.viewers: list[Viewer] = []
        self.on_viewers: Callable[[Literal["joined", "left"], str, int], None] = lambda *_: None
        """Told who came or went, and how many watch then."""

    def attach(self, viewer: Viewer) -> None:
        """Begin sending to *viewer*."""
        line = self._lines.get(viewer.codec)
        if line is None:
            line = self._lines[viewer.codec] = _CodecLine(self._encoder(viewer.codec))
        line.viewers.append(viewer)
        line.keyframe = True
        self.viewers.append(viewer)
        self.on_viewers("joined", viewer.id, len(self.viewers))

    def _encoder(self, codec: VideoCodec) -> VideoEncoder:
        return VideoEncoder(codec, *self._size, self._frame_rate_hz, self._bitrate_kbps)

    def detach(self, viewer: Viewer) -> None:
        """Stop sending to *viewer*; unknown ones are ignored."""
        if viewer not in self.viewers:
            return
        self.viewers.remove(viewer)
        line = self._lines[viewer.codec]
        line.viewers.remove(viewer)
        if not line.viewers:
            del self._lines[viewer.codec]
        self.on_viewers("left", viewer.id, len(self.viewers))

    def request_keyframe(self, codec: VideoCodec) -> None:
        """Make the next picture of *codec* one that decodes by itself."""
        if codec in self._lines:
            self._lines[codec].keyframe = True

    def emit_audio(self, audio: Audio) -> None:
        """Encode one packet of sound and hand it to all viewers."""
        packet = self._audio_encoder.encode(audio)
        for viewer in self.viewers:
            viewer.audio.put(packet)

    async def emit_video(self, frame: PictureFrame, pts: int) -> None:
        """Encode one picture in each codec that is watched and hand it to the viewers.

        A picture of another size begins a new encoding, with a keyframe: viewers go on watching.
        """
        loop = asyncio.get_running_loop()
        self._size = (frame.width, frame.height)
        for codec, line in list(self._lines.items()):
            if line.encoder.size != self._size:
                line.encoder, line.keyframe = self._encoder(codec), True
            keyframe, line.keyframe = line.keyframe, False
            packet = await loop.run_in_executor(
                self._pool, line.encoder.encode, frame, pts, keyframe
            )
            for viewer in line.viewers:
                viewer.video.put(packet)

    def send(self, message: Message) -> None:
        """Send *message* to every viewer that has a data channel."""
        for viewer in self.viewers:
            viewer.send(message)

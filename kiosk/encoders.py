"""Encode once per stage: I420 pictures to H.264 or VP8, sound to Opus; timestamps stay media time.

The encoders are ours rather than aiortc's: one encoding serves all viewers, the bitrate is clamped
to the configured one instead of following a browser's start-up estimate, and x264 runs at a tenth
of the cost of aiortc's preset. The packets go to aiortc through ``Encoder.pack``.
"""

from fractions import Fraction
from typing import Any, Final, Literal, TypeAlias

import av
import numpy as np
from av.video.frame import PictureType

from engine.media import Audio, PictureFrame
from engine.timeline import PACKET_SAMPLES, SAMPLE_RATE_HZ

Packet: TypeAlias = "av.Packet[Any]"

TIME_BASE: Final = Fraction(1, SAMPLE_RATE_HZ)
OPUS_BITRATE: Final = 64_000
KEYFRAME_INTERVAL_FRAMES: Final = 100_000
"""Keyframes only on demand: a periodic one pulses the picture."""

VideoCodec = Literal["H264", "VP8"]
VIDEO_CODECS: Final[tuple[VideoCodec, ...]] = ("H264", "VP8")

_CODEC_NAMES: Final = {"H264": "libx264", "VP8": "libvpx"}
_OPTIONS: Final[dict[VideoCodec, dict[str, str]]] = {
    "H264": {
        "preset": "superfast",
        "tune": "zerolatency",
        "profile": "baseline",
        "crf": "20",
        "sc_threshold": "0",  # a cut in the picture makes no keyframe of its own accord
    },
    "VP8": {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "crf": "10"},
}


class VideoEncoder:
    """Pictures of one size to packets of one codec. One thread at a time may use it."""

    def __init__(
        self, codec: VideoCodec, width: int, height: int, frame_rate_hz: int, bitrate_kbps: int
    ) -> None:
        """Open the encoder.

        Args:
            codec: ``H264`` (constrained baseline) or ``VP8``.
            width: pixels, even.
            height: pixels, even.
            frame_rate_hz: pictures a second.
            bitrate_kbps: upper limit; quiet pictures take less.
        """
        context = av.CodecContext.create(_CODEC_NAMES[codec], "w")
        assert isinstance(context, av.VideoCodecContext)
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.time_base, context.framerate = TIME_BASE, Fraction(frame_rate_hz)
        context.thread_count = 1
        if codec == "VP8":
            context.bit_rate = bitrate_kbps * 1000
        context.options = _OPTIONS[codec] | {
            "g": str(KEYFRAME_INTERVAL_FRAMES),
            "maxrate": f"{bitrate_kbps}k",
            # Half a second: a keyframe fits without a visible drop in quality after it.
            "bufsize": f"{bitrate_kbps // 2}k",
        }
        self._context = context
        self.size = (width, height)
        """Width and height of the pictures that it takes."""

    def encode(self, frame: PictureFrame, pts: int, keyframe: bool) -> Packet:
        """Encode one picture, to be shown at *pts*, which must rise from call to call."""
        picture = av.VideoFrame.from_ndarray(frame.planes, format="yuv420p")
        picture.pts, picture.time_base = pts, TIME_BASE
        picture.pict_type = PictureType.I if keyframe else PictureType.NONE
        (packet,) = self._context.encode(picture)
        return packet


class AudioEncoder:
    """Sound to Opus packets of 20 ms, mono."""

    def __init__(self) -> None:
        context = av.CodecContext.create("libopus", "w")
        assert isinstance(context, av.AudioCodecContext)
        context.bit_rate, context.sample_rate = OPUS_BITRATE, SAMPLE_RATE_HZ
        context.format, context.layout = "s16", "mono"
        context.time_base = TIME_BASE
        context.options = {"application": "audio", "frame_duration": "20"}
        self._context = context

    def encode(self, audio: Audio) -> Packet:
        """Encode exactly ``PACKET_SAMPLES`` samples.

        The packet's pts lies 312 samples earlier: the decoder's sound of it is the encoder's
        lookahead behind (RFC 6716, pre-skip), so its RTP timestamp names the true media time.

        Raises:
            ValueError: another number of samples.
        """
        if len(audio.samples) != PACKET_SAMPLES:
            raise ValueError(f"{len(audio.samples)} samples: one Opus packet is {PACKET_SAMPLES}")
        whole = np.clip(np.rint(audio.samples * 32767.0), -32768, 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(whole[np.newaxis], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE_HZ, audio.pts, TIME_BASE
        (packet,) = self._context.encode(frame)
        return packet

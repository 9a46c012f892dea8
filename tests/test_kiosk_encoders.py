"""The encoders decode back to what went in, with true timestamps."""

from fractions import Fraction

import av
import numpy as np
import pytest

from engine.media import Audio, PictureFrame
from kiosk.encoders import VIDEO_CODECS, AudioEncoder, Packet, VideoCodec, VideoEncoder
from tests.fakes import tone


def picture(index: int, level: int) -> PictureFrame:
    planes = np.full((96, 64), 128, np.uint8)
    planes[:64] = level
    return PictureFrame(index, index * 1920, planes)


def decode(codec: VideoCodec, packets: list[Packet]) -> list[av.VideoFrame]:
    decoder = av.CodecContext.create("h264" if codec == "H264" else "vp8", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    frames = []
    for packet in packets:
        frames += decoder.decode(av.Packet(bytes(packet)))
    return frames + decoder.decode(None)


@pytest.mark.parametrize("codec", VIDEO_CODECS)
def test_one_packet_a_picture_with_its_pts(codec: VideoCodec) -> None:
    encoder = VideoEncoder(codec, 64, 64, 25, 500)
    levels = [40, 90, 140, 190, 220]
    packets = [encoder.encode(picture(i, level), i * 1920, False) for i, level in enumerate(levels)]
    assert [packet.pts for packet in packets] == [i * 1920 for i in range(5)]
    assert all(packet.time_base == Fraction(1, 48_000) for packet in packets)
    shown = decode(codec, packets)
    for frame, level in zip(shown, levels, strict=True):
        assert abs(float(frame.to_ndarray(format="yuv420p")[:64].mean()) - level) < 3


@pytest.mark.parametrize("codec", VIDEO_CODECS)
def test_keyframes_come_first_and_on_demand_only(codec: VideoCodec) -> None:
    encoder = VideoEncoder(codec, 64, 64, 25, 500)
    keys = [encoder.encode(picture(i, 100 + i), i * 1920, i == 30).is_keyframe for i in range(60)]
    assert [i for i, key in enumerate(keys) if key] == [0, 30]


@pytest.mark.parametrize("codec", VIDEO_CODECS)
def test_noise_does_not_exceed_the_bitrate_for_long(codec: VideoCodec) -> None:
    encoder = VideoEncoder(codec, 128, 128, 25, 300)
    noise = np.random.default_rng(0)
    sizes = []
    for i in range(100):
        planes = noise.integers(16, 235, (192, 128)).astype(np.uint8)
        sizes.append(len(bytes(encoder.encode(PictureFrame(i, i, planes), i * 1920, False))))
    assert sum(sizes[50:]) * 8 / 2.0 < 2.0 * 300_000  # pure noise at the coarsest quantiser


def test_opus_carries_the_sound_at_its_media_time() -> None:
    encoder = AudioEncoder()
    sound = np.concatenate([np.zeros(48_000, np.float32), tone(0.5)])
    decoder = av.CodecContext.create("libopus", "r")
    assert isinstance(decoder, av.AudioCodecContext)
    decoder.sample_rate = 48_000
    heard, begin = [], None
    for pts in range(0, len(sound), 960):
        packet = encoder.encode(Audio(10_000 + pts, sound[pts : pts + 960]))
        begin = packet.pts if begin is None else begin
        for frame in decoder.decode(av.Packet(bytes(packet))):
            heard.append(frame.to_ndarray().astype(np.float32).reshape(-1))
    assert begin == 10_000 - 312
    samples = np.concatenate(heard)
    channels = len(samples) // len(sound)
    onset = int(np.flatnonzero(np.abs(samples[::channels]) > 0.05 * np.abs(samples).max())[0])
    assert begin + onset == pytest.approx(10_000 + 48_000, abs=100)


def test_opus_refuses_other_lengths() -> None:
    with pytest.raises(ValueError, match="960"):
        AudioEncoder().encode(Audio(0, np.zeros(100, np.float32)))

"""The tracks: bounded, and after a loss the picture begins again with a keyframe."""

import asyncio

import av
import pytest
from aiortc.mediastreams import MediaStreamError

from kiosk.encoders import Packet
from kiosk.tracks import AUDIO_QUEUE_PACKETS, VIDEO_QUEUE_PACKETS, AudioTrack, VideoTrack


def packet(pts: int, keyframe: bool = False) -> Packet:
    made = av.Packet(b"x")
    made.pts = pts
    made.is_keyframe = keyframe
    return made


async def test_audio_drops_the_oldest_and_counts() -> None:
    track = AudioTrack()
    for pts in range(AUDIO_QUEUE_PACKETS + 3):
        track.put(packet(pts))
    assert track.dropped_count == 3
    assert (await track.recv()).pts == 3


async def test_video_begins_with_a_keyframe() -> None:
    asked: list[bool] = []
    track = VideoTrack(lambda: asked.append(True))
    assert asked == [True]
    track.put(packet(0))
    track.put(packet(1, keyframe=True))
    track.put(packet(2))
    assert (await track.recv()).pts == 1
    assert (await track.recv()).pts == 2
    assert track.dropped_count == 1


async def test_video_that_overflows_starts_over_with_a_keyframe() -> None:
    asked: list[bool] = []
    track = VideoTrack(lambda: asked.append(True))
    for pts in range(VIDEO_QUEUE_PACKETS + 2):
        track.put(packet(pts, keyframe=pts == 0))
    assert len(asked) == 2
    assert track.dropped_count == VIDEO_QUEUE_PACKETS + 2
    track.put(packet(100, keyframe=True))
    assert (await track.recv()).pts == 100


async def test_a_packet_is_reported_sent_when_the_next_is_asked_for() -> None:
    track = AudioTrack()
    sent: list[int] = []
    track.on_sent = sent.append
    track.put(packet(7))
    track.put(packet(8))
    await track.recv()
    assert sent == []
    await track.recv()
    assert sent == [7]


async def test_stopping_ends_a_waiting_reader() -> None:
    track = AudioTrack()
    reader = asyncio.create_task(track.recv())
    await asyncio.sleep(0)
    track.stop()
    with pytest.raises(MediaStreamError):
        await reader

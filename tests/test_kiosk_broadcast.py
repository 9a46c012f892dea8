"""One encoding for all viewers of a codec; messages that nobody reads are not piled up."""

import numpy as np

from engine.media import Audio, PictureFrame
from kiosk.broadcast import MAX_BACKLOG_BYTES, Broadcast, Viewer
from kiosk.encoders import VideoCodec
from kiosk.tracks import AudioTrack, VideoTrack
from tests.fakes import InlineExecutor


class FakeChannel:
    def __init__(self, state: str = "open", backlog: int = 0) -> None:
        self.readyState = state
        self.bufferedAmount = backlog
        self.sent: list[str] = []

    def send(self, data: str) -> None:
        self.sent.append(data)


def make() -> Broadcast:
    return Broadcast(64, 64, 25, 500, InlineExecutor())


def viewer(name: str, codec: VideoCodec = "H264") -> Viewer:
    return Viewer(name, codec, AudioTrack(), VideoTrack(lambda: None))


def picture(index: int) -> PictureFrame:
    return PictureFrame(index, index * 1920, np.full((96, 64), 100 + index, np.uint8))


async def test_viewers_of_a_codec_share_one_encoding() -> None:
    broadcast, a, b = make(), viewer("a"), viewer("b")
    broadcast.attach(a)
    broadcast.attach(b)
    await broadcast.emit_video(picture(0), 0)
    broadcast.emit_audio(Audio(0, np.zeros(960, np.float32)))
    assert await a.video.recv() is await b.video.recv()
    assert await a.audio.recv() is await b.audio.recv()


async def test_each_codec_has_its_own() -> None:
    broadcast, a, b = make(), viewer("a"), viewer("b", "VP8")
    broadcast.attach(a)
    broadcast.attach(b)
    await broadcast.emit_video(picture(0), 0)
    assert bytes(await a.video.recv()) != bytes(await b.video.recv())


async def test_who_joins_late_begins_with_a_keyframe() -> None:
    broadcast, a, b = make(), viewer("a"), viewer("b")
    broadcast.attach(a)
    for index in range(3):
        await broadcast.emit_video(picture(index), index * 1920)
    broadcast.attach(b)
    await broadcast.emit_video(picture(3), 3 * 1920)
    first = await b.video.recv()
    assert first.is_keyframe and first.pts == 3 * 1920


async def test_a_requested_keyframe_comes_once() -> None:
    broadcast, a = make(), viewer("a")
    broadcast.attach(a)
    await broadcast.emit_video(picture(0), 0)
    broadcast.request_keyframe("H264")
    broadcast.request_keyframe("VP8")
    keys: list[bool] = []
    for index in range(1, 4):
        await broadcast.emit_video(picture(index), index * 1920)
    while len(keys) < 4:
        keys.append((await a.video.recv()).is_keyframe)
    assert keys == [True, True, False, False]


async def test_who_leaves_gets_no_more() -> None:
    broadcast, a = make(), viewer("a")
    broadcast.attach(a)
    broadcast.detach(a)
    broadcast.detach(a)
    await broadcast.emit_video(picture(0), 0)
    assert broadcast.viewers == []


def test_messages_go_to_open_channels_that_are_read() -> None:
    broadcast = make()
    channels = [
        FakeChannel(),
        FakeChannel("connecting"),
        FakeChannel(backlog=MAX_BACKLOG_BYTES + 1),
    ]
    for number, channel in enumerate(channels):
        one = viewer(str(number))
        one.channel = channel
        broadcast.attach(one)
    broadcast.attach(viewer("without"))
    broadcast.send({"type": "caption", "text": "你好"})
    assert channels[0].sent == ['{"type": "caption", "text": "你好"}']
    assert channels[1].sent == channels[2].sent == []
    assert broadcast.viewers[2].dropped_messages == 1


def test_it_tells_who_came_and_went_and_how_many_watch() -> None:
    told: list[tuple[str, str, int]] = []
    broadcast, a, b = make(), viewer("a"), viewer("b")
    broadcast.on_viewers = lambda change, name, count: told.append((change, name, count))
    broadcast.attach(a)
    broadcast.attach(b)
    broadcast.detach(a)
    broadcast.detach(a)
    assert told == [("joined", "a", 1), ("joined", "b", 2), ("left", "a", 1)]

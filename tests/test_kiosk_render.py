"""Offline rendering: picture and sound in step, metadata that says what it is, no half files."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from engine.media import Audio, FloatArray, PictureFrame
from engine.timeline import PACKET_SAMPLES, SAMPLE_RATE_HZ, samples
from kiosk.labels import SYNTHETIC_COMMENT, SYNTHETIC_SOURCE
from kiosk.render import (
    TAIL_S,
    RenderError,
    frame_count,
    render,
)

LOOKAHEAD_SAMPLES = 4 * PACKET_SAMPLES


class Engine:
    """Hears, and shows how loud it is: a fake of the whole engine with its lookahead."""

    def __init__(self, stalls: bool = False) -> None:
        self.heard = np.zeros(0, np.float32)
        self._stalls = stalls

    @property
    def ready_pts(self) -> int:
        return 0 if self._stalls else max(0, len(self.heard) - LOOKAHEAD_SAMPLES)

    def push(self, audio: Audio) -> None:
        assert audio.pts == len(self.heard)
        assert audio.samples.dtype == np.float32
        self.heard = np.concatenate([self.heard, audio.samples])

    def pull(self, index: int, pts: int) -> PictureFrame:
        planes = np.full((48 * 3 // 2, 64), 128, np.uint8)
        planes[:48] = 16 + round(200 * self._loudness(pts))
        return PictureFrame(index, pts, planes)

    def _loudness(self, pts: int) -> float:
        assert pts < self.ready_pts
        return float(np.abs(self.heard[pts : pts + 480]).max())


def beep() -> FloatArray:
    """A second of silence with a tone from 0.4 s to 0.6 s."""
    time_s = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    tone = np.sin(2 * np.pi * 440 * time_s + 1.0)
    return np.where((time_s >= 0.4) & (time_s < 0.6), tone, 0.0).astype(np.float32)


def pictures(path: Path) -> list[float]:
    """The mean luma of each picture."""
    with av.open(str(path)) as container:
        return [float(f.to_ndarray()[:48, :64].mean()) for f in container.decode(video=0)]


def sound(path: Path) -> FloatArray:
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
    return np.concatenate(frames)


@pytest.mark.parametrize("frame_rate_hz", [20, 25])
def test_picture_and_sound_are_in_step(tmp_path: Path, frame_rate_hz: int) -> None:
    path = tmp_path / "out.mp4"
    rendered = render(Engine(), beep(), path, frame_rate_hz, "A beep")
    luma = pictures(path)
    assert len(luma) == rendered.frames == frame_count(beep(), frame_rate_hz)
    bright = [index / frame_rate_hz for index, value in enumerate(luma) if value > 80]
    assert bright[0] == pytest.approx(0.4) and bright[-1] == pytest.approx(0.6 - 1 / frame_rate_hz)
    loud_s = np.flatnonzero(np.abs(sound(path)) > 0.3) / SAMPLE_RATE_HZ
    assert loud_s[0] == pytest.approx(0.4, abs=0.01)
    assert loud_s[-1] == pytest.approx(0.6, abs=0.01)


def test_the_file_is_a_plain_mp4_that_says_it_is_synthetic(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    render(Engine(), beep(), path, 25, "A beep")
    with av.open(str(path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        assert (video.width, video.height) == (64, 48)
        assert video.average_rate == Fraction(25)
        assert video.codec_context.pix_fmt == "yuv420p"
        assert video.codec_context.colorspace == 6
        assert audio.rate == SAMPLE_RATE_HZ
        metadata = container.metadata
    assert metadata["comment"] == SYNTHETIC_COMMENT
    assert metadata["comment"].startswith("AI-generated")
    assert metadata["digital_source_type"] == SYNTHETIC_SOURCE
    assert metadata["title"] == "A beep"


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    render(Engine(), beep(), tmp_path / "o.mp4", 25, "", lambda d, t: told.append((d, t)))
    total = frame_count(beep(), 25)
    assert told == [(done, total) for done in range(1, total + 1)]


def test_the_tail_lets_the_mouth_close() -> None:
    assert frame_count(np.zeros(SAMPLE_RATE_HZ, np.float32), 25) == round(25 * (1 + TAIL_S))
    assert frame_count(np.zeros(1, np.float32), 25) == samples(TAIL_S) // 1920 + 1


@pytest.mark.parametrize("name", ["out.avi", "out", "absent/out.mp4"])
def test_names_that_cannot_be_written_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(RenderError, match="give a"):
        render(Engine(), beep(), tmp_path / name, 25, "")
    assert list(tmp_path.iterdir()) == []


def test_no_sound_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="no sound"):
        render(Engine(), np.zeros(0, np.float32), tmp_path / "out.mp4", 25, "")


def test_a_stalled_engine_is_told_and_leaves_no_file(tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    out.write_text("what was there before")
    with pytest.raises(RenderError, match=r"stalls at 0\.00 s"):
        render(Engine(stalls=True), beep(), out, 25, "")
    assert out.read_text() == "what was there before"
    assert list(tmp_path.iterdir()) == [out]

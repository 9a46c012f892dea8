"""Films with transparency, and what they say of themselves."""

from pathlib import Path

import av
import numpy as np
import pytest

from engine.media import PictureFrame
from kiosk.film import FILM_KINDS, FilmWriter
from kiosk.labels import SYNTHETIC_COMMENT, SYNTHETIC_SOURCE


def written(path: Path, see_through: bool) -> Path:
    alpha = np.tile(np.arange(0, 256, 4, dtype=np.uint8), (48, 1)) if see_through else None
    with FilmWriter(path, path.suffix, 25, "Ada") as film:
        for index in range(5):
            planes = np.full((72, 64), 128, np.uint8)
            film.write(PictureFrame(index, index * 1920, planes), np.zeros(1920, np.float32), alpha)
    return path


@pytest.mark.parametrize("suffix", FILM_KINDS)
def test_every_kind_says_that_it_is_synthetic(tmp_path: Path, suffix: str) -> None:
    with av.open(str(written(tmp_path / f"a{suffix}", see_through=False))) as film:
        assert sum(1 for _ in film.decode(video=0)) == 5
        told = {key.lower(): value for key, value in film.metadata.items()}
    assert told["comment"] == SYNTHETIC_COMMENT
    assert told["digital_source_type"] == SYNTHETIC_SOURCE
    assert told["title"] == "Ada"


def test_vp9_carries_transparency(tmp_path: Path) -> None:
    with av.open(str(written(tmp_path / "a.webm", see_through=True))) as film:
        (stream,) = film.streams.video
        assert stream.metadata["alpha_mode"] == "1"
        # FFmpeg's own decoder drops the alpha; browsers use this one.
        decoder = av.CodecContext.create("libvpx-vp9", "r")
        assert isinstance(decoder, av.VideoCodecContext)
        frame = decoder.decode(next(film.demux(stream)))[0]
        alpha = np.frombuffer(memoryview(frame.planes[3]), np.uint8)[:64]
    assert np.abs(alpha.astype(int) - np.arange(0, 256, 4)).max() <= 6


def test_prores_carries_transparency(tmp_path: Path) -> None:
    with av.open(str(written(tmp_path / "a.mov", see_through=True))) as film:
        alpha = next(film.decode(video=0)).to_ndarray(format="rgba")[20, :, 3]
    assert np.abs(alpha.astype(int) - np.arange(0, 256, 4)).max() <= 2

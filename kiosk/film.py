"""Films of several kinds: pictures and their sound into one file that says it is synthetic."""

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Final, Literal

import av
import numpy as np

from engine.media import ByteArray, FloatArray, PictureFrame
from engine.timeline import SAMPLE_RATE_HZ
from kiosk import __version__
from kiosk.labels import SYNTHETIC_COMMENT, SYNTHETIC_SOURCE

_AUDIO_BITRATE: Final = 128_000
_BT601: Final = 6
_LIMITED_RANGE: Final = 1
_KEPT_KEYS: Final = "use_metadata_tags+faststart"
"""Unknown keys of metadata are kept, and the index stands first so that browsers can stream."""


@dataclass(frozen=True)
class FilmKind:
    """What a file of one ending is made of."""

    container: str
    video: str
    audio: Literal["aac", "libopus"]
    sound: str
    """Format of the audio encoder's samples."""
    pixels: str
    """Format of opaque pictures."""
    see_through: str = ""
    """Format of pictures with transparency; empty: it has none."""
    options: dict[str, str] = field(default_factory=dict)
    movflags: bool = True


FILM_KINDS: Final[dict[str, FilmKind]] = {
    ".mp4": FilmKind(
        "mp4", "libx264", "aac", "fltp", "yuv420p", options={"preset": "medium", "crf": "18"}
    ),
    ".webm": FilmKind(
        "webm", "libvpx-vp9", "libopus", "flt", "yuv420p", "yuva420p",
        options={"crf": "20", "b": "0", "cpu-used": "4", "auto-alt-ref": "0"}, movflags=False,
    ),
    ".mov": FilmKind(
        "mov", "prores_ks", "aac", "fltp", "yuv444p10le", "yuva444p10le",
        options={"profile": "4444", "vendor": "apl0"},
    ),
}  # fmt: skip
"""MP4 plays everywhere; WebM (VP9) and QuickTime (ProRes 4444) can be transparent."""

SEE_THROUGH_SUFFIXES: Final = tuple(s for s, kind in FILM_KINDS.items() if kind.see_through)


class FilmWriter:
    """Pictures and their sound into a film."""

    def __init__(self, path: Path, suffix: str, frame_rate_hz: int, title: str) -> None:
        """Open the file; the picture's size comes with the first picture.

        Args:
            path: the file to write.
            suffix: one of ``FILM_KINDS``.
            frame_rate_hz: 20 or 25.
            title: goes into the file's metadata; others who get the file can read it.
        """
        self._kind = kind = FILM_KINDS[suffix]
        self._time_base = Fraction(1, frame_rate_hz)
        options = {"movflags": _KEPT_KEYS} if kind.movflags else {}
        self._container = av.open(str(path), "w", format=kind.container, options=options)
        self._container.metadata.update(
            title=title,
            comment=SYNTHETIC_COMMENT,
            digital_source_type=SYNTHETIC_SOURCE,
            encoded_by=f"sonic-kiosk {__version__}",
        )
        stream = self._container.add_stream(kind.video, rate=frame_rate_hz)
        assert isinstance(stream, av.VideoStream)
        self._video = stream
        self._video.options = {**kind.options, "g": str(2 * frame_rate_hz)}
        self._video.time_base = self._time_base
        self._audio = self._container.add_stream(kind.audio, rate=SAMPLE_RATE_HZ, layout="mono")
        self._audio.bit_rate = _AUDIO_BITRATE
        self._is_sized = False

    def write(self, frame: PictureFrame, sound: FloatArray, alpha: ByteArray | None = None) -> None:
        """Append one picture and the sound that lasts as long as it.

        *alpha*, (height, width), is how much of each pixel is not background, or None for all; the
        first picture decides for the whole film.
        """
        if not self._is_sized:
            self._size(frame, alpha is not None)
        picture = _picture(frame, alpha)
        wanted = self._video.codec_context.pix_fmt
        if wanted != picture.format.name:
            picture = picture.reformat(format=wanted)
        picture.pts, picture.time_base = frame.index, self._time_base
        self._container.mux(self._video.encode(picture))
        stretch = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(sound, np.float32)[np.newaxis],
            format=self._kind.sound,
            layout="mono",
        )
        stretch.sample_rate, stretch.pts = SAMPLE_RATE_HZ, frame.pts
        stretch.time_base = Fraction(1, SAMPLE_RATE_HZ)
        self._container.mux(self._audio.encode(stretch))

    def _size(self, frame: PictureFrame, see_through: bool) -> None:
        context, kind = self._video.codec_context, self._kind
        context.width, context.height = frame.width, frame.height
        context.pix_fmt = kind.see_through if see_through else kind.pixels
        context.colorspace = context.color_primaries = context.color_trc = _BT601
        context.color_range = _LIMITED_RANGE
        self._is_sized = True

    def __enter__(self) -> "FilmWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._container.mux(self._video.encode(None))
            self._container.mux(self._audio.encode(None))
        self._container.close()


def _picture(frame: PictureFrame, alpha: ByteArray | None) -> av.VideoFrame:
    if alpha is None:
        return av.VideoFrame.from_ndarray(frame.planes, format="yuv420p")
    picture = av.VideoFrame(frame.width, frame.height, "yuva420p")
    chroma = frame.planes[frame.height :].reshape(2, frame.height // 2, frame.width // 2)
    for plane, values in zip(
        picture.planes, (frame.planes[: frame.height], *chroma, alpha), strict=True
    ):
        rows = np.zeros((values.shape[0], plane.line_size), np.uint8)
        rows[:, : values.shape[1]] = values
        plane.update(rows.tobytes())
    return picture

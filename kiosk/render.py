"""Offline: a portrait speaks into a film, through the very pipeline that serves live."""

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, TypeVar

import numpy as np

from engine.media import Audio, ByteArray, FloatArray, PictureFrame
from engine.timeline import PACKET_SAMPLES, SAMPLE_RATE_HZ, frame_pts, samples
from kiosk.film import FILM_KINDS, FilmWriter

TAIL_S: Final = 0.4
"""Shown after the last sound: the mouth comes to rest."""

PATIENCE_S: Final = 2.0
"""An engine that knows nothing of an instant this long after it was heard is at fault."""

Alpha = Callable[[], ByteArray | None]
"""How much of the last picture's pixels is not background, (height, width); None: all."""

Progress = Callable[[int, int], None]
"""Called with pictures done and pictures in all."""

DrawnT = TypeVar("DrawnT")


class RenderError(Exception):
    """A file could not be rendered; the message names the remedy."""


class Listens(Protocol):
    """The part of the engine that offline work feeds."""

    @property
    def ready_pts(self) -> int:
        """Everything before this sample index is known."""
        ...

    def push(self, audio: Audio) -> None:
        """Take the next stretch of sound."""
        ...


class Draws(Listens, Protocol):
    """``engine.pipeline.Pipeline``, as far as it is used here."""

    def pull(self, index: int, pts: int) -> PictureFrame:
        """Draw picture *index*, due at *pts*."""
        ...


@dataclass(frozen=True, slots=True)
class Rendered:
    """What was written."""

    path: Path
    frames: int
    duration_s: float


def frame_count(sound: FloatArray, frame_rate_hz: int) -> int:
    """Pictures that *sound* and the tail after it last."""
    lasting = len(sound) + samples(TAIL_S)
    return -(-lasting // frame_pts(1, frame_rate_hz))


def drawn(
    listener: Listens, draw: Callable[[int, int], DrawnT], sound: FloatArray, frame_rate_hz: int
) -> Iterator[DrawnT]:
    """Feed *sound*, then silence, and draw each picture as soon as it can be known.

    Args:
        listener: takes the sound in packets, as live.
        draw: makes the picture of an index and its sample index.
        sound: shape (n,), mono at the master rate.
        frame_rate_hz: 20 or 25.

    Raises:
        RenderError: the engine falls silent.
    """
    pushed_pts = 0
    for index in range(frame_count(sound, frame_rate_hz)):
        pts = frame_pts(index, frame_rate_hz)
        while listener.ready_pts <= pts:
            if pushed_pts > pts + samples(PATIENCE_S):
                raise RenderError(f"the engine stalls at {pts / SAMPLE_RATE_HZ:.2f} s: report it")
            listener.push(Audio(pushed_pts, _packet(sound, pushed_pts)))
            pushed_pts += PACKET_SAMPLES
        yield draw(index, pts)


def _packet(sound: FloatArray, pts: int) -> FloatArray:
    part = sound[pts : pts + PACKET_SAMPLES]
    return np.pad(part, (0, PACKET_SAMPLES - len(part))).astype(np.float32, copy=False)


def render(
    pipeline: Draws,
    sound: FloatArray,
    path: Path,
    frame_rate_hz: int,
    title: str,
    progress: Progress = lambda done, total: None,
    alpha: Alpha = lambda: None,
) -> Rendered:
    """Write *sound* and the portrait that speaks it to a film.

    The file says of itself that it is synthetic. It appears under its name once it is whole.

    Args:
        pipeline: one avatar's engine, fresh.
        sound: shape (n,), mono at the master rate, full scale ±1.0.
        path: the file to write; its ending is one of ``film.FILM_KINDS``.
        frame_rate_hz: 20 or 25.
        title: goes into the file's metadata, where all who get the file can read it.
        progress: is told how far it is.
        alpha: asked after each picture.

    Raises:
        RenderError: there is no sound, or the file cannot be written.
    """
    check(sound, path, tuple(FILM_KINDS))
    total = frame_count(sound, frame_rate_hz)
    suffix = path.suffix.lower()
    with whole_file(path) as part, FilmWriter(part, suffix, frame_rate_hz, title) as writer:
        for frame in drawn(pipeline, pipeline.pull, sound, frame_rate_hz):
            start_pts, end_pts = frame.pts, frame_pts(frame.index + 1, frame_rate_hz)
            stretch = sound[start_pts:end_pts]
            rest = end_pts - start_pts - len(stretch)
            writer.write(frame, np.pad(stretch, (0, rest)), alpha())
            progress(frame.index + 1, total)
    return Rendered(path, total, total / frame_rate_hz)


def check_path(path: Path, suffixes: tuple[str, ...]) -> None:
    """See whether a file can be written at *path*, before the work is done.

    Raises:
        RenderError: its name has none of *suffixes*, or its folder does not exist.
    """
    if path.suffix.lower() not in suffixes:
        raise RenderError(f"{path}: give a name that ends in {' or '.join(suffixes)}")
    if path.is_dir() or not path.parent.is_dir():
        raise RenderError(f"{path}: cannot be written: give a file in a folder that exists")


def check(sound: FloatArray, path: Path, suffixes: tuple[str, ...]) -> None:
    """See whether *sound* can be written to *path*.

    Raises:
        RenderError: there is no sound, or ``check_path`` finds a fault.
    """
    if not len(sound):
        raise RenderError("there is no sound to speak: give a file that has some")
    check_path(path, suffixes)


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A file beside *path* to write to; it takes the name once it is whole."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        raise RenderError(f"{path}: {error.strerror or error}: free space, check mode") from error
    finally:
        part.unlink(missing_ok=True)

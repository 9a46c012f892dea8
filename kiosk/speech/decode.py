"""Sound files and synthetic speech to mono samples at the master rate."""

import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import av
import av.error
import numpy as np
import soxr  # type: ignore[import-untyped]

from engine.media import FloatArray
from engine.timeline import SAMPLE_RATE_HZ
from kiosk.speech.voice import Speech

MAX_DURATION_S: Final = 600.0

_ERRORS_MAX: Final = 50
"""Damaged packets after which the rest of a file is given up."""

_log: Final = logging.getLogger(__name__)


class AudioFileError(Exception):
    """A sound file cannot be played; the message says why and what to do."""


def decode(data: bytes | Path, *, max_duration_s: float = MAX_DURATION_S) -> Iterator[FloatArray]:
    """Decode a sound file, lazily.

    Any container and codec that FFmpeg knows, any rate; several channels are mixed into one. The
    level is left as it is, but for peaks beyond full scale. Where a file is damaged in the middle,
    what can be decoded is given and the damage is logged.

    Args:
        data: the file's content, or where it is.
        max_duration_s: longest sound that is taken.

    Yields:
        Mono chunks at ``SAMPLE_RATE_HZ``, full scale ±1.0.

    Raises:
        AudioFileError: empty, damaged, without sound, or too long.
    """
    if isinstance(data, bytes) and not data:
        raise AudioFileError("the file is empty: send a WAV, MP3, OGG or FLAC file")
    with _open(data) as container:
        if not container.streams.audio:
            raise AudioFileError("there is no sound in the file: send one with an audio track")
        limit = round(max_duration_s * SAMPLE_RATE_HZ)
        given = 0
        for chunk in _chunks(container):
            given += len(chunk)
            if given > limit:
                raise AudioFileError(
                    f"the sound is longer than {max_duration_s:g} s: send it in parts"
                )
            yield chunk
    if given == 0:
        raise AudioFileError("nothing in the file could be decoded: it is damaged, export it anew")


def to_master_rate(speech: Speech) -> FloatArray:
    """The samples of *speech* at ``SAMPLE_RATE_HZ``, shape (n,), exactly as long as it.

    The ends of a phrase are faded to silence by its voice, so that resampling each phrase by itself
    makes no click.
    """
    length = round(len(speech.samples) * SAMPLE_RATE_HZ / speech.sample_rate_hz)
    if speech.sample_rate_hz == SAMPLE_RATE_HZ:
        return speech.samples
    resampled = soxr.resample(speech.samples, speech.sample_rate_hz, SAMPLE_RATE_HZ)
    padded = np.zeros(length, np.float32)
    padded[: len(resampled)] = resampled[:length]
    return _within_full_scale(padded)


def _open(data: bytes | Path) -> "av.container.InputContainer":
    try:
        return av.open(io.BytesIO(data) if isinstance(data, bytes) else str(data), mode="r")
    except FileNotFoundError as error:
        raise AudioFileError(f"there is no file {data!s}: check the path") from error
    except PermissionError as error:
        raise AudioFileError(f"{data!s} may not be read: change its permissions") from error
    except (av.error.FFmpegError, ValueError, OSError) as error:
        raise AudioFileError(
            "the file is not a sound file, or is damaged: send WAV, MP3, OGG or FLAC"
        ) from error


def _chunks(container: "av.container.InputContainer") -> Iterator[FloatArray]:
    """All sound of the first audio track, mixed into one channel at the master rate."""
    channels = container.streams.audio[0].channels
    # FFmpeg makes one channel of two louder than either: the last mixing is done in _samples.
    layout = "mono" if channels == 1 else "stereo"
    resampler = av.AudioResampler(format="fltp", layout=layout, rate=SAMPLE_RATE_HZ)
    for frame in _frames(container):
        frame.pts = None  # gaps in a file's own clock are closed
        for resampled in resampler.resample(frame):
            yield _samples(resampled)
    for resampled in resampler.resample(None):
        if resampled.samples:
            yield _samples(resampled)


def _frames(container: "av.container.InputContainer") -> Iterator[av.AudioFrame]:
    """The decoded frames; damaged packets are counted and left out."""
    stream = container.streams.audio[0]
    errors = 0
    packets = container.demux(stream)
    while errors < _ERRORS_MAX:
        try:
            packet = next(packets)
            frames = packet.decode()
        except StopIteration:
            break
        except (av.error.FFmpegError, ValueError):
            errors += 1
            continue
        yield from (frame for frame in frames if isinstance(frame, av.AudioFrame))
    if errors:
        _log.warning("sound file: %d damaged packets left out", errors)


def _samples(frame: av.AudioFrame) -> FloatArray:
    """The mean of the frame's channels."""
    return _within_full_scale(frame.to_ndarray().mean(axis=0, dtype=np.float32))


def _within_full_scale(samples: FloatArray) -> FloatArray:
    """No peak beyond ±1.0, and nothing that is no number."""
    return np.clip(np.nan_to_num(samples, posinf=1.0, neginf=-1.0), -1.0, 1.0)

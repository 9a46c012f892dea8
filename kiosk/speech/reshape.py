"""Slower or higher after the fact, for voices that cannot do it themselves.

FFmpeg's ``atempo`` (WSOLA: waveform similarity overlap-add) changes the speed and keeps the pitch;
played faster and slowed down again by it, a sound is higher. Formants move along, so this is for a
semitone or two.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

import av
import av.error
import numpy as np
from av.filter import Graph

from engine.media import FloatArray

_FORMAT: Final = "flt"


def paced(samples: FloatArray, rate_hz: int, speed: float) -> FloatArray:
    """*samples* (mono) *speed* times as fast, 0.5 to 2, at the same pitch."""
    if speed == 1.0 or not len(samples):
        return samples
    made = _filtered(samples, rate_hz, [("atempo", f"{speed:.6f}")])
    return _of_length(made, round(len(samples) / speed))


def pitched(samples: FloatArray, rate_hz: int, semitones: float) -> FloatArray:
    """*samples* (mono) higher by *semitones*, -4 to 4, exactly as long."""
    if semitones == 0.0 or not len(samples):
        return samples
    ratio = 2.0 ** (semitones / 12.0)
    played_hz = round(rate_hz * ratio)
    filters = [
        ("asetrate", str(played_hz)),
        ("aresample", str(rate_hz)),
        ("atempo", f"{rate_hz / played_hz:.6f}"),
    ]
    return _of_length(_filtered(samples, rate_hz, filters), len(samples))


def _filtered(samples: FloatArray, rate_hz: int, filters: list[tuple[str, str]]) -> FloatArray:
    graph = Graph()
    source = graph.add_abuffer(
        sample_rate=rate_hz, format=_FORMAT, layout="mono", time_base=Fraction(1, rate_hz)
    )
    last = source
    for name, argument in filters:
        node = graph.add(name, argument)
        last.link_to(node)
        last = node
    as_asked = f"sample_fmts={_FORMAT}:sample_rates={rate_hz}:channel_layouts=mono"
    shape = graph.add("aformat", as_asked)
    last.link_to(shape)
    sink = graph.add("abuffersink")
    shape.link_to(sink)
    graph.configure()
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(samples[None], np.float32), format=_FORMAT, layout="mono"
    )
    frame.sample_rate = rate_hz
    frame.pts = 0
    frame.time_base = Fraction(1, rate_hz)
    source.push(frame)
    source.push(None)
    return np.concatenate([np.zeros(0, np.float32), *_pulled(sink)])


def _pulled(sink: "av.filter.context.FilterContext") -> Iterator[FloatArray]:
    while True:
        try:
            frame = sink.pull()
        except (BlockingIOError, EOFError):
            return
        if isinstance(frame, av.AudioFrame):
            yield frame.to_ndarray().reshape(-1).astype(np.float32)


def _of_length(samples: FloatArray, length: int) -> FloatArray:
    """*samples* cut or filled up with silence."""
    exact = np.zeros(length, np.float32)
    exact[: min(length, len(samples))] = samples[:length]
    return exact

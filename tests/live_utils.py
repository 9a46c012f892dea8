"""Sources of live sound in virtual time, and a jitter buffer between them and a stage's pace."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from engine.media import FloatArray
from engine.timeline import SAMPLE_RATE_HZ, samples
from kiosk.listen.jitter import JitterBuffer

Source = Callable[[int, int], FloatArray]
"""Number of the first sample, and how many, to samples."""

TONE_HZ: Final = 240.0


_PERIOD: Final[FloatArray] = (0.5 * np.sin(2 * np.pi * np.arange(200) / 200)).astype(np.float32)


def steady(first: int, count: int) -> FloatArray:
    """A tone that never pauses, samples *first* and on."""
    begin = first % len(_PERIOD)
    return np.tile(_PERIOD, (begin + count) // len(_PERIOD) + 1)[begin : begin + count]


def _talk() -> FloatArray:
    """Three seconds: two and a half of a voice that wanders, then a pause with a little noise."""
    t = np.arange(3 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    spoken = np.convolve(t < 2.5, np.hanning(2_400) / 1_200, "same")
    voice = 0.4 * spoken * np.sin(2 * np.pi * 150 * t + 3 * np.sin(2 * np.pi * 3 * t))
    noise = 0.0008 * np.random.default_rng(5).standard_normal(len(t))
    return np.asarray(voice + noise, np.float32)


_TALK: Final[FloatArray] = _talk()


def talk(first: int, count: int) -> FloatArray:
    """Somebody who talks, with a pause every three seconds; samples *first* and on."""
    return _TALK[np.arange(first, first + count) % len(_TALK)]


def silence(_first: int, count: int) -> FloatArray:
    """Nothing."""
    return np.zeros(count, np.float32)


@dataclass
class Run:
    """What became of a source."""

    buffer: JitterBuffer
    held_s: list[float] = field(default_factory=list)
    """After each packet that was taken."""
    steps: list[float] = field(default_factory=list)
    """Largest difference between neighbouring samples, of each packet."""
    sound: list[FloatArray] = field(default_factory=list)

    @property
    def all_sound(self) -> FloatArray:
        return np.concatenate(self.sound)


def run(
    source: Source,
    duration_s: float,
    rate: float = 1.0,
    chunk_s: float = 0.02,
    packet_s: float = 0.02,
    jitter_s: float = 0.0,
    stall: tuple[float, float] = (0.0, 0.0),
    keep: bool = True,
    buffer: JitterBuffer | None = None,
) -> Run:
    """Push chunks as they come, take packets as they are due.

    Args:
        source: makes the samples, e.g. ``talk``.
        duration_s: of the whole.
        rate: how fast the source's clock runs.
        chunk_s: what is pushed at once, by the source's clock.
        packet_s: what is taken at once.
        jitter_s: how late a chunk may be.
        stall: when nothing comes, and for how long; then all of it comes at once.
        keep: whether the sound is kept.
        buffer: what is between; a new one if None.
    """
    now_s = [0.0]
    result = Run(buffer or JitterBuffer(clock=lambda: now_s[0]))
    chunk, packet = samples(chunk_s), samples(packet_s)
    numbers = np.arange(1, int(duration_s * rate / chunk_s) + 1)
    come_s = numbers * chunk_s / rate + np.random.default_rng(6).random(len(numbers)) * jitter_s
    held_up = (come_s > stall[0]) & (come_s < sum(stall))
    come_s = np.maximum.accumulate(np.where(held_up, sum(stall), come_s)) - 1e-6
    pushed, last = 0, 0.0
    for number in range(int(duration_s / packet_s)):
        now_s[0] = number * packet_s
        while pushed < len(come_s) and come_s[pushed] <= now_s[0]:
            result.buffer.push(source(pushed * chunk, chunk))
            pushed += 1
        sound = result.buffer.take(packet)
        result.held_s.append(result.buffer.held_samples / SAMPLE_RATE_HZ)
        result.steps.append(float(np.abs(np.diff(sound, prepend=np.float32(last))).max()))
        last = float(sound[-1])
        if keep:
            result.sound.append(sound)
    return result


def steepest(sound: FloatArray) -> float:
    """The largest difference between neighbouring samples."""
    return float(np.abs(np.diff(sound)).max())

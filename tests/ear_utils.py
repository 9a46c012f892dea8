"""Sounds for ears, made by arithmetic: somebody who talks, a room, an avatar's packets."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.media import FloatArray
from kiosk.listen.frames import FRAME_SAMPLES

FORMANTS: Final = (((700, 1.0), (1200, 0.6), (2600, 0.3)), ((350, 1.0), (2100, 0.5), (2900, 0.3)))
"""Of "ah" and "ee": where, in Hz, and how strong."""


def talk(
    duration_s: float, rate_hz: int = 16_000, seed: int = 0, level_db: float = -26.0
) -> FloatArray:
    """Syllables of two vowels, four and a half a second, with a wandering pitch."""
    rng = np.random.default_rng(seed)
    count = round(duration_s * rate_hz)
    t = np.arange(count) / rate_hz
    phase = rng.uniform(0, 6, 3)
    pitch = 120 + 25 * np.sin(2 * np.pi * 0.7 * t + phase[0]) + 8 * np.sin(7 * t + phase[1])
    turns = np.cumsum(pitch) / rate_hz
    out = np.zeros(count)
    which = 0.5 + 0.5 * np.tanh(4 * np.sin(2 * np.pi * 2.2 * t + phase[2]))
    for harmonic in range(1, 30):
        hz = harmonic * pitch
        strength = sum(
            share * sum(gain / (1 + ((hz - at) / 90) ** 2) for at, gain in vowel)
            for share, vowel in zip((which, 1 - which), FORMANTS, strict=True)
        )
        out += strength * np.sin(2 * np.pi * harmonic * turns)
    out *= np.clip(np.sin(2 * np.pi * 2.25 * t) ** 2 * 1.4, 0.05, 1.0)
    out *= 10 ** (level_db / 20) / np.sqrt(np.mean(out**2))
    return out.astype(np.float32)


def noise(duration_s: float, level_db: float, rate_hz: int = 16_000, seed: int = 1) -> FloatArray:
    """White noise."""
    rng = np.random.default_rng(seed)
    sound: NDArray[Any] = 10 ** (level_db / 20) * rng.standard_normal(round(duration_s * rate_hz))
    return sound.astype(np.float32)


def silence(duration_s: float) -> FloatArray:
    """What a microphone gives when nobody speaks: a little hiss."""
    return noise(duration_s, -75.0)


def frames(sound: FloatArray, count: int = FRAME_SAMPLES) -> Iterator[FloatArray]:
    """Whole frames of *count* samples."""
    for start in range(0, len(sound) - count + 1, count):
        yield sound[start : start + count]


def echo_of(
    played: FloatArray, delay_s: float, gain_db: float, rings_s: float = 0.15
) -> FloatArray:
    """What a microphone hears (16 kHz) of what is played (48 kHz) in a room that rings."""
    rng = np.random.default_rng(8)
    count = round(rings_s * 16_000)
    response = rng.standard_normal(count) * 10.0 ** (-3.0 * np.arange(count) / count)
    response *= 0.6 / np.sqrt(np.sum(response**2))
    response[0] += 1.0
    low = np.convolve(played, np.hanning(11)[1:-1] / 5.0, "same")[::3]
    late = np.concatenate([np.zeros(round(delay_s * 16_000)), low])[: len(low)]
    heard = 10 ** (gain_db / 20) * np.convolve(late, response)[: len(low)]
    return (heard + noise(len(low) / 16_000, -75.0, seed=5)).astype(np.float32)

"""Rooms, microphones, noise and levels laid over clean speech, and sounds that are no speech."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from scipy import signal

from engine.media import FloatArray
from engine.timeline import SAMPLE_RATE_HZ

GAIN_DB: Final = (-30.0, 6.0)
SNR_DB: Final = (3.0, 35.0)

CLEAN_SHARE: Final = 0.35
"""Part of the speech that is left as it is but for its level."""

Rng = np.random.Generator


def decibels(db: float) -> float:
    """Amplitude factor of *db*."""
    return float(10.0 ** (db / 20.0))


def _unit(samples: FloatArray) -> FloatArray:
    return np.asarray(samples / (np.sqrt(np.mean(samples**2)) + 1e-9), np.float32)


def white(rng: Rng, count: int) -> FloatArray:
    """White noise of unit power."""
    return rng.standard_normal(count).astype(np.float32)


def coloured(rng: Rng, count: int) -> FloatArray:
    """Noise of unit power whose power falls as 1/f to a random exponent, 0.5 to 2."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    slope = np.maximum(np.arange(len(spectrum)), 4.0) ** (-rng.uniform(0.25, 1.0))
    return _unit(np.fft.irfft(spectrum * slope, count).astype(np.float32))


def hum(rng: Rng, count: int) -> FloatArray:
    """Mains hum and its harmonics, unit power."""
    t = np.arange(count) / SAMPLE_RATE_HZ
    base = rng.choice([50.0, 60.0])
    waves = [rng.uniform(0, 1) / k * np.sin(2 * np.pi * base * k * t + k) for k in range(1, 12)]
    return _unit(np.sum(waves, axis=0).astype(np.float32))


def chords(rng: Rng, count: int) -> FloatArray:
    """Music-like: chords of decaying harmonic tones, unit power."""
    out = np.zeros(count, np.float32)
    at = 0
    while at < count:
        length = min(count - at, int(rng.uniform(0.12, 1.2) * SAMPLE_RATE_HZ))
        t = np.arange(length) / SAMPLE_RATE_HZ
        fade = np.exp(-t * rng.uniform(0.5, 6)) * np.minimum(1, t / 0.01)
        for _ in range(rng.integers(1, 5)):
            pitch = 55.0 * 2 ** (rng.integers(0, 48) / 12)
            for k in range(1, rng.integers(2, 9)):
                out[at : at + length] += fade * np.sin(2 * np.pi * pitch * k * t) / k
        at += length
    return _unit(out)


def clicks(rng: Rng, count: int) -> FloatArray:
    """Taps, knocks and key strokes: short decaying bursts of noise."""
    out = np.zeros(count, np.float32)
    for _ in range(rng.integers(1, 3 + count // 12_000)):
        length = int(rng.uniform(0.002, 0.08) * SAMPLE_RATE_HZ)
        at = int(rng.integers(0, max(1, count - length)))
        burst = coloured(rng, length) * np.exp(-np.linspace(0, 6, length))
        out[at : at + length] += burst[: count - at]
    return _unit(out)


def tones(rng: Rng, count: int) -> FloatArray:
    """Beeps and sweeps."""
    out = np.zeros(count, np.float32)
    at = 0
    while at < count:
        length = min(count - at, int(rng.uniform(0.05, 1.5) * SAMPLE_RATE_HZ))
        t = np.arange(length) / SAMPLE_RATE_HZ
        start, end = (
            rng.uniform(100, 4000, 2) if rng.random() < 0.3 else [rng.uniform(100, 4000)] * 2
        )
        phase = 2 * np.pi * (start * t + (end - start) * t**2 / 2 / max(t[-1], 0.01))
        if rng.random() < 0.7:
            out[at : at + length] = np.sin(phase) * np.minimum(1, np.minimum(t, t[-1] - t) / 0.005)
        at += length
    return _unit(out)


NOISES: Final[tuple[Callable[[Rng, int], FloatArray], ...]] = (white, coloured, coloured, hum)
SOUNDS: Final[tuple[Callable[[Rng, int], FloatArray], ...]] = (
    white, coloured, coloured, hum, chords, chords, chords, clicks, clicks, tones,
)  # fmt: skip
"""What must not move the lips."""


def babble(rng: Rng, count: int, voices: Sequence[FloatArray]) -> FloatArray:
    """Five to eight other speakers at once, unit power."""
    out = np.zeros(count, np.float32)
    for _ in range(rng.integers(5, 9)):
        voice = voices[int(rng.integers(len(voices)))]
        out += np.resize(np.roll(voice, int(rng.integers(len(voice)))), count)
    return _unit(out)


def reverberate(rng: Rng, samples: FloatArray) -> FloatArray:
    """A small to middling room: exponentially decaying noise after a direct sound."""
    decay_s = rng.uniform(0.1, 0.6)
    length = int(decay_s * SAMPLE_RATE_HZ)
    tail = rng.standard_normal(length) * np.exp(-6.9 * np.linspace(0, 1, length))
    tail *= rng.uniform(0.2, 0.9) / np.sqrt(np.sum(tail**2))
    tail[0] = 1.0
    return np.asarray(signal.fftconvolve(samples, tail)[: len(samples)], np.float32)


def colour(rng: Rng, samples: FloatArray) -> FloatArray:
    """Another microphone: a telephone band, a dull or a thin one."""
    kind = rng.integers(3)
    if kind == 0:
        band = ((250, 400), (3000, 3600))
        edges = [rng.uniform(*band[0]), rng.uniform(*band[1])]
        sos = signal.butter(4, edges, "bandpass", fs=SAMPLE_RATE_HZ, output="sos")
    elif kind == 1:
        sos = signal.butter(2, rng.uniform(1500, 6000), fs=SAMPLE_RATE_HZ, output="sos")
    else:
        sos = signal.butter(1, rng.uniform(150, 900), "highpass", fs=SAMPLE_RATE_HZ, output="sos")
    return np.asarray(signal.sosfilt(sos, samples), np.float32)


def degrade(rng: Rng, samples: FloatArray, voices: Sequence[FloatArray] = ()) -> FloatArray:
    """Speech as another microphone in another room at another level hears it.

    Args:
        rng: where chance comes from.
        samples: shape (n,), clean speech, peaks near full scale.
        voices: other recordings for babble; none, no babble.
    """
    if rng.random() < CLEAN_SHARE:
        return np.asarray(np.clip(samples * decibels(rng.uniform(-12, 3)), -1.0, 1.0), np.float32)
    out = samples
    if rng.random() < 0.25:
        out = reverberate(rng, out)
    if rng.random() < 0.25:
        out = colour(rng, out)
    if rng.random() < 0.55:
        kind = int(rng.integers(len(NOISES) + 1))
        if kind == len(NOISES) and len(voices):
            noise = babble(rng, len(out), voices)
        else:
            noise = NOISES[min(kind, len(NOISES) - 1)](rng, len(out))
        loudness = np.sqrt(np.mean(out**2)) + 1e-9
        out = out + noise * np.float32(loudness / decibels(rng.uniform(*SNR_DB)))
    gain = decibels(rng.uniform(*GAIN_DB)) if rng.random() < 0.7 else 1.0
    ceiling = rng.uniform(0.2, 0.9) if rng.random() < 0.05 else 1.0
    return np.asarray(np.clip(out * gain, -ceiling, ceiling), np.float32)


def no_speech(rng: Rng, count: int) -> FloatArray:
    """A sound that must not move the lips, at any level."""
    sound = SOUNDS[int(rng.integers(len(SOUNDS)))](rng, count)
    level = decibels(rng.uniform(-60, -10))
    return np.asarray(np.clip(sound * level, -1.0, 1.0), np.float32)

"""Sounds that are no speech and must not move the lips: noise, music, machines, breath, laughter.

Every maker takes where chance comes from and a number of samples at ``RATE_HZ``, and gives that
many samples of unit power.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from scipy import signal

from engine.media import FloatArray
from engine.timeline import MEL_SAMPLE_RATE_HZ

RATE_HZ: Final = MEL_SAMPLE_RATE_HZ
"""Training hears what the mel encoder hears."""

LEVEL_DB: Final = (-60.0, -8.0)
"""Power of a sound that is no speech, against full scale."""

Rng = np.random.Generator


def decibels(db: float) -> float:
    """Amplitude factor of *db*."""
    return float(10.0 ** (db / 20.0))


def unit(samples: FloatArray) -> FloatArray:
    """The same sound at unit power."""
    return np.asarray(samples / (np.sqrt(np.mean(samples**2)) + 1e-9), np.float32)


def _times(count: int) -> FloatArray:
    return np.arange(count, dtype=np.float32) / np.float32(RATE_HZ)


def _samples(duration_s: float) -> int:
    return max(1, int(duration_s * RATE_HZ))


def _add(out: FloatArray, at: int, sound: FloatArray) -> None:
    out[at : at + len(sound)] += sound[: max(0, len(out) - at)]


def white(rng: Rng, count: int) -> FloatArray:
    """White noise."""
    return unit(rng.standard_normal(count).astype(np.float32))


def coloured(rng: Rng, count: int) -> FloatArray:
    """Noise whose power falls as 1/f to a random exponent, 0.5 to 2: fans, rooms, traffic."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    slope = np.maximum(np.arange(len(spectrum)), 4.0) ** (-rng.uniform(0.25, 1.0))
    return unit(np.fft.irfft(spectrum * slope, count).astype(np.float32))


def swelling(rng: Rng, count: int) -> FloatArray:
    """Noise in a band that comes and goes: wind, passing cars, cloth on a microphone."""
    edges = np.sort(rng.uniform(80, 6000, 2)) + np.array([0.0, 200.0])
    sos = signal.butter(2, edges, "bandpass", fs=RATE_HZ, output="sos")
    knots = rng.uniform(0, 1, 3 + count // _samples(rng.uniform(0.15, 1.0))) ** 2
    swell = np.interp(np.linspace(0, len(knots) - 1, count), np.arange(len(knots)), knots)
    return unit((signal.sosfilt(sos, rng.standard_normal(count)) * swell).astype(np.float32))


def hum(rng: Rng, count: int) -> FloatArray:
    """Mains hum or a motor and its harmonics."""
    t = _times(count)
    base = rng.choice([50.0, 60.0, float(rng.uniform(70, 240))])
    waves = [rng.uniform(0, 1) / k * np.sin(2 * np.pi * base * k * t + k) for k in range(1, 12)]
    return unit(np.sum(waves, axis=0).astype(np.float32))


def chords(rng: Rng, count: int) -> FloatArray:
    """Chords of decaying harmonic tones, some with vibrato: pianos, strings, organs."""
    out = np.zeros(count, np.float32)
    at = 0
    while at < count:
        length = min(count - at, _samples(rng.uniform(0.12, 1.2)))
        t = _times(length)
        fade = np.exp(-t * rng.uniform(0.2, 6)) * np.minimum(1, t / rng.uniform(0.005, 0.08))
        vibrato = rng.choice([0.0, rng.uniform(0.002, 0.012)]) * np.sin(2 * np.pi * 5.5 * t) / 5.5
        for _ in range(rng.integers(1, 5)):
            pitch = 55.0 * 2 ** (rng.integers(0, 48) / 12)
            for k in range(1, rng.integers(2, 9)):
                out[at : at + length] += fade * np.sin(2 * np.pi * pitch * k * (t + vibrato)) / k
        at += length
    return unit(out)


def drums(rng: Rng, count: int) -> FloatArray:
    """A beat: low thumps and short hisses in time."""
    out = np.zeros(count, np.float32)
    beat = _samples(60.0 / rng.uniform(70, 170) / 2)
    for i, at in enumerate(range(0, count, beat)):
        t = _times(_samples(0.25))
        if i % 4 == 0 or rng.random() < 0.2:
            _add(out, at, np.sin(2 * np.pi * (90 * t - 60 * t**2)) * np.exp(-t * 18) * 2)
        if i % 2 or rng.random() < 0.3:
            _add(out, at, white(rng, len(t)) * np.exp(-t * rng.uniform(20, 90)))
    return unit(out)


def band(rng: Rng, count: int) -> FloatArray:
    """Music: chords over a beat."""
    return unit(chords(rng, count) + drums(rng, count) * np.float32(rng.uniform(0.1, 0.8)))


def clicks(rng: Rng, count: int) -> FloatArray:
    """Taps, knocks, key strokes, clapping: short decaying bursts of noise."""
    out = np.zeros(count, np.float32)
    many = int(rng.choice([3 + count // 4000, 40 + count // 300]))
    for _ in range(rng.integers(1, many)):
        length = _samples(rng.uniform(0.002, 0.08))
        burst = coloured(rng, length) * np.exp(-np.linspace(0, 6, length))
        _add(out, int(rng.integers(0, max(1, count - length))), burst)
    return unit(out)


def tones(rng: Rng, count: int) -> FloatArray:
    """Beeps, sweeps and sirens."""
    out = np.zeros(count, np.float32)
    at = 0
    while at < count:
        length = min(count - at, _samples(rng.uniform(0.05, 1.5)))
        t = _times(length)
        swept = rng.random() < 0.3
        start, end = rng.uniform(100, 4000, 2) if swept else [rng.uniform(100, 4000)] * 2
        phase = 2 * np.pi * (start * t + (end - start) * t**2 / 2 / max(t[-1], 0.01))
        if rng.random() < 0.7:
            wave = np.sin(phase) if rng.random() < 0.7 else np.sign(np.sin(phase))
            out[at : at + length] = wave * np.minimum(1, np.minimum(t, t[-1] - t) / 0.005)
        at += length
    return unit(out)


def breaths(rng: Rng, count: int) -> FloatArray:
    """Breathing in and out near a microphone: broad noise, slow to rise and fall."""
    out = np.zeros(count, np.float32)
    at = int(rng.uniform(0, 0.5) * RATE_HZ)
    while at < count:
        length = _samples(rng.uniform(0.25, 1.1))
        sos = signal.butter(
            1, (rng.uniform(200, 700), rng.uniform(2000, 6500)), "bandpass", fs=RATE_HZ,
            output="sos",
        )  # fmt: skip
        rise = np.sin(np.pi * np.linspace(0, 1, length) ** rng.uniform(0.6, 1.6)) ** 2
        _add(out, at, (signal.sosfilt(sos, white(rng, length)) * rise).astype(np.float32))
        at += length + _samples(rng.uniform(0.2, 2.0))
    return unit(out + 1e-4 * white(rng, count))


def _voiced(rng: Rng, length: int, pitch_hz: float, formants_hz: tuple[float, ...]) -> FloatArray:
    """A pulse train through resonances, breathy."""
    t = _times(length)
    glide = pitch_hz * (1.0 - rng.uniform(0.0, 0.3) * np.linspace(0, 1, length))
    pulses = np.maximum(0.0, np.sin(2 * np.pi * np.cumsum(glide) / RATE_HZ)) ** 6
    source = pulses - pulses.mean() + rng.uniform(0.05, 0.5) * rng.standard_normal(length)
    for formant_hz in formants_hz:
        b, a = signal.iirpeak(formant_hz, rng.uniform(3, 8), fs=RATE_HZ)
        source = source + 4.0 * signal.lfilter(b, a, source)
    fade = np.minimum(1, np.minimum(t, t[-1] - t) / 0.02)
    return unit((source * fade).astype(np.float32))


def laughter(rng: Rng, count: int) -> FloatArray:
    """Bouts of laughter: alike breathy calls, four to six a second, growing softer (Bachorowski,
    Smoski and Owren, *The acoustic features of human laughter*, 2001)."""
    out = np.zeros(count, np.float32)
    at = int(rng.uniform(0, 0.5) * RATE_HZ)
    while at < count:
        pitch_hz, period = rng.uniform(150, 600), _samples(rng.uniform(0.16, 0.24))
        formants_hz = (rng.uniform(500, 900), rng.uniform(1200, 1900), rng.uniform(2400, 3200))
        loudness = 1.0
        for _ in range(rng.integers(3, 12)):
            call = _voiced(rng, int(period * rng.uniform(0.4, 0.6)), pitch_hz, formants_hz)
            _add(out, at, call * np.float32(loudness))
            puff = white(rng, period // 3) * np.float32(0.15 * loudness)
            _add(out, at + int(0.62 * period), puff)
            at += period
            loudness *= rng.uniform(0.8, 1.0)
            pitch_hz *= rng.uniform(0.93, 1.03)
        at += _samples(rng.uniform(0.4, 2.0))
    return unit(out + 1e-4 * white(rng, count))


def coughs(rng: Rng, count: int) -> FloatArray:
    """Coughs and throats cleared: a burst of noise with a low growl."""
    out = np.zeros(count, np.float32)
    for _ in range(rng.integers(1, 4)):
        length = _samples(rng.uniform(0.15, 0.4))
        burst = coloured(rng, length) + rng.uniform(0, 1) * _voiced(
            rng, length, rng.uniform(60, 140), (600.0, 1400.0)
        )
        burst = burst * np.exp(-np.linspace(0, rng.uniform(2, 6), length))
        _add(out, int(rng.integers(0, max(1, count - length))), burst.astype(np.float32))
    return unit(out + 1e-4 * white(rng, count))


Maker = Callable[[Rng, int], FloatArray]

NOISES: Final[tuple[Maker, ...]] = (white, coloured, coloured, swelling, hum)
MUSIC: Final[tuple[Maker, ...]] = (chords, drums, band)
SOUNDS: Final[tuple[Maker, ...]] = (
    white, coloured, coloured, swelling, swelling, hum, chords, chords, drums, band, band, clicks,
    clicks, tones, breaths, breaths, laughter, laughter, coughs,
)  # fmt: skip
"""What must not move the lips, the more common ones more often."""


def no_speech(rng: Rng, count: int) -> FloatArray:
    """A sound that must not move the lips, at any level; sometimes two at once."""
    sound = SOUNDS[int(rng.integers(len(SOUNDS)))](rng, count)
    if rng.random() < 0.3:
        other = SOUNDS[int(rng.integers(len(SOUNDS)))](rng, count)
        sound = unit(sound + other * np.float32(decibels(rng.uniform(-15, 5))))
    level = decibels(rng.uniform(*LEVEL_DB))
    return np.asarray(np.clip(sound * level, -1.0, 1.0), np.float32)

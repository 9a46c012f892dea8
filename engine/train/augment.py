"""Clean speech as other microphones, rooms, lines and levels would hear it."""

from collections.abc import Sequence
from typing import Final

import av
import numpy as np
from scipy import signal

from engine.media import FloatArray
from engine.train.sounds import MUSIC, NOISES, RATE_HZ, Rng, decibels, unit

GAIN_DB: Final = (-30.0, 6.0)
SNR_DB: Final = (0.0, 30.0)

CLEAN_SHARE: Final = 0.25
"""Part of the speech that is left as it is but for its level."""

TELEPHONE_HZ: Final = 8_000
MU: Final = 255.0
"""Of the telephone's companding."""

CODECS: Final = (
    ("libopus", "opus", 6_000), ("libopus", "opus", 12_000), ("libmp3lame", "mp3", 24_000),
)  # fmt: skip
"""Encoder, decoder and bits a second."""


def babble(rng: Rng, count: int, voices: Sequence[FloatArray]) -> FloatArray:
    """Four to eight other speakers at once, unit power."""
    out = np.zeros(count, np.float32)
    for _ in range(rng.integers(4, 9)):
        voice = voices[int(rng.integers(len(voices)))]
        out += np.resize(np.roll(unit(voice), int(rng.integers(len(voice)))), count)
    return unit(out)


def reverberate(rng: Rng, samples: FloatArray) -> FloatArray:
    """A small to large room: decaying noise, duller as it fades, after a direct sound."""
    decay_s = rng.uniform(0.1, 0.9)
    length = int(decay_s * RATE_HZ)
    tail = rng.standard_normal(length) * np.exp(-6.9 * np.linspace(0, 1, length))
    tail[: int(rng.uniform(0.001, 0.02) * RATE_HZ)] = 0.0
    tail = signal.lfilter([1.0], [1.0, -rng.uniform(0.0, 0.7)], tail)
    tail *= rng.uniform(0.2, 1.0) / (np.sqrt(np.sum(tail**2)) + 1e-9)
    tail[0] = 1.0
    return np.asarray(signal.fftconvolve(samples, tail)[: len(samples)], np.float32)


def colour(rng: Rng, samples: FloatArray) -> FloatArray:
    """Another microphone: dull, thin, or with a resonance."""
    kind = rng.integers(3)
    if kind == 0:
        sos = signal.butter(2, rng.uniform(1500, 6500), fs=RATE_HZ, output="sos")
    elif kind == 1:
        sos = signal.butter(1, rng.uniform(100, 900), "highpass", fs=RATE_HZ, output="sos")
    else:
        b, a = signal.iirpeak(rng.uniform(300, 4000), rng.uniform(1, 4), fs=RATE_HZ)
        peak = signal.lfilter(b, a, samples)
        return np.asarray(samples + rng.uniform(-0.7, 2.0) * peak, np.float32)
    return np.asarray(signal.sosfilt(sos, samples), np.float32)


def unsteady(rng: Rng, count: int) -> FloatArray:
    """What a bad amplifier adds: an offset, and a rumble below speech."""
    times = np.arange(count) / RATE_HZ
    rumble = rng.uniform(0, 0.1) * np.sin(2 * np.pi * rng.uniform(5, 40) * times)
    return np.asarray(rng.uniform(-0.3, 0.3) + rumble, np.float32)


def companded(samples: FloatArray) -> FloatArray:
    """Through eight bits of mu-law and back (ITU-T G.711)."""
    loud = np.clip(samples, -1.0, 1.0)
    code = np.round(np.sign(loud) * np.log1p(MU * np.abs(loud)) / np.log1p(MU) * 127) / 127
    return np.asarray(np.sign(code) * np.expm1(np.abs(code) * np.log1p(MU)) / MU, np.float32)


def telephone(rng: Rng, samples: FloatArray) -> FloatArray:
    """A telephone line: 8 kHz, a band of about 300 to 3400 Hz, eight bits of mu-law."""
    edges = [rng.uniform(200, 350), rng.uniform(3000, 3600)]
    sos = signal.butter(4, edges, "bandpass", fs=RATE_HZ, output="sos")
    low = signal.resample_poly(signal.sosfilt(sos, samples), TELEPHONE_HZ, RATE_HZ)
    return np.asarray(signal.resample_poly(companded(low), RATE_HZ, TELEPHONE_HZ), np.float32)


def _packets(encoding: str, decoding: str, bit_rate: int, samples: FloatArray) -> FloatArray:
    """Encoded and decoded; late by the codec's delay."""
    encoder, decoder = av.CodecContext.create(encoding, "w"), av.CodecContext.create(decoding, "r")
    assert isinstance(encoder, av.AudioCodecContext)
    assert isinstance(decoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.bit_rate = RATE_HZ, bit_rate
    encoder.layout = av.AudioLayout("mono")
    encoder.format = av.AudioFormat("flt" if encoding == "libopus" else "fltp")
    encoder.open()
    size = encoder.frame_size or 320
    heard: list[FloatArray] = []
    resampler = av.AudioResampler("flt", "mono", RATE_HZ)
    for at in range(0, len(samples) - size + 1, size):
        frame = av.AudioFrame.from_ndarray(
            samples[None, at : at + size], format=encoder.format.name, layout="mono"
        )
        frame.sample_rate, frame.pts = RATE_HZ, at
        for packet in encoder.encode(frame):
            for out in decoder.decode(packet):
                parts = [part.to_ndarray().reshape(-1) for part in resampler.resample(out)]
                heard += [np.asarray(part, np.float32) for part in parts]
    return np.concatenate(heard) if heard else np.zeros(0, np.float32)


def compress(rng: Rng, samples: FloatArray) -> FloatArray:
    """Through a speech or music codec at a low rate, put back in time."""
    heard = _packets(*CODECS[int(rng.integers(len(CODECS)))], samples)
    if len(heard) < RATE_HZ // 2:
        return samples
    heard = np.pad(heard, (0, max(0, len(samples) - len(heard))))[: len(samples)]
    late = int(np.argmax(signal.correlate(heard, samples, "full", "fft"))) - len(samples) + 1
    return np.asarray(np.roll(heard, -late), np.float32)


def _noisy(rng: Rng, samples: FloatArray, voices: Sequence[FloatArray]) -> FloatArray:
    kind, count = rng.random(), len(samples)
    if kind < 0.25 and voices:
        noise = babble(rng, count, voices)
    elif kind < 0.45:
        noise = MUSIC[int(rng.integers(len(MUSIC)))](rng, count)
    else:
        noise = NOISES[int(rng.integers(len(NOISES)))](rng, count)
    loudness = np.sqrt(np.mean(samples**2)) + 1e-9
    return samples + noise * np.float32(loudness / decibels(rng.uniform(*SNR_DB)))


def degrade(rng: Rng, samples: FloatArray, voices: Sequence[FloatArray] = ()) -> FloatArray:
    """Speech as another microphone in another room at another level hears it.

    Args:
        rng: where chance comes from.
        samples: shape (n,), clean speech at ``RATE_HZ``, peaks near full scale.
        voices: other recordings for babble; none, no babble.
    """
    if rng.random() < CLEAN_SHARE:
        return np.asarray(np.clip(samples * decibels(rng.uniform(-15, 3)), -1.0, 1.0), np.float32)
    out = samples
    if rng.random() < 0.3:
        out = reverberate(rng, out)
    if rng.random() < 0.3:
        out = colour(rng, out)
    if rng.random() < 0.55:
        out = _noisy(rng, out, voices)
    if rng.random() < 0.1:
        out = out + unsteady(rng, len(out))
    ceiling = rng.uniform(0.05, 0.5) if rng.random() < 0.06 else 1.0
    out = np.clip(out, -ceiling, ceiling)
    line = rng.random()
    if line < 0.1:
        out = telephone(rng, out)
    elif line < 0.14:
        out = compress(rng, out)
    gain = decibels(rng.uniform(*GAIN_DB)) if rng.random() < 0.7 else 1.0
    return np.asarray(np.clip(out * gain, -1.0, 1.0), np.float32)

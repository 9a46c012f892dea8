"""Speech with phoneme times, read from shards and laid on the steps of the motion network.

A shard is an NPZ file: ``samples`` int16 (n,), ``sample_rate_hz``, ``symbols`` (k,) strings,
``start_s`` and ``end_s`` (k,), and what is known of its making (``voice``, ``language``, ``text``,
``rate``). Who makes shards is none of the engine's business.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np
from scipy import signal

from engine.media import FloatArray
from engine.timeline import MOTION_RATE_HZ, SAMPLE_RATE_HZ
from engine.train import teacher
from engine.train.teacher import Phone
from engine.train.visemes import DIPHTHONGS, STRESS_MARKS, VISEMES

QUIET_DB: Final = -40.0
"""Softer than the loudest 10 ms by this much, for long enough, is silence."""

QUIET_S: Final = 0.14
KEEP_S: Final = 0.03
"""How far a sound whose phoneme outlasts it is kept."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """One recording and what is said in it."""

    samples: FloatArray
    """Shape (n,), at ``SAMPLE_RATE_HZ``."""
    phones: tuple[Phone, ...]
    voice: str
    language: str

    @property
    def rate_hz(self) -> int:
        """Of the samples."""
        return SAMPLE_RATE_HZ

    @property
    def steps(self) -> int:
        """Motion steps that fit into it."""
        return int(len(self.samples) * MOTION_RATE_HZ / SAMPLE_RATE_HZ)

    def curves(self, times_s: FloatArray) -> FloatArray:
        """The teacher's curves at *times_s*, shape (n, len(SPEECH)): louder vowels wider."""
        return teacher.curves(self.phones, times_s, vowel_gains(self))

    def targets(self, offset_s: float = 0.0) -> FloatArray:
        """The teacher's curves, shape (steps, len(SPEECH)); step n at ``n / 50 + offset_s``."""
        times = np.arange(self.steps, dtype=np.float32) / np.float32(MOTION_RATE_HZ)
        return self.curves(times + np.float32(offset_s))


LOUDNESS_GAIN: Final = 0.006
"""How much wider a vowel's jaw opens for each dB above the utterance's median vowel; fitted to the
lips of a recorded speaker (0.5 % a dB, whatever the vowel)."""

LOUDNESS_RANGE_DB: Final = 12.0


def vowel_gains(utterance: Utterance) -> tuple[float, ...]:
    """Jaw gain of every phoneme from its loudness; 1 for what is no vowel."""
    power = np.concatenate(([0.0], np.cumsum(utterance.samples.astype(np.float64) ** 2)))
    levels: dict[int, float] = {}
    for i, phone in enumerate(utterance.phones):
        viseme = VISEMES.get(phone.symbol[:1])
        low, high = (
            min(max(round(t * utterance.rate_hz), 0), len(power) - 1)
            for t in (phone.start_s, phone.end_s)
        )
        sounds = phone.symbol in DIPHTHONGS or (viseme is not None and viseme.vowel)
        if sounds and high > low:
            levels[i] = 10 * np.log10((power[high] - power[low]) / (high - low) + 1e-9)
    median = float(np.median(list(levels.values()))) if levels else 0.0
    above = {
        i: np.clip(v - median, -LOUDNESS_RANGE_DB, LOUDNESS_RANGE_DB) for i, v in levels.items()
    }
    return tuple(
        float(1.0 + LOUDNESS_GAIN * above.get(i, 0.0)) for i in range(len(utterance.phones))
    )


def resample(samples: FloatArray, from_hz: int, to_hz: int) -> FloatArray:
    """Rational resampling (polyphase, Kaiser)."""
    ratio = Fraction(to_hz, from_hz)
    if ratio == 1:
        return samples
    out = signal.resample_poly(samples, ratio.numerator, ratio.denominator)
    return np.asarray(out, np.float32)


def quiet_stretches(samples: FloatArray, rate_hz: int) -> list[tuple[float, float]]:
    """(start, end) in seconds of every stretch with no sound in it."""
    hop = rate_hz // 100
    blocks = samples[: len(samples) // hop * hop].reshape(-1, hop)
    level = 10 * np.log10(np.mean(blocks**2, axis=1) + 1e-10)
    quiet = np.concatenate(([False], level < level.max(initial=-100.0) + QUIET_DB, [False]))
    edges = np.flatnonzero(np.diff(quiet.astype(np.int8)))
    pairs = edges.reshape(-1, 2) / 100.0
    return [(float(a), float(b)) for a, b in pairs if b - a >= QUIET_S]


def _ends(phones: list[Phone], start_s: float, end_s: float) -> None:
    """The phoneme during which a quiet stretch begins ends there."""
    for i, phone in enumerate(phones):
        if phone.start_s < start_s < phone.end_s:
            phones[i] = replace(phone, end_s=max(phone.start_s, start_s) + KEEP_S)
            following_s = phones[i + 1].start_s if i + 1 < len(phones) else end_s
            if following_s > phones[i].end_s:
                phones.insert(i + 1, Phone(" ", phones[i].end_s, min(end_s, following_s)))
            return


def _begins(phones: list[Phone], start_s: float, end_s: float) -> None:
    """Marks and sounds that are said to begin in a quiet stretch begin at its end; lips that
    close for a sound to come do so in silence."""
    for i, phone in enumerate(phones):
        viseme = VISEMES.get(phone.symbol)
        sounds = viseme is not None or phone.symbol in STRESS_MARKS
        if sounds and not (viseme and viseme.contact) and start_s < phone.start_s < end_s:
            late_s = end_s - KEEP_S
            start = max(phone.start_s, late_s)
            phones[i] = replace(phone, start_s=start, end_s=max(phone.end_s, start))


def trim(phones: tuple[Phone, ...], quiet: list[tuple[float, float]]) -> tuple[Phone, ...]:
    """Phonemes kept to where there is sound: a voice's durations count the silence around."""
    out = list(phones)
    for start_s, end_s in quiet:
        _ends(out, start_s, end_s)
        _begins(out, start_s, end_s)
    return tuple(out)


def load(path: Path) -> Utterance:
    """Read one shard.

    Raises:
        ValueError: if a field is missing.
    """
    with np.load(path) as shard:
        try:
            rate_hz = int(shard["sample_rate_hz"])
            samples = shard["samples"].astype(np.float32) / 32768.0
            times = zip(shard["symbols"], shard["start_s"], shard["end_s"], strict=True)
            phones = tuple(Phone(str(s), float(a), float(b)) for s, a, b in times)
            voice, language = str(shard["voice"]), str(shard["language"])
        except KeyError as error:
            raise ValueError(f"{path}: no field {error}: make the corpus again") from error
    phones = trim(phones, quiet_stretches(samples, rate_hz))
    return Utterance(resample(samples, rate_hz, SAMPLE_RATE_HZ), phones, voice, language)


def load_all(folder: Path, limit_s: float = 1e9) -> Iterator[Utterance]:
    """Every shard of *folder* in name order, until *limit_s* seconds were read."""
    read_s = 0.0
    for path in sorted(folder.glob("*.npz")):
        if read_s >= limit_s:
            return
        utterance = load(path)
        read_s += len(utterance.samples) / SAMPLE_RATE_HZ
        yield utterance

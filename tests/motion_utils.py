"""Stand-ins for the motion tests: sound that is like speech, and chunks of it."""

from collections.abc import Iterator, Mapping

import numpy as np

from engine.media import Audio, FloatArray
from engine.motion.layout import METADATA
from engine.motion.lips import SPEECH
from engine.timeline import SAMPLE_RATE_HZ

FORMANTS_HZ = {"a": (800, 1200, 2600), "i": (300, 2300, 3000), "u": (320, 800, 2300)}


def vowel(name: str, duration_s: float, pitch_hz: float = 120.0) -> FloatArray:
    """A sustained vowel: harmonics of a voice shaped by three formants."""
    t = np.arange(int(duration_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    glide = pitch_hz * (1 + 0.04 * np.sin(2 * np.pi * 2.1 * t))
    phase = 2 * np.pi * np.cumsum(glide) / SAMPLE_RATE_HZ
    out = np.zeros(len(t))
    for k in range(1, int(4500 / pitch_hz)):
        gain = sum(1 / (1 + ((k * pitch_hz - f) / 90) ** 2) for f in FORMANTS_HZ[name])
        out += gain / k**0.5 * np.sin(k * phase)
    edge = np.minimum(1, np.minimum(t, t[-1] - t) / 0.02)
    return np.asarray(0.3 * out / np.abs(out).max() * edge, np.float32)


def murmur(duration_s: float, pitch_hz: float = 120.0) -> FloatArray:
    """The sound of an m: low harmonics only, soft."""
    t = np.arange(int(duration_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    out = sum(np.sin(2 * np.pi * pitch_hz * k * t) / k for k in (1, 2))
    return np.asarray(0.06 * out, np.float32)


def silence(duration_s: float) -> FloatArray:
    return np.zeros(int(duration_s * SAMPLE_RATE_HZ), np.float32)


def speech_like() -> FloatArray:
    """Three seconds: silence, vowels with murmurs between, silence."""
    parts = [silence(0.5)]
    for name in "aiauai":
        parts += [vowel(name, 0.22), murmur(0.09)]
    return np.concatenate([*parts, silence(0.6)])


def chunks(sound: FloatArray, seed: int, pts: int = 0, longest: int = 4000) -> Iterator[Audio]:
    """*sound* in pieces of random length, none to *longest*."""
    rng, at = np.random.default_rng(seed), 0
    while at < len(sound):
        length = int(rng.integers(0, longest))
        yield Audio(pts + at, sound[at : at + length])
        at += length


class RuleRunner:
    """A network that opens the jaw as the mel rises, remembering a little: no weights needed."""

    inputs: Mapping[str, tuple[int | None, ...]] = {"pairs": (None, 1, 160), "state": (1, 1, 1)}
    metadata: Mapping[str, str] = METADATA

    def run(self, tensors: Mapping[str, FloatArray]) -> Mapping[str, FloatArray]:
        state = float(tensors["state"][0, 0, 0])
        speech = np.zeros((len(tensors["pairs"]), 1, len(SPEECH)), np.float32)
        for i, pair in enumerate(tensors["pairs"][:, 0]):
            state += 0.5 * (float(pair.mean()) + 1.0 - state)
            speech[i, 0, 0] = state - 0.05
        return {"speech": speech, "next_state": np.full((1, 1, 1), state, np.float32)}

    def warmup(self) -> None:
        pass

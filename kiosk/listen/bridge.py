"""Sound for a gap whose beginning and length are known: the last pitch period, again, fading.

The method is that of ITU-T G.711 Appendix I, in its simplest form: the period is where the recent
sound resembles itself most, and what is repeated fades, for a guess is soon wrong.
"""

from typing import Final

import numpy as np

from engine.media import FloatArray
from engine.timeline import SAMPLE_RATE_HZ

MIN_PERIOD_SAMPLES: Final = SAMPLE_RATE_HZ // 400
MAX_PERIOD_SAMPLES: Final = SAMPLE_RATE_HZ // 66
FADE_SAMPLES: Final = SAMPLE_RATE_HZ * 60 // 1000
"""After so long nothing of it is left."""

BLEND_SAMPLES: Final = SAMPLE_RATE_HZ * 2 // 1000
"""Each period begins blended with what would have followed the one before, without a step."""


def bridge(recent: FloatArray, count: int) -> FloatArray:
    """What probably sounds after *recent*.

    Args:
        recent: what was heard last, shape (n,), n at least twice ``MAX_PERIOD_SAMPLES``.
        count: samples that are missing.

    Returns:
        Shape (count,).
    """
    period = _period(recent)
    cycle = recent[-period:].copy()
    blend = min(BLEND_SAMPLES, period)
    # The end of a cycle leads into its beginning as the sound before it did, and the first one
    # begins where the sound was.
    ramp = np.linspace(0.0, 1.0, blend, dtype=np.float32)
    before = recent[-period - blend : -period]
    cycle[-blend:] = cycle[-blend:] * (1.0 - ramp) + before * ramp
    repeated = np.tile(cycle, 1 + max(count, blend) // period)
    repeated[:blend] += (recent[-1] - before[-1]) * (1.0 - ramp)
    repeated = repeated[:count]
    fade = np.clip(1.0 - np.arange(count, dtype=np.float32) / FADE_SAMPLES, 0.0, 1.0)
    return (repeated * fade).astype(np.float32)


def blended(before: FloatArray, after: FloatArray) -> FloatArray:
    """*after*, into which *before*, what was thought to come in its place, fades over."""
    count = min(len(before), len(after))
    ramp = np.linspace(0.0, 1.0, count, dtype=np.float32)
    mixed = before[:count] * (1.0 - ramp) + after[:count] * ramp
    return np.concatenate([mixed, after[count:]]).astype(np.float32)


def _period(recent: FloatArray) -> int:
    """Samples after which *recent* resembles itself most, by normalised correlation."""
    last = recent[-MAX_PERIOD_SAMPLES:]
    best, best_match = MAX_PERIOD_SAMPLES, 0.0
    for period in range(MIN_PERIOD_SAMPLES, MAX_PERIOD_SAMPLES + 1, 4):
        earlier = recent[-period - len(last) : -period]
        energy = float(np.sqrt(np.dot(earlier, earlier) * np.dot(last, last)))
        match = float(np.dot(earlier, last)) / energy if energy > 0.0 else 0.0
        if match > best_match:
            best, best_match = period, match
    return best

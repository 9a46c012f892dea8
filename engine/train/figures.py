"""How good mouth curves are: pure measures, of arrays at the motion rate."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from engine.media import FloatArray
from engine.motion.lips import SPEECH_INDEX, opening
from engine.timeline import MOTION_RATE_HZ
from engine.train.teacher import CONTACTS, Phone

LAGS_S: Final = np.arange(-0.1, 0.1001, 0.005)
"""Where a lag is looked for."""

CLOSED_PART: Final = 0.1
"""Of the widest opening near by: what counts as shut."""

OPEN: Final = 0.05
"""An opening beyond this is seen."""


def correlation(a: FloatArray, b: FloatArray) -> float:
    """Pearson's r; 0 where one of them does not move."""
    if a.std() < 1e-6 or b.std() < 1e-6:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def _window(phone: Phone, around_s: float) -> slice:
    low = max(0, round((phone.start_s - around_s) * MOTION_RATE_HZ))
    return slice(low, max(low + 1, round((phone.end_s + around_s) * MOTION_RATE_HZ) + 1))


def closures(shown: FloatArray, phones: Sequence[Phone]) -> list[bool]:
    """For every p b m: does the opening fall below a tenth of the peak within 0.25 s around?

    Args:
        shown: shape (steps, len(SPEECH)).
        phones: what is said.
    """
    gaps = opening(shown)
    return [
        bool(
            gaps[_window(p, 0.02)].min()
            < CLOSED_PART * max(float(gaps[_window(p, 0.25)].max()), OPEN)
        )
        for p in phones
        if p.symbol in "pbm" and _window(p, 0.02).stop < len(gaps)
    ]


def contacts(shown: FloatArray, phones: Sequence[Phone]) -> list[bool]:
    """For every f v: does the lower lip come at least half of the way to the teeth?"""
    roll = shown[:, SPEECH_INDEX["mouthRollLower"]]
    enough = 0.5 * CONTACTS["labiodental"]["mouthRollLower"]
    return [
        bool(roll[_window(p, 0.02)].max() > enough)
        for p in phones
        if p.symbol in "fv" and _window(p, 0.02).stop < len(roll)
    ]


def peak_s(fits: Sequence[float]) -> float:
    """Where the parabola through the best fit and its neighbours is highest, in seconds.

    Args:
        fits: one for each of ``LAGS_S``.
    """
    best = min(max(int(np.argmax(fits)), 1), len(fits) - 2)
    before, here, after = fits[best - 1 : best + 2]
    bend = before - 2 * here + after
    shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return float(LAGS_S[best] + shift * (LAGS_S[1] - LAGS_S[0]))


def best_lag(a: FloatArray, b: FloatArray, most: int = 2) -> float:
    """The highest correlation when *a* is shifted by at most *most* frames either way."""
    count = min(len(a), len(b)) - 2 * most
    return max(correlation(a[k : k + count], b[most : most + count]) for k in range(2 * most + 1))

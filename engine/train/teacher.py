"""Phonemes with times to mouth curves: the teacher of the motion network.

Each articulator is a weighted mean of the phonemes' targets, the weight of a phoneme falling off
exponentially before and after its core (Cohen and Massaro 1993). Lip closures (p b m) and lip-teeth
contacts (f v) are laid over the blend as hard constraints that are reached on time and held, and
whatever the tongue does alone leaves the lips to the neighbours (JALI, Edwards et al. 2016).
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.media import FloatArray
from engine.motion.lips import SPEECH, SPEECH_INDEX
from engine.train import visemes
from engine.train.visemes import SILENCE, VISEMES, Viseme

GRID_RATE_HZ: Final = 200
"""Curves are made at this rate, then sampled."""

PAUSE_S: Final = 0.12
"""A gap between words shorter than this is no pause: it belongs to the sounds beside it."""

REACH_S: Final = {"jaw": 0.045, "round": 0.050, "spread": 0.036, "lips": 0.028}
"""Time constant of the fall of dominance before a phoneme's core; ``AFTER`` of it after."""

AFTER: Final = 0.65
SILENCE_REACH_S: Final = 0.06

LEAD_S: Final = 0.014
"""Real lips are this much before the phonemes as a forced alignment puts them."""

CORE: Final = 0.7
"""Part of a phoneme over which its dominance is full."""

CLOSING_S: Final = 0.055
OPENING_S: Final = 0.045
"""Lips travel to and from a closure in about this time (Löfqvist and Gracco 1997 found the lip
closing movement of stops to last 60 to 100 ms)."""

MINIMUM_HOLD_S: Final = 0.045
CONTACT_LEAD_S: Final = 0.016
CONTACT_PART: Final = 0.85
"""A contact begins this much before its phoneme, and lasts this part of it."""

SMOOTHING_S: Final = 0.010
"""Standard deviation of the Gaussian that takes corners off the blend."""

CONTACTS: Final[dict[str, dict[str, float]]] = {
    "bilabial": {
        "jawOpen": 0.03, "mouthClose": 0.03, "mouthPress": 0.35, "mouthRollLower": 0.12,
        "mouthRollUpper": 0.08, "mouthUpperUp": 0.0, "mouthLowerDown": 0.0, "mouthFunnel": 0.0,
    },
    "labiodental": {
        "jawOpen": 0.06, "mouthRollLower": 0.50, "mouthUpperUp": 0.42, "mouthLowerDown": 0.0,
        "mouthFunnel": 0.0,
    },
}  # fmt: skip
"""What a contact sets; a coefficient not named keeps the blend's value (p before u is rounded)."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A phoneme as it sounds."""

    symbol: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class _Segment:
    viseme: Viseme
    start_s: float
    end_s: float
    jaw_gain: float = 1.0


def _joined(
    phones: Sequence[Phone], gains: Sequence[float]
) -> list[tuple[str, float, float, float]]:
    """Marks merged into the vowels they speak of: (symbol, start, end, jaw gain)."""
    out: list[tuple[str, float, float, float]] = []
    mark_start: float | None = None
    marked = any(p.symbol in visemes.STRESS_MARKS for p in phones)
    plain = visemes.UNSTRESSED_JAW if marked else 1.0
    gain = plain
    for phone, louder in zip(phones, gains or itertools.repeat(1.0), strict=False):
        if phone.symbol in visemes.STRESS_MARKS:
            gain = visemes.STRESS_MARKS[phone.symbol]
            mark_start = phone.start_s if mark_start is None else mark_start
        elif phone.symbol in visemes.EXTENDERS and out:
            symbol, start, _, held_gain = out[-1]
            out[-1] = (symbol, start, phone.end_s, held_gain)
        else:
            start = phone.start_s if mark_start is None else mark_start
            out.append((phone.symbol, start, phone.end_s, gain * louder))
            gain, mark_start = plain, None
    return out


def _expand(symbol: str) -> str:
    """Several sounds written as one, spelt out."""
    return "".join(visemes.DIPHTHONGS.get(c, c) for c in symbol)


def _sounding(symbol: str) -> bool:
    return any(c in VISEMES for c in _expand(symbol))


def _split(symbol: str, start_s: float, end_s: float, jaw_gain: float) -> list[_Segment]:
    known = [VISEMES[c] for c in _expand(symbol) if c in VISEMES]
    edges = np.linspace(start_s, end_s, len(known) + 1)
    return [
        _Segment(viseme, float(a), float(b), jaw_gain if viseme.vowel else 1.0)
        for viseme, a, b in zip(known, edges[:-1], edges[1:], strict=True)
    ]


def _bridge(joined: list[tuple[str, float, float, float]]) -> list[_Segment]:
    """Segments in order; short gaps given half to each neighbour, long ones silent."""
    segments: list[_Segment] = []
    carry_s: float | None = None
    for sounds, run in itertools.groupby(joined, lambda item: _sounding(item[0])):
        items = list(run)
        start_s, end_s = items[0][1], items[-1][2]
        if sounds:
            if carry_s is not None:
                symbol, _, first_end_s, gain = items[0]
                items[0] = (symbol, carry_s, first_end_s, gain)
            segments += [segment for item in items for segment in _split(*item)]
            carry_s = None
        elif end_s - start_s >= PAUSE_S or not segments:
            segments.append(_Segment(SILENCE, start_s, end_s))
        else:
            carry_s = (start_s + end_s) / 2
            segments[-1] = replace(segments[-1], end_s=carry_s)
    return segments


def segments_of(
    phones: Sequence[Phone], duration_s: float, gains: Sequence[float] = ()
) -> list[_Segment]:
    """Visemes in order, with silence before the first and after the last."""
    inner = _bridge(_joined(phones, gains))
    if not inner:
        return [_Segment(SILENCE, 0.0, duration_s)]
    head = _Segment(SILENCE, min(-0.5, inner[0].start_s - 0.5), inner[0].start_s)
    tail = _Segment(SILENCE, inner[-1].end_s, max(duration_s, inner[-1].end_s) + 0.5)
    return [head, *_coda(inner), tail]


def _coda(segments: list[_Segment]) -> list[_Segment]:
    """An r after a vowel and not before one is another sound."""
    out = list(segments)
    for i in range(1, len(out)):
        after = i + 1 < len(out) and out[i + 1].viseme.vowel
        if out[i].viseme is visemes.APPROXIMANT and out[i - 1].viseme.vowel and not after:
            out[i] = replace(out[i], viseme=visemes.CODA_R)
    return out


def _dominance(segment: _Segment, group: str, times: FloatArray) -> FloatArray:
    weight = segment.viseme.weights.get(group, 0.0)
    silent = segment.viseme is SILENCE
    half = (segment.end_s - segment.start_s) * (0.5 if silent else CORE / 2)
    centre = (segment.start_s + segment.end_s) / 2 - LEAD_S
    reach = SILENCE_REACH_S if silent else REACH_S[group]
    before = np.maximum(0.0, centre - half - times) / reach
    after = np.maximum(0.0, times - centre - half) / (AFTER * reach)
    return np.asarray(weight * np.exp(-before - after), np.float32)


def _blend(segments: Sequence[_Segment], times: FloatArray) -> FloatArray:
    curves = np.zeros((len(times), len(SPEECH)), np.float32)
    for group, names in visemes.GROUPS.items():
        total = np.full(len(times), 1e-6, np.float32)
        sums = {name: np.zeros(len(times), np.float32) for name in names}
        for segment in segments:
            low, high = np.searchsorted(times, (segment.start_s - 0.6, segment.end_s + 0.6))
            weight = _dominance(segment, group, times[low:high])
            total[low:high] += weight
            for name in names:
                gain = segment.jaw_gain if name == "jawOpen" else 1.0
                sums[name][low:high] += weight * segment.viseme.targets.get(name, 0.0) * gain
        for name in names:
            curves[:, SPEECH_INDEX[name]] = sums[name] / total
    return curves


def _smooth(curves: FloatArray) -> FloatArray:
    sigma = SMOOTHING_S * GRID_RATE_HZ
    n = np.arange(-int(4 * sigma), int(4 * sigma) + 1)
    kernel = np.exp(-0.5 * (n / sigma) ** 2)
    kernel /= kernel.sum()
    padded = np.pad(curves, ((len(n) // 2, len(n) // 2), (0, 0)), mode="edge")
    columns = [np.convolve(column, kernel, mode="valid") for column in padded.T]
    return np.stack(columns, axis=1).astype(np.float32)


def contact_envelope(segment: _Segment, times: FloatArray) -> FloatArray:
    """0 free, 1 in contact: reached just before the sound begins, held, let go before its end."""
    start = segment.start_s - CONTACT_LEAD_S
    held_s = CONTACT_PART * (segment.end_s - segment.start_s)
    end = max(start + MINIMUM_HOLD_S, segment.start_s + held_s)
    closing = np.clip((times - (start - CLOSING_S)) / CLOSING_S, 0.0, 1.0)
    opening = np.clip(((end + OPENING_S) - times) / OPENING_S, 0.0, 1.0)
    return np.asarray(
        np.minimum(0.5 - 0.5 * np.cos(np.pi * closing), 0.5 - 0.5 * np.cos(np.pi * opening)),
        np.float32,
    )


def _lay_contacts(curves: FloatArray, segments: Sequence[_Segment], times: FloatArray) -> None:
    for kind, targets in CONTACTS.items():
        envelope = np.zeros(len(times), np.float32)
        for segment in segments:
            if segment.viseme.contact == kind:
                envelope = np.maximum(envelope, contact_envelope(segment, times))
        for name, value in targets.items():
            i = SPEECH_INDEX[name]
            curves[:, i] += envelope * (value - curves[:, i])


def curves(phones: Sequence[Phone], times_s: FloatArray, gains: Sequence[float] = ()) -> FloatArray:
    """Mouth curves.

    Args:
        phones: what sounds when, in order; stress, tone and length marks may stand alone or not
            at all; symbols that do not sound are pauses.
        times_s: shape (n,), rising, where the curves are wanted.
        gains: for each of *phones*, how much wider its jaw opens; none: as wide as ever.

    Returns:
        Shape (n, len(SPEECH)), each in 0..1.
    """
    end_s = float(times_s[-1]) + 0.1 if len(times_s) else 0.1
    grid = np.arange(-20, int(end_s * GRID_RATE_HZ) + 20, dtype=np.float32) / np.float32(
        GRID_RATE_HZ
    )
    segments = segments_of(phones, end_s, gains)
    dense = _smooth(_blend(segments, grid))
    _lay_contacts(dense, segments, grid)
    sampled = [np.interp(times_s, grid, column) for column in dense.T]
    return np.asarray(np.clip(np.stack(sampled, axis=1), 0.0, 1.0), np.float32)


def labels(phones: Sequence[Phone], times_s: FloatArray) -> NDArray[np.int64]:
    """The viseme that sounds at each of *times_s*: indices into ``visemes.NAMES``, shape (n,)."""
    end_s = float(times_s[-1]) + 0.1 if len(times_s) else 0.1
    out = np.full(len(times_s), visemes.NAMES.index(SILENCE.name))
    for segment in segments_of(phones, end_s):
        low, high = np.searchsorted(times_s, (segment.start_s, segment.end_s))
        out[low:high] = visemes.NAMES.index(segment.viseme.name)
    return out

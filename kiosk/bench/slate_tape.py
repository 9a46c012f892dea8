"""What a camera and a microphone beside the screen recorded of the slate, and what that says.

Nothing here knows timestamps of RTP or the page's own estimate: flash against beep, as shown and
as heard.
"""

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from engine.timeline import SAMPLE_RATE_HZ
from kiosk import slate
from kiosk.bench.browser import TimeArray

BEEP_MS: Final = 1000.0 * slate.BEEP_SAMPLES / SAMPLE_RATE_HZ
LOUD: Final = 0.5 * slate.BEEP_LEVEL
PERIOD_MS: Final = 1000.0 * slate.PERIOD_SAMPLES / SAMPLE_RATE_HZ
MATCH_MS: Final = 450.0
"""A flash belongs to the beep that is nearer than this."""

LIT: Final = 0.04
"""A patch darker than this is not lit: what a codec leaves of black."""

FREEZE_MS: Final = 200.0
LIMIT_MS: Final = 20.0
"""In step."""

SETTLED_BEEPS: Final = 3


@dataclass(slots=True)
class SlateTape:
    """A recording that grows."""

    shown: list[tuple[float, float, int]] = field(default_factory=list)
    """Of each picture: when, how brightly lit, and its index (-1: unreadable)."""
    heard: list[tuple[float, float]] = field(default_factory=list)
    """Of each millisecond of sound: when, and its level at 1 kHz."""
    clicks: list[float] = field(default_factory=list)
    """When the waveform broke."""

    def add(self, taken: dict[str, Any], playout_ms: float) -> None:
        """Append what the probe took.

        Args:
            taken: the answer of ``slateProbe.take()``.
            playout_ms: from the jitter buffer to the ear, as the browser's playout counts it.
        """
        for at_ms, *grey in taken["pictures"]:
            cells = np.array(grey, np.float32).reshape(slate.PATCH_CELLS, slate.GRID)
            reading = slate.read(cells)
            index = -1 if reading.index is None else reading.index
            self.shown.append((at_ms, reading.lit, index))
        for at_ms, *levels in taken["sounds"]:
            self.heard += [(at_ms + step + playout_ms, level) for step, level in enumerate(levels)]
        self.clicks += taken["clicks"]

    def offsets(self) -> TimeArray:
        """Shape (n, 2): when a beep was heard, and how late its flash was seen, in ms."""
        beeps, flashes = self.beeps(), self.flashes()
        found = []
        for beep_ms in beeps:
            if not len(flashes):
                break
            flash_ms = flashes[np.abs(flashes - beep_ms).argmin()]
            if abs(flash_ms - beep_ms) < MATCH_MS:
                found.append((beep_ms, flash_ms - beep_ms))
        return np.array(found, np.float64).reshape(-1, 2)

    def beeps(self) -> TimeArray:
        """The middles of the beeps, in the page's time."""
        if not self.heard:
            return np.zeros(0)
        at_ms, level = np.array(self.heard).T
        middles = []
        for begin, end in _runs(level > LOUD):
            # A beep that is broken or stretched by half is no clock.
            if 0.6 * BEEP_MS < end - begin < 1.5 * BEEP_MS:
                about = slice(max(0, begin - 3), end + 3)
                middles.append(float(np.average(at_ms[about] + 0.5, weights=level[about])))
        return np.array(middles)

    def flashes(self) -> TimeArray:
        """The middles of the flashes, in the page's time."""
        if not self.shown:
            return np.zeros(0)
        at_ms, lit, _ = np.array(self.shown).T
        middles = []
        for begin, end in _runs(lit > LIT):
            # Each picture lights the screen until the next one comes.
            edges = at_ms[begin : end + 1]
            light = lit[begin:end] * np.diff(edges)
            if 0.5 * BEEP_MS < light.sum() < 1.6 * BEEP_MS:
                middles.append(float(np.average((edges[:-1] + edges[1:]) / 2, weights=light)))
        return np.array(middles)

    def freezes(self, begin_ms: float, end_ms: float) -> int:
        """Gaps between shown pictures that an eye would call a freeze."""
        at_ms = np.array([at for at, _, _ in self.shown if begin_ms <= at <= end_ms])
        return int((np.diff(at_ms) > FREEZE_MS).sum())

    def frame_rate_hz(self, begin_ms: float, end_ms: float) -> float:
        """Different pictures shown a second."""
        indices = {index for at, _, index in self.shown if begin_ms <= at <= end_ms}
        return 1000.0 * len(indices) / max(1.0, end_ms - begin_ms)


def _runs(on: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> list[tuple[int, int]]:
    """Begin and end of each stretch of True that both begins and ends within."""
    edges = np.flatnonzero(np.diff(on.astype(np.int8)))
    begins = edges[~on[edges]] + 1
    ends = edges[on[edges]] + 1
    ends = ends[np.searchsorted(ends, begins[0]) :] if len(begins) else ends[:0]
    return list(zip(begins.tolist(), ends.tolist(), strict=False))


def within(offsets: TimeArray, begin_ms: float, end_ms: float) -> TimeArray:
    """Those of *offsets* from *begin_ms* to *end_ms*."""
    return offsets[(offsets[:, 0] >= begin_ms) & (offsets[:, 0] <= end_ms)]


def recovered_s(offsets: TimeArray, since_ms: float, until_ms: float) -> float | None:
    """Seconds after *since_ms* until ``SETTLED_BEEPS`` in a row are within ``LIMIT_MS``.

    The slate tells once a second: the answer is the time of the first of these beeps, and 0 if none
    before it was beyond the limit; None: it did not settle.
    """
    part = within(offsets, since_ms, until_ms)
    good = np.abs(part[:, 1]) <= LIMIT_MS
    for first in range(len(part) - SETTLED_BEEPS + 1):
        if good[first : first + SETTLED_BEEPS].all():
            return float(part[first, 0] - since_ms) / 1000.0 if first else 0.0
    return None


def seen_ms(offsets: TimeArray, since_ms: float, until_ms: float) -> float:
    """When a fault that began at *since_ms* first showed: at the latest good beep before a bad one.

    A browser may hide one for some seconds in its own buffers. *since_ms* if it never showed.
    """
    part = within(offsets, since_ms, until_ms)
    beyond = part[np.abs(part[:, 1]) > LIMIT_MS]
    return max(since_ms, float(beyond[0, 0]) - PERIOD_MS) if len(beyond) else since_ms


def overshoot_ms(offsets: TimeArray, since_ms: float, until_ms: float, sign: float) -> float:
    """How far the offset went beyond zero, against the *sign* of the step, after *since_ms*."""
    part = within(offsets, since_ms, until_ms)
    return max(0.0, float((-sign * part[:, 1]).max(initial=0.0)))


def estimate_errors(offsets: TimeArray, estimates: TimeArray) -> TimeArray:
    """The page's estimates less the slate, at each beep that has estimates about it.

    Args:
        offsets: shape (n, 2), of the slate.
        estimates: shape (m, 2): when, and what the page and the server make of it, in ms.
    """
    errors = []
    for at_ms, offset_ms in offsets:
        near = estimates[np.abs(estimates[:, 0] - at_ms) < 800.0]
        if len(near):
            errors.append(float(np.median(near[:, 1])) - offset_ms)
    return np.array(errors)

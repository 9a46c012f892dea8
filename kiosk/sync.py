"""The controller that keeps lips and sound in step at the viewer's eye and ear.

The page measures how late the picture is behind the sound, by timestamps alone, and tells it twice
a second. The controller answers by shifting *content*: the slot at t shows the mouth of t + c.
Timestamps never carry c, so what the page measures does not depend on c: the control is
feed-forward and cannot oscillate. Pure; the caller brings the time.
"""

from collections import deque
from dataclasses import dataclass, field
from statistics import median
from typing import Final

MEDIAN_REPORTS: Final = 9
"""Reports whose median is taken while the offset is steady."""

RECENT_REPORTS: Final = 3
"""Reports whose median is taken while it moves."""

MOVED_MS: Final = 10.0
"""The recent median is believed when it is this far from the long one."""

STALE_S: Final = 3.0
ENGAGE_MS: Final = 8.0
RELEASE_MS: Final = 2.0
CLAMP_MS: Final = 250.0
SLEW_MS_PER_S: Final = 50.0
"""In speech: lips 5 % faster or slower than the voice for as long as it lasts."""

FAST_SLEW_MS_PER_S: Final = 120.0
"""In speech, while the error is beyond ``FAST_MS``: wrong lips are worse than fast ones."""

FAST_MS: Final = 40.0
SILENT_SLEW_MS_PER_S: Final = 500.0
"""In silence only the head's slow motion could betray it."""

MIN_RATE_SHARE: Final = 0.8
LOST_MS: Final = 125.0
LOST_S: Final = 5.0
LOST_SPEAKING_S: Final = 20.0
"""A sentence is not broken off for it before this time."""

RESTART_EVERY_S: Final = 60.0
MAX_OFFSET_MS: Final = 2000.0
"""What a report may claim; more is a fault of the measurement."""


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a page has measured."""

    at_s: float
    """When it came, by the event loop's clock."""
    offset_ms: float | None
    """Positive: the picture is late; None: it could not be measured."""
    frame_rate_hz: float = 25.0
    freezes: int = 0
    """So far."""
    hidden: bool = False


@dataclass(slots=True)
class _Viewer:
    site_ms: float
    offsets: deque[float] = field(default_factory=lambda: deque(maxlen=MEDIAN_REPORTS))
    heard_s: float = -1e9
    freezes: int | None = None

    def take(self, report: SyncReport, nominal_hz: float) -> None:
        froze = self.freezes is not None and report.freezes > self.freezes
        self.freezes = report.freezes
        slow = report.frame_rate_hz < MIN_RATE_SHARE * nominal_hz
        if report.offset_ms is None or report.hidden or froze or slow:
            return
        if abs(report.offset_ms) > MAX_OFFSET_MS:
            return
        self.offsets.append(report.offset_ms)
        self.heard_s = report.at_s
        self._forget_what_was()

    def _forget_what_was(self) -> None:
        """After a step, what was measured before it must not outvote what is."""
        recent = list(self.offsets)[-RECENT_REPORTS:]
        before = list(self.offsets)[:-RECENT_REPORTS]
        if len(recent) == RECENT_REPORTS and before:
            middle = median(before)
            beyond = [offset - middle for offset in recent]
            if min(beyond) > 3 * MOVED_MS or max(beyond) < -3 * MOVED_MS:
                self.offsets = deque(recent, maxlen=MEDIAN_REPORTS)

    @property
    def offset_ms(self) -> float | None:
        if len(self.offsets) < RECENT_REPORTS:
            return None
        steady = median(self.offsets)
        recent = median(list(self.offsets)[-RECENT_REPORTS:])
        return recent if abs(recent - steady) > MOVED_MS else steady


class SyncController:
    """The lip-sync correction of one stage, from the reports of its viewers."""

    def __init__(self, enabled: bool = True) -> None:
        """Begin without a correction.

        Args:
            enabled: whether reports have an effect; without, the shift stays 0.
        """
        self.enabled = enabled
        self.shift_ms = 0.0
        """c: the slot at t shows the face of t + c."""
        self.trim_ms = 0.0
        """What the outer trim adds (``trim.py``)."""
        self.target_ms: float | None = None
        """Where the shift goes; None while nothing is known."""
        self.holding = True
        """Whether it waits for reports it can trust."""
        self._viewers: dict[str, _Viewer] = {}
        self._engaged = False
        self._stepped_s: float | None = None
        self._lost_since_s: float | None = None
        self._restarted_s = -RESTART_EVERY_S

    def join(self, viewer: str, site_ms: float) -> None:
        """*viewer* watches, on a terminal that shows its picture late by *site_ms* unseen."""
        known = self._viewers.get(viewer)
        if known is None:
            self._viewers[viewer] = _Viewer(site_ms)
        else:
            known.site_ms = site_ms

    def leave(self, viewer: str) -> None:
        """*viewer* watches no more."""
        self._viewers.pop(viewer, None)

    def report(self, viewer: str, report: SyncReport, nominal_hz: float) -> None:
        """Take what *viewer*'s page measured.

        Args:
            viewer: one that has joined; others are ignored.
            report: the measurement.
            nominal_hz: pictures a second that the page should show.
        """
        if viewer in self._viewers:
            self._viewers[viewer].take(report, nominal_hz)

    def offset_ms(self, now_s: float) -> float | None:
        """What the pages measure, site constants included, without the shift; None if unknown."""
        targets = [
            viewer.offset_ms + viewer.site_ms
            for viewer in self._viewers.values()
            if viewer.offset_ms is not None and now_s - viewer.heard_s <= STALE_S
        ]
        return median(targets) if targets else None

    def step(self, now_s: float, quiet: bool) -> float:
        """Move the shift towards its target; returns it, in milliseconds.

        Args:
            now_s: the event loop's time.
            quiet: whether nobody speaks, so that no lips can be seen to hurry.
        """
        elapsed_s = 0.0 if self._stepped_s is None else max(0.0, now_s - self._stepped_s)
        self._stepped_s = now_s
        offset_ms = self.offset_ms(now_s) if self.enabled else None
        self.holding = offset_ms is None
        if offset_ms is None:
            return self.shift_ms
        self.target_ms = max(-CLAMP_MS, min(CLAMP_MS, offset_ms + self.trim_ms))
        error_ms = self.target_ms - self.shift_ms
        if abs(error_ms) > ENGAGE_MS:
            self._engaged = True
        elif abs(error_ms) < RELEASE_MS:
            self._engaged = False
        if self._engaged:
            limit_ms = _slew(error_ms, quiet) * elapsed_s
            self.shift_ms += max(-limit_ms, min(limit_ms, error_ms))
        return self.shift_ms

    def lost(self, now_s: float, quiet: bool = True, laden: bool = False) -> bool:
        """Whether the viewers' sessions should be made anew: far out of step, and for long.

        True at most once in ``RESTART_EVERY_S``.

        Args:
            now_s: the event loop's time.
            quiet: whether nobody speaks, who would be broken off.
            laden: whether the machine cannot keep up anyway; new sessions would not help it.
        """
        offset_ms = self.offset_ms(now_s) if self.enabled and not laden else None
        far = offset_ms is not None and abs(offset_ms + self.trim_ms - self.shift_ms) > LOST_MS
        if not far:
            self._lost_since_s = None
            return False
        if self._lost_since_s is None:
            self._lost_since_s = now_s
        overdue = now_s - self._lost_since_s >= (LOST_S if quiet else LOST_SPEAKING_S)
        if overdue and now_s - self._restarted_s >= RESTART_EVERY_S:
            self._restarted_s, self._lost_since_s = now_s, None
            return True
        return False


def _slew(error_ms: float, quiet: bool) -> float:
    if quiet:
        return SILENT_SLEW_MS_PER_S
    return FAST_SLEW_MS_PER_S if abs(error_ms) > FAST_MS else SLEW_MS_PER_S

"""Tells somebody who speaks now from a recording that is sent as fast as it is taken."""

from collections.abc import Callable
from typing import Final

RECORDED_S: Final = 0.5
"""Whoever speaks now is not further ahead of the clock than this, by what was spoken before he was
connected."""

PROVEN_S: Final = 5.0
"""For so long it is not known yet: whoever sends faster by a tenth is found out by then."""

MOST_AHEAD_S: Final = 2.5
"""Nobody is held to be further ahead, so that it is forgotten at last."""

CREDIT_S: Final = 3.0
"""A network that stands still for so long may bring all of it at once afterwards."""

FORGIVEN_SHARE: Final = 0.02
"""Clocks differ by less; a lead is forgotten as slowly."""


class Pace:
    """How far one source has come, against the clock."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Begin now; *clock* gives seconds."""
        self._clock = clock
        self._begun_s = self._seen_s = clock()
        self._ahead_s = 0.0

    @property
    def ahead_s(self) -> float:
        """How much more sound has come than time has passed; negative: less."""
        now_s = self._clock()
        passed_s = (now_s - self._seen_s) * (1.0 + FORGIVEN_SHARE)
        self._seen_s = now_s
        self._ahead_s = max(-CREDIT_S, self._ahead_s - passed_s)
        return self._ahead_s

    @property
    def recorded(self) -> bool:
        """Whether what comes cannot have been spoken just now."""
        return self.ahead_s > RECORDED_S

    @property
    def live(self) -> bool:
        """Whether it is known that what comes is spoken just now."""
        return not self.recorded and self._clock() - self._begun_s >= PROVEN_S

    def push(self, duration_s: float) -> None:
        """So much sound has come."""
        self._ahead_s = min(self.ahead_s + duration_s, MOST_AHEAD_S)

    def held_back(self, duration_s: float) -> None:
        """It had to wait for so long, until now: in this time more might have come."""
        self._seen_s = min(self._clock(), self._seen_s + duration_s)

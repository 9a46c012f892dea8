"""When the GPU's process is started again after its end, and which backends it is to use last.

One that worked for a while comes back soon; one that fails again and again, more and more rarely.
"""

import time
from collections import deque
from collections.abc import Callable
from typing import Final

BACKOFF_MIN_S: Final = 0.5
BACKOFF_MAX_S: Final = 60.0
STEADY_S: Final = 60.0
"""Having worked for so long, it is started again soon when it fails."""

STARTS_MOST: Final = 5
"""Starts in a row that may fail: what is wrong then is not going to mend itself soon."""
LONG_S: Final = 3600.0
"""How long it is left alone then: a start may be minutes of work, such as building a plan."""

LOSSES_MOST: Final = 3
LOSSES_S: Final = 300.0
"""Lost so often within so long, it is the backend that fails, and another one is tried."""


class Restarts:
    """Counts starts, failures and losses."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """*clock*: seconds that only grow."""
        self._clock = clock
        self._pause_s = BACKOFF_MIN_S
        self._failed = 0
        self._ready_s: float | None = None
        self._backend = ""
        self._lost_s: deque[float] = deque(maxlen=LOSSES_MOST)
        self.without: frozenset[str] = frozenset()
        """Backends that were lost too often."""

    def ready(self, backend: str) -> None:
        """It is ready now, and *backend* runs the network."""
        self._failed = 0
        self._ready_s, self._backend = self._clock(), backend

    def ended(self) -> float:
        """It ended, or could not be started.

        Returns:
            After how many seconds to start it again.
        """
        now_s, ready_s = self._clock(), self._ready_s
        self._ready_s = None
        if ready_s is None:
            self._failed += 1
            if self._failed >= STARTS_MOST:
                return LONG_S
        else:
            if now_s - ready_s > STEADY_S:
                self._pause_s = BACKOFF_MIN_S
            self._count(now_s)
        pause_s = self._pause_s
        self._pause_s = min(2.0 * pause_s, BACKOFF_MAX_S)
        return pause_s

    def _count(self, now_s: float) -> None:
        self._lost_s.append(now_s)
        if len(self._lost_s) == LOSSES_MOST and now_s - self._lost_s[0] <= LOSSES_S:
            self.without |= {self._backend}
            self._lost_s.clear()

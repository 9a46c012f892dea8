"""The one clock of a stage: maps the master timeline's samples to the event loop's time.

Both tracks are paced by it, and the sender reports tell it to the browser. Tests run it under a
loop with virtual time.
"""

import asyncio
import time
from typing import Final

from engine.timeline import SAMPLE_RATE_HZ

NTP_EPOCH_S: Final = 2_208_988_800
"""Seconds from 1900 to 1970 (RFC 5905)."""


STALL_S: Final = 0.5
"""A pacer later than this goes on from where it is instead of sprinting; what is less, a browser's
jitter buffer learns to bridge."""


class MediaClock:
    """Sample 0 happens at ``epoch_s`` of the event loop's monotonic time."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """Start the clock now, in *loop* (the running one if not given)."""
        self._loop = loop or asyncio.get_running_loop()
        self._epoch_s = self._loop.time()
        # Read once: the machine's wall clock may be set at any time, and the reports of sound and
        # picture must not fall on both sides of that.
        self._wall_s = time.time() - self._loop.time()
        self.reanchored_count = 0

    @property
    def now_pts(self) -> int:
        """The sample index that is due now."""
        return int((self._loop.time() - self._epoch_s) * SAMPLE_RATE_HZ)

    def time_s(self, pts: int) -> float:
        """Loop time at which sample *pts* is due."""
        return self._epoch_s + pts / SAMPLE_RATE_HZ

    def late_s(self, pts: int) -> float:
        """How long sample *pts* has been due; negative if it is still to come."""
        return self._loop.time() - self.time_s(pts)

    def ntp_time(self, pts: int) -> int:
        """When sample *pts* is due as a 64-bit NTP timestamp (32.32 fixed point, RFC 5905)."""
        return round((self.time_s(pts) + self._wall_s + NTP_EPOCH_S) * 2**32)

    async def sleep_until(self, pts: int) -> None:
        """Wait until sample *pts* is due; always yields to the loop once."""
        await asyncio.sleep(max(0.0, -self.late_s(pts)))

    def reanchor(self, pts: int) -> None:
        """Make sample *pts* due now: after a stall, go on from here rather than sprint."""
        self._epoch_s = self._loop.time() - pts / SAMPLE_RATE_HZ
        self.reanchored_count += 1

    def catch_up(self, pts: int) -> float:
        """After a stall, make *pts* due now; returns how long it stood still, 0 if it did not."""
        late_s = self.late_s(pts)
        if late_s <= STALL_S:
            return 0.0
        self.reanchor(pts)
        return late_s

"""The one clock of a stage: maps the master timeline's samples to the event loop's time.

Both tracks are paced by it. Tests run it under a loop with virtual time.
"""

import asyncio

from engine.timeline import SAMPLE_RATE_HZ


class MediaClock:
    """Sample 0 happens at ``epoch_s`` of the event loop's monotonic time."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """Start the clock now, in *loop* (the running one if not given)."""
        self._loop = loop or asyncio.get_running_loop()
        self._epoch_s = self._loop.time()
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

    async def sleep_until(self, pts: int) -> None:
        """Wait until sample *pts* is due; always yields to the loop once."""
        await asyncio.sleep(max(0.0, -self.late_s(pts)))

    def reanchor(self, pts: int) -> None:
        """Make sample *pts* due now: after a stall, go on from here rather than sprint."""
        self._epoch_s = self._loop.time() - pts / SAMPLE_RATE_HZ
        self.reanchored_count += 1

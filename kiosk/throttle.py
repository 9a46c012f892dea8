"""Keeps the process that started it within a share of one core: ``python -m kiosk.throttle 0.5``.

It stops the process as soon as it has used up its share and lets it go on when time has passed, as
a container's CPU quota does, without needing its rights. Linux.
"""

import os
import signal
import sys
import time
from typing import Final

STEP_S: Final = 0.004
BURST_S: Final = 0.02
"""CPU time that may be saved up."""


class Account:
    """CPU time earned and spent."""

    def __init__(self, share: float, now_s: float, used_s: float) -> None:
        """Begin without savings.

        Args:
            share: cores that may be used.
            now_s: a monotonic time.
            used_s: CPU time the process has used so far.
        """
        self._share = share
        self._now_s = now_s
        self._used_s = used_s
        self._saved_s = 0.0

    def may_run(self, now_s: float, used_s: float) -> bool:
        """Whether the process may run on, having used *used_s* by *now_s*."""
        self._saved_s += self._share * (now_s - self._now_s) - (used_s - self._used_s)
        self._saved_s = min(self._saved_s, BURST_S)
        self._now_s, self._used_s = now_s, used_s
        return self._saved_s >= 0.0


def cpu_clock(pid: int) -> int:
    """The clock of all CPU time of *pid* (clock_getcpuclockid(3), as Linux makes it)."""
    return (~pid << 3) | 2


def main(share: float) -> None:
    """Throttle the parent until it ends or this process is told to."""
    pid = os.getppid()
    clock = cpu_clock(pid)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    account = Account(share, time.monotonic(), time.clock_gettime(clock))
    running = True
    try:
        while os.getppid() == pid:
            time.sleep(STEP_S)
            may = account.may_run(time.monotonic(), time.clock_gettime(clock))
            if may != running:
                os.kill(pid, signal.SIGCONT if may else signal.SIGSTOP)
                running = may
    finally:
        if os.getppid() == pid:
            os.kill(pid, signal.SIGCONT)


if __name__ == "__main__":
    main(float(sys.argv[1]))

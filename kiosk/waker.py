"""Wakes a thread that waits for other things, too: a pipe, of which it waits for one end."""

import contextlib
import os
import threading


class Waker:
    """May be poked from any thread. One thread waits for ``fd``."""

    def __init__(self) -> None:
        """Open it.

        Raises:
            OSError: too many files are open.
        """
        self.fd, self._poked = os.pipe()
        """Can be read once it was poked, until it is drained."""
        for each in (self.fd, self._poked):
            os.set_blocking(each, False)
        self._lock = threading.Lock()
        self._is_open = True

    def poke(self) -> None:
        """Have the thread look what there is to do; nothing once it is closed."""
        # A pipe that is full wakes all the same.
        with self._lock, contextlib.suppress(BlockingIOError):
            if self._is_open:
                os.write(self._poked, b"x")

    def drain(self) -> None:
        """Forget that it was poked: what it was poked for is to be looked at after that."""
        with self._lock, contextlib.suppress(BlockingIOError):
            if self._is_open:
                os.read(self.fd, 1 << 16)

    def close(self) -> None:
        """Let go of it, when nobody waits any more; may be called again."""
        with self._lock:
            if self._is_open:
                self._is_open = False
                os.close(self.fd)
                os.close(self._poked)

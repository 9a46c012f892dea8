"""A file in memory alone: faces must not lie on a disk before somebody has decided so."""

import os
from pathlib import Path
from types import TracebackType
from typing import Self


class MemoryFile:
    """A file without a name on any disk, gone when it is closed (``memfd_create(2)``)."""

    def __init__(self, data: bytes = b"") -> None:
        """Make it, with *data* in it."""
        self._fd = os.memfd_create("kiosk", os.MFD_CLOEXEC)
        self.size = 0
        """Bytes written."""
        self.write(data)

    def fileno(self) -> int:
        """The descriptor, for a child process."""
        return self._fd

    @property
    def path(self) -> Path:
        """By which this process may open it, as long as it is not closed."""
        return Path(f"/proc/self/fd/{self._fd}")

    def write(self, data: bytes) -> None:
        """Append *data*."""
        view = memoryview(data)
        while view:
            written = os.write(self._fd, view)
            self.size += written
            view = view[written:]

    def close(self) -> None:
        """Let go of it; may be called again."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

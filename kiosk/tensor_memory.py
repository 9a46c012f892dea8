"""Memory that two processes share, for tensors on their way: they are copied once, not pickled."""

import contextlib
import mmap
import os
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from multiprocessing import reduction
from typing import Any, Final

import numpy as np

from engine.runtime.runner import RunnerError, Tensors

ALIGNMENT: Final = 64
"""Bytes: a cache line; every tensor begins on one."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tensor lies."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    offset: int


class TensorMemory:
    """Some bytes without a name on any disk (``memfd_create(2)``).

    It may be handed to a process that is being spawned. Who writes and who reads is agreed by other
    means, such as a pipe.
    """

    def __init__(self, size: int) -> None:
        """Make it, *size* bytes; what is never written takes no memory."""
        fd = os.memfd_create("kiosk-tensors", os.MFD_CLOEXEC)
        os.ftruncate(fd, size)
        self._map(fd, size)

    def _map(self, fd: int, size: int) -> None:
        self._fd, self._size = fd, size
        self._memory = mmap.mmap(fd, size)

    def __getstate__(self) -> dict[str, Any]:
        return {"fd": reduction.DupFd(self._fd), "size": self._size}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._map(state["fd"].detach(), state["size"])

    def write(self, tensors: Tensors) -> list[Place]:
        """Put *tensors* in, over whatever was there.

        Returns:
            Where they lie, for ``read`` at the other end.

        Raises:
            RunnerError: they are too large.
        """
        places, offset = [], 0
        for name, tensor in tensors.items():
            given = np.asarray(tensor)
            if offset + given.nbytes > self._size:
                whole = sum(np.asarray(each).nbytes for each in tensors.values())
                raise RunnerError(
                    f"{whole} bytes of tensors are more than the {self._size} that fit: "
                    "make the memory larger, or the batch smaller"
                )
            place = Place(name, given.dtype.str, given.shape, offset)
            self._view(place)[...] = given
            places.append(place)
            offset += -(-given.nbytes // ALIGNMENT) * ALIGNMENT
        return places

    def read(self, places: Sequence[Place]) -> dict[str, np.ndarray[Any, Any]]:
        """The tensors at *places*: views, good until the next ``write`` at either end."""
        return {place.name: self._view(place) for place in places}

    def _view(self, place: Place) -> np.ndarray[Any, Any]:
        flat = np.frombuffer(self._memory, place.dtype, prod(place.shape), place.offset)
        return flat.reshape(place.shape)

    def close(self) -> None:
        """Let go of it; may be called again. Views that are still about keep the bytes."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
            with contextlib.suppress(BufferError):
                self._memory.close()

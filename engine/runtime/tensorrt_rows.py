"""Arrays that stay what they are, kept on a device, and joined there into a network's inputs.

Stages come together in ever other batches: what they have in common with the last pass need not be
copied at all, and the rest goes from one place of the device to another, many times as fast as from
this machine's memory.
"""

import itertools
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.runtime.cuda import Device, Handle

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class _There:
    """An array on the device."""

    array: "weakref.ref[Array]"
    address: int
    token: int
    """Its own for ever: addresses are given again."""


class DeviceRows:
    """The rows of one lane. Not thread-safe."""

    def __init__(self, device: Device, staging: Callable[[int], Array]) -> None:
        """Nothing is kept yet.

        Args:
            device: where they are kept.
            staging: gives page-locked memory of so many bytes, for the way there.
        """
        self._device, self._staging = device, staging
        self._there: dict[int, _There] = {}
        """By ``id`` of the array."""
        self._laid: dict[str, list[int]] = {}
        """Of each input, what lies in its rows."""
        self._tokens = itertools.count()

    def lay(self, name: str, address: int, rows: Sequence[Array], stream: Handle) -> None:
        """Queue what makes the input *name*, at *address*, of *rows*, of one shape each.

        Raises:
            DeviceError: it cannot be done, as where the memory is used up.
        """
        there = [self._placed(row, stream) for row in rows]
        before = self._laid.pop(name, [])
        for k, (row, each) in enumerate(zip(rows, there, strict=True)):
            if k >= len(before) or before[k] != each.token:
                offset = k * row.nbytes
                self._device.copy(address, offset, each.address, row.nbytes, stream)
        self._laid[name] = [each.token for each in there]

    def overwritten(self, name: str) -> None:
        """Something else was put where the input *name* is."""
        self._laid.pop(name, None)

    def _placed(self, row: Array, stream: Handle) -> _There:
        there = self._there.get(id(row))
        if there is not None and there.array() is row:
            return there
        self.prune()
        memory = self._staging(row.nbytes)
        np.copyto(memory.view(row.dtype).reshape(row.shape), row)
        address = self._device.allocate(row.nbytes)
        there = self._there[id(row)] = _There(weakref.ref(row), address, next(self._tokens))
        self._device.upload(address, memory, stream)
        self._device.wait(stream)  # before the memory is used for the next one
        return there

    def prune(self) -> None:
        """Give back what nobody has any more; nothing that is queued may be at work on it."""
        for key, there in list(self._there.items()):
            if there.array() is None:
                self._device.free(there.address)
                del self._there[key]

    def clear(self) -> None:
        """Give everything back; nothing is taken to be where it was."""
        for there in self._there.values():
            self._device.free(there.address)
        self._there.clear()
        self._laid.clear()

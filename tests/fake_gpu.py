"""A pretended GPU: work is done when it is waited for, never before."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.runtime.cuda import CaptureError, DeviceError, DeviceFacts, DeviceMemoryError

Array = NDArray[Any]
Work = Callable[[], None]

CAPABILITY = "8.6"


class FakeDevice:
    """Keeps account of everything that is taken, and does what is queued when it is waited for."""

    def __init__(self, memory_bytes: int = 1 << 30, capability: str = CAPABILITY) -> None:
        self._facts = DeviceFacts("Pretended", capability, memory_bytes, "13.0")
        self.room_bytes = memory_bytes
        self.pinned_room_bytes = memory_bytes
        self.live: dict[int, Any] = {}
        """What was taken and not given back."""
        self.queues: dict[int, list[Work]] = {}
        self.capturing: int | None = None
        self.calls: list[str] = []
        self.capture_fails = False
        self.dead = ""
        self._numbers = itertools.count(1000)
        self._clock_ms = 0.0

    @property
    def facts(self) -> DeviceFacts:
        return self._facts

    def _new(self, thing: object) -> int:
        number = next(self._numbers)
        self.live[number] = thing
        return number

    def _gone(self, number: int) -> None:
        del self.live[number]

    def _said(self, name: str) -> None:
        self.calls.append(name)
        if self.dead:
            raise DeviceError(f"CUDA failed: {name}: {self.dead}: start the kiosk again")

    def use(self) -> None:
        self._said("use")

    def allocate(self, size_bytes: int) -> int:
        self._said("allocate")
        used = sum(each.nbytes for each in self.live.values() if isinstance(each, np.ndarray))
        if used + size_bytes > self.room_bytes:
            raise DeviceMemoryError("the GPU's memory is used up: end other programs on it")
        return self._new(np.full(size_bytes, 0xEE, np.uint8))

    free = _gone

    def allocate_pinned(self, size_bytes: int) -> Array:
        self._said("allocate_pinned")
        if size_bytes > self.pinned_room_bytes:
            raise DeviceMemoryError("the GPU's memory is used up: end other programs on it")
        memory = np.full(size_bytes, 0xDD, np.uint8)
        self.live[-memory.ctypes.data] = ("pinned", memory)
        return memory

    def free_pinned(self, memory: Array) -> None:
        self._gone(-memory.ctypes.data)

    def new_stream(self) -> int:
        self._said("new_stream")
        number = self._new("stream")
        self.queues[number] = []
        return number

    def free_stream(self, stream: int) -> None:
        self._gone(stream)

    def queue(self, stream: int, work: Work) -> None:
        if self.capturing == stream:
            self.captured.append(work)
        else:
            self.queues[stream].append(work)

    def upload(self, address: int, memory: Array, stream: int) -> None:
        self._said("upload")
        self.queue(stream, lambda: self.write(address, self.pinned(memory)))

    def pinned(self, memory: Array) -> Array:
        """What is there when it is copied, not when the copy is asked for."""
        if -memory.ctypes.data not in self.live:
            raise DeviceError("CUDA failed: a copy of memory that was given back")
        return memory

    def write(self, address: int, content: Array) -> None:
        self.live[address][: content.nbytes] = content

    def download(self, memory: Array, address: int, stream: int) -> None:
        self._said("download")
        self.queue(
            stream, lambda: np.copyto(self.pinned(memory), self.live[address][: memory.nbytes])
        )

    def copy(
        self, address: int, offset_bytes: int, source: int, size_bytes: int, stream: int
    ) -> None:
        self._said("copy")

        def copied() -> None:
            content = self.live[source][:size_bytes]
            self.live[address][offset_bytes : offset_bytes + size_bytes] = content

        self.queue(stream, copied)

    def wait(self, stream: int) -> None:
        self._said("wait")
        for work in self.queues[stream]:
            work()
        self.queues[stream].clear()

    def new_event(self) -> int:
        self._said("new_event")
        return self._new({"ms": None})

    free_event = _gone

    def record(self, event: int, stream: int) -> None:
        self._said("record")

        def passed() -> None:
            self._clock_ms += 1.5
            self.live[event]["ms"] = self._clock_ms

        self.queue(stream, passed)

    def elapsed_ms(self, start: int, end: int) -> float:
        self._said("elapsed_ms")
        return float(self.live[end]["ms"] - self.live[start]["ms"])

    def capture(self, stream: int, work: Work) -> int:
        self._said("capture")
        if self.capture_fails:
            raise CaptureError("no graph of the work: a kernel allocates")
        self.capturing, self.captured = stream, list[Work]()
        try:
            work()
        finally:
            self.capturing = None
        return self._new(("graph", self.captured))

    def launch(self, graph: int, stream: int) -> None:
        self._said("launch")
        for work in self.live[graph][1]:
            self.queue(stream, work)

    free_graph = _gone

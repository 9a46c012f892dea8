"""What a GPU offers to those who run networks on it: memory, streams, events, graphs.

``Device`` is all that the rest of the engine knows of CUDA; ``cuda_device`` drives a real one, and
the tests a pretended one. Handles are whatever the device gives: pass them back, nothing else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from numpy.typing import NDArray

from engine.runtime.runner import RunnerError

Handle = Any
"""A stream, an event or a graph, as the device made it."""

GPU_EXTRA: Final = ".venv/bin/pip install -e '.[gpu]'"
"""The command that brings TensorRT and CUDA's runtime."""
ANOTHER_BACKEND: Final = 'or let another backend draw: engine.backend = "cpu"'

_DEVICE_FILES: Final = ("nvidia[0-9]*", "dxg")
"""Below /dev: NVIDIA's own, and that of a GPU shared with a Windows host."""


class DeviceError(RunnerError):
    """The GPU, its driver or CUDA failed; the message names the remedy."""


class NoDeviceError(DeviceError):
    """There is no GPU, no driver, or nothing that speaks to it."""


class DeviceMemoryError(DeviceError):
    """The memory of the GPU is used up."""


class CaptureError(DeviceError):
    """Work could not be captured as a graph; it can still be done plainly."""


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """What a GPU is."""

    name: str
    capability: str
    """Compute capability, e.g. ``8.6``."""
    memory_bytes: int
    """All of it, used or not."""
    cuda: str
    """The newest version of CUDA that the driver speaks, e.g. ``13.0``."""


class Device(Protocol):
    """One GPU. Every call may raise ``DeviceError``; those that free never do."""

    @property
    def facts(self) -> DeviceFacts:
        """What it is."""
        ...

    def use(self) -> None:
        """Make it the one of the calling thread: before all else in every thread."""
        ...

    def allocate(self, size_bytes: int) -> int:
        """The address of new memory on the device."""
        ...

    def free(self, address: int) -> None:
        """Give memory back."""
        ...

    def allocate_pinned(self, size_bytes: int) -> NDArray[Any]:
        """New page-locked memory of this machine, (size_bytes,) uint8."""
        ...

    def free_pinned(self, memory: NDArray[Any]) -> None:
        """Give page-locked memory back; nothing may look at it any more."""
        ...

    def new_stream(self) -> Handle:
        """A queue of work. ``int()`` of it is what TensorRT takes."""
        ...

    def free_stream(self, stream: Handle) -> None:
        """End a queue."""
        ...

    def upload(self, address: int, memory: NDArray[Any], stream: Handle) -> None:
        """Queue a copy of pinned *memory*, all of it, to the device."""
        ...

    def download(self, memory: NDArray[Any], address: int, stream: Handle) -> None:
        """Queue a copy from the device that fills pinned *memory*."""
        ...

    def copy(
        self, address: int, offset_bytes: int, source: int, size_bytes: int, stream: Handle
    ) -> None:
        """Queue a copy within the device: from *source* to *address*, so far into its memory."""
        ...

    def wait(self, stream: Handle) -> None:
        """Wait until all that is queued is done."""
        ...

    def new_event(self) -> Handle:
        """A mark that can be put into streams."""
        ...

    def free_event(self, event: Handle) -> None:
        """End a mark."""
        ...

    def record(self, event: Handle, stream: Handle) -> None:
        """Queue the mark."""
        ...

    def elapsed_ms(self, start: Handle, end: Handle) -> float:
        """Time between two marks that have been passed."""
        ...

    def capture(self, stream: Handle, work: Callable[[], None]) -> Handle:
        """What *work* queues, as a graph, which is not run.

        Raises:
            CaptureError: it cannot be captured; the stream is as before.
        """
        ...

    def launch(self, graph: Handle, stream: Handle) -> None:
        """Queue a graph."""
        ...

    def free_graph(self, graph: Handle) -> None:
        """End a graph."""
        ...


def device_files(folder: Path = Path("/dev")) -> list[str]:
    """The names of the device files of GPUs: none, no GPU, and no library need be asked."""
    return sorted(path.name for pattern in _DEVICE_FILES for path in folder.glob(pattern))

"""A GPU by NVIDIA's ``cuda-bindings``, part of the extra ``gpu``; loaded when it is asked for.

The calls are those of the CUDA runtime, under its names, which its manual describes.
"""

import ctypes
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.runtime.cuda import (
    ANOTHER_BACKEND,
    GPU_EXTRA,
    CaptureError,
    DeviceError,
    DeviceFacts,
    DeviceMemoryError,
    Handle,
    NoDeviceError,
)

_NO_DRIVER: Final = {"cudaErrorInsufficientDriver", "cudaErrorStubLibrary"}
_NO_GPU: Final = {"cudaErrorNoDevice", "cudaErrorInvalidDevice", "cudaErrorDevicesUnavailable"}
_NO_MEMORY: Final = {"cudaErrorMemoryAllocation", "cudaErrorLaunchOutOfResources"}
_NON_BLOCKING: Final = 1
"""cudaStreamNonBlocking: the default stream of another library does not hold this one up."""
_MEBIBYTE: Final = 2**20


def load_runtime() -> Any:  # noqa: ANN401  # the package has no types
    """The CUDA runtime.

    Raises:
        NoDeviceError: the package is not installed.
    """
    try:
        from cuda.bindings import runtime
    except (ImportError, OSError, RuntimeError) as error:
        raise NoDeviceError(f"CUDA cannot be loaded ({error}): {GPU_EXTRA}") from error
    return runtime


class CudaDevice:
    """One GPU of this machine: a ``Device``."""

    def __init__(self, index: int = 0, runtime: Any = None) -> None:  # noqa: ANN401
        """Find it, without making a context on it: whoever only asks takes no memory there.

        Args:
            index: which, as CUDA counts.
            runtime: the CUDA runtime; None: the installed one.

        Raises:
            NoDeviceError: there is no such GPU, no driver, or ``cuda-bindings`` is missing.
        """
        self._cuda = load_runtime() if runtime is None else runtime
        self._index = index
        count = int(self._call("cudaGetDeviceCount"))
        if index >= count:
            raise NoDeviceError(f"there is no GPU {index} among {count}: choose a lower number")
        found = self._call("cudaGetDeviceProperties", index)
        name = found.name.decode() if isinstance(found.name, bytes) else str(found.name)
        self._facts = DeviceFacts(
            name.rstrip("\0"), f"{found.major}.{found.minor}", int(found.totalGlobalMem),
            self._driver(),
        )  # fmt: skip

    @property
    def facts(self) -> DeviceFacts:
        """What it is."""
        return self._facts

    def use(self) -> None:
        """Make it the one of the calling thread."""
        self._call("cudaSetDevice", self._index)

    def allocate(self, size_bytes: int) -> int:
        """The address of new memory on the device."""
        return int(self._call("cudaMalloc", size_bytes, size_bytes=size_bytes))

    def free(self, address: int) -> None:
        """Give memory back."""
        self._cuda.cudaFree(address)

    def allocate_pinned(self, size_bytes: int) -> NDArray[Any]:
        """New page-locked memory of this machine, (size_bytes,) uint8."""
        address = int(self._call("cudaHostAlloc", size_bytes, 0, size_bytes=size_bytes))
        return np.ctypeslib.as_array((ctypes.c_uint8 * size_bytes).from_address(address))

    def free_pinned(self, memory: NDArray[Any]) -> None:
        """Give page-locked memory back; nothing may look at it any more."""
        self._cuda.cudaFreeHost(memory.ctypes.data)

    def new_stream(self) -> Handle:
        """A queue of work."""
        return self._call("cudaStreamCreateWithFlags", _NON_BLOCKING)

    def free_stream(self, stream: Handle) -> None:
        """End a queue."""
        self._cuda.cudaStreamDestroy(stream)

    def upload(self, address: int, memory: NDArray[Any], stream: Handle) -> None:
        """Queue a copy of pinned *memory* to the device."""
        kind = self._cuda.cudaMemcpyKind.cudaMemcpyHostToDevice
        self._call(
            "cudaMemcpyAsync", address, memory.ctypes.data, memory.nbytes, kind, stream
        )  # fmt: skip

    def download(self, memory: NDArray[Any], address: int, stream: Handle) -> None:
        """Queue a copy from the device that fills pinned *memory*."""
        kind = self._cuda.cudaMemcpyKind.cudaMemcpyDeviceToHost
        self._call(
            "cudaMemcpyAsync", memory.ctypes.data, address, memory.nbytes, kind, stream
        )  # fmt: skip

    def copy(
        self, address: int, offset_bytes: int, source: int, size_bytes: int, stream: Handle
    ) -> None:
        """Queue a copy within the device."""
        kind = self._cuda.cudaMemcpyKind.cudaMemcpyDeviceToDevice
        self._call("cudaMemcpyAsync", address + offset_bytes, source, size_bytes, kind, stream)

    def wait(self, stream: Handle) -> None:
        """Wait until all that is queued is done."""
        self._call("cudaStreamSynchronize", stream)

    def new_event(self) -> Handle:
        """A mark that can be put into streams."""
        return self._call("cudaEventCreate")

    def free_event(self, event: Handle) -> None:
        """End a mark."""
        self._cuda.cudaEventDestroy(event)

    def record(self, event: Handle, stream: Handle) -> None:
        """Queue the mark."""
        self._call("cudaEventRecord", event, stream)

    def elapsed_ms(self, start: Handle, end: Handle) -> float:
        """Time between two marks that have been passed."""
        return float(self._call("cudaEventElapsedTime", start, end))

    def capture(self, stream: Handle, work: Callable[[], None]) -> Handle:
        """What *work* queues, as a graph, which is not run."""
        mode = self._cuda.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
        try:
            self._call("cudaStreamBeginCapture", stream, mode)
        except DeviceError as error:
            raise CaptureError(str(error)) from error
        fault: Exception | None = None
        try:
            work()
        except Exception as error:  # whatever it is, the capture must be ended
            fault = error
        status, *captured = self._cuda.cudaStreamEndCapture(stream)
        if fault is not None or status.name != "cudaSuccess":
            self._cuda.cudaGetLastError()  # a broken capture is not to be found by the next call
            raise CaptureError(f"no graph of the work: {fault or status.name}") from fault
        try:
            return self._call("cudaGraphInstantiate", captured[0], 0)
        except DeviceError as error:
            raise CaptureError(str(error)) from error
        finally:
            self._cuda.cudaGraphDestroy(captured[0])

    def launch(self, graph: Handle, stream: Handle) -> None:
        """Queue a graph."""
        self._call("cudaGraphLaunch", graph, stream)

    def free_graph(self, graph: Handle) -> None:
        """End a graph."""
        self._cuda.cudaGraphExecDestroy(graph)

    def _call(self, name: str, *arguments: Any, size_bytes: int = 0) -> Any:  # noqa: ANN401
        """A call of the runtime; what it gives, or the error in words."""
        status, *given = getattr(self._cuda, name)(*arguments)
        if status.name == "cudaSuccess":
            return given[0] if given else None
        self._cuda.cudaGetLastError()
        raise self._fault(name, status.name, size_bytes)

    def _fault(self, call: str, status: str, size_bytes: int) -> DeviceError:
        if status in _NO_DRIVER:
            return NoDeviceError(self._no_driver())
        if status in _NO_GPU:
            return NoDeviceError(f"no NVIDIA GPU can be used ({status}): nvidia-smi tells more")
        if status in _NO_MEMORY:
            asked = f"{size_bytes / _MEBIBYTE:.1f} MiB more" if size_bytes else "more"
            return DeviceMemoryError(
                f"the GPU's memory is used up, {asked} asked: end other programs on it (nvidia-smi "
                f"lists them), show fewer or smaller pictures, {ANOTHER_BACKEND}"
            )
        return DeviceError(f"CUDA failed: {call}: {status}: start the kiosk again, "
                           f"{ANOTHER_BACKEND}")  # fmt: skip

    def _no_driver(self) -> str:
        speaks, needed = self._driver(), _version(self._cuda.cudaRuntimeGetVersion()[1])
        if speaks == "0.0":
            return f"no NVIDIA driver on this machine: install one for CUDA {needed}"
        return f"the NVIDIA driver speaks CUDA {speaks}, {needed} is needed: install a newer one"

    def _driver(self) -> str:
        return _version(self._cuda.cudaDriverGetVersion()[1])


def _version(number: int) -> str:
    """CUDA's 13050 as 13.5."""
    return f"{number // 1000}.{number % 1000 // 10}"

"""CUDA's answers as errors with a remedy, by a pretended CUDA runtime; and a real one undriven."""

from collections.abc import Callable
from enum import IntEnum
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engine.runtime.cuda import CaptureError, DeviceError, DeviceMemoryError, NoDeviceError
from engine.runtime.cuda_device import CudaDevice, load_runtime


class Status(IntEnum):
    cudaSuccess = 0  # noqa: N815  # CUDA's names
    cudaErrorMemoryAllocation = 2  # noqa: N815
    cudaErrorInsufficientDriver = 35  # noqa: N815
    cudaErrorNoDevice = 100  # noqa: N815
    cudaErrorIllegalAddress = 700  # noqa: N815
    cudaErrorStreamCaptureInvalidated = 901  # noqa: N815


class Cuda:
    """Answers success, but where told otherwise; remembers what it was asked."""

    cudaMemcpyKind = SimpleNamespace(  # noqa: N815
        cudaMemcpyHostToDevice=1, cudaMemcpyDeviceToHost=2, cudaMemcpyDeviceToDevice=3
    )
    cudaStreamCaptureMode = SimpleNamespace(cudaStreamCaptureModeThreadLocal=1)  # noqa: N815

    def __init__(self, driver: int = 13000, **faults: Status) -> None:
        self.driver, self.faults = driver, faults
        self.asked: list[tuple[Any, ...]] = []
        self.memory = np.zeros(64, np.uint8)

    def answers(self) -> dict[str, Any]:
        name = b"RTX 3060\0"
        return {
            "cudaGetDeviceCount": 1,
            "cudaGetDeviceProperties": SimpleNamespace(
                name=name, major=8, minor=6, totalGlobalMem=12
            ),
            "cudaDriverGetVersion": self.driver,
            "cudaRuntimeGetVersion": 13050,
            "cudaMalloc": 4096,
            "cudaHostAlloc": self.memory.ctypes.data,
            "cudaEventElapsedTime": 2.5,
            "cudaStreamEndCapture": "graph",
            "cudaGraphInstantiate": "executable",
        }

    def __getattr__(self, name: str) -> Callable[..., tuple[Any, ...]]:
        def call(*arguments: object) -> tuple[Any, ...]:
            self.asked.append((name, *arguments))
            status = self.faults.get(name, Status.cudaSuccess)
            answer = None if status else self.answers().get(name)
            return (status,) if name.startswith("cudaSet") else (status, answer)

        return call

    def names(self) -> list[str]:
        return [each[0] for each in self.asked]


def test_it_says_what_it_is() -> None:
    facts = CudaDevice(runtime=Cuda()).facts
    assert (facts.name, facts.capability, facts.cuda) == ("RTX 3060", "8.6", "13.0")


def test_who_only_asks_makes_no_context() -> None:
    cuda = Cuda()
    device = CudaDevice(runtime=cuda)
    assert "cudaSetDevice" not in cuda.names()
    device.use()
    assert cuda.asked[-1] == ("cudaSetDevice", 0)


@pytest.mark.parametrize(
    ("driver", "status", "words"),
    [
        (0, Status.cudaErrorInsufficientDriver, "no NVIDIA driver.*install one for CUDA 13.5"),
        (12040, Status.cudaErrorInsufficientDriver, "speaks CUDA 12.4, 13.5 is needed: install a"),
        (13000, Status.cudaErrorNoDevice, "no NVIDIA GPU can be used.*nvidia-smi"),
    ],
)
def test_a_missing_or_old_driver_and_a_missing_gpu_are_told_apart(
    driver: int, status: Status, words: str
) -> None:
    with pytest.raises(NoDeviceError, match=words):
        CudaDevice(runtime=Cuda(driver, cudaGetDeviceCount=status))


def test_a_gpu_that_is_not_there_is_refused() -> None:
    with pytest.raises(NoDeviceError, match="no GPU 3 among 1"):
        CudaDevice(3, Cuda())


def test_used_up_memory_names_the_remedy() -> None:
    cuda = Cuda()
    device = CudaDevice(runtime=cuda)
    cuda.faults = {
        "cudaMalloc": Status.cudaErrorMemoryAllocation,
        "cudaHostAlloc": Status.cudaErrorMemoryAllocation,
    }
    for take in (device.allocate, device.allocate_pinned):
        with pytest.raises(DeviceMemoryError, match=r"3\.0 MiB more asked: end other programs"):
            take(3 * 2**20)


def test_any_other_failure_names_call_and_status() -> None:
    cuda = Cuda()
    device = CudaDevice(runtime=cuda)
    cuda.faults = {"cudaStreamSynchronize": Status.cudaErrorIllegalAddress}
    with pytest.raises(DeviceError, match="cudaStreamSynchronize: cudaErrorIllegalAddress: start"):
        device.wait("stream")
    assert cuda.names()[-1] == "cudaGetLastError"  # the next call is not blamed for it


def test_memory_of_this_machine_is_copied_whole() -> None:
    cuda = Cuda()
    device = CudaDevice(runtime=cuda)
    memory = device.allocate_pinned(64)
    assert memory.shape == (64,)
    memory[:] = 7
    assert cuda.memory[5] == 7
    device.upload(4096, memory[:10], "stream")
    device.download(memory, 4096, "stream")
    device.copy(8192, 100, 4096, 10, "stream")
    address = cuda.memory.ctypes.data
    assert cuda.asked[-3:] == [
        ("cudaMemcpyAsync", 4096, address, 10, 1, "stream"),
        ("cudaMemcpyAsync", address, 4096, 64, 2, "stream"),
        ("cudaMemcpyAsync", 8292, 4096, 10, 3, "stream"),
    ]
    device.free_pinned(memory)
    assert cuda.asked[-1] == ("cudaFreeHost", address)


def test_time_is_taken_by_events() -> None:
    assert CudaDevice(runtime=Cuda()).elapsed_ms("start", "end") == 2.5


def test_work_is_captured() -> None:
    cuda = Cuda()
    done: list[str] = []
    graph = CudaDevice(runtime=cuda).capture("stream", lambda: done.append("work"))
    assert (graph, done) == ("executable", ["work"])
    called = ["StreamBeginCapture", "StreamEndCapture", "GraphInstantiate", "GraphDestroy"]
    assert cuda.names()[-4:] == [f"cuda{name}" for name in called]


@pytest.mark.parametrize(
    "call", ["cudaStreamBeginCapture", "cudaStreamEndCapture", "cudaGraphInstantiate"]
)
def test_what_cannot_be_captured_leaves_nothing_behind(call: str) -> None:
    cuda = Cuda()
    device = CudaDevice(runtime=cuda)
    cuda.faults = {call: Status.cudaErrorStreamCaptureInvalidated}
    with pytest.raises(CaptureError, match="CaptureInvalidated"):
        device.capture("stream", lambda: None)
    begun = "cudaStreamEndCapture" in cuda.names()
    assert begun == (call != "cudaStreamBeginCapture")


def test_work_that_raises_ends_the_capture() -> None:
    cuda = Cuda()

    def work() -> None:
        raise ValueError("no such kernel")

    with pytest.raises(CaptureError, match="no such kernel"):
        CudaDevice(runtime=cuda).capture("stream", work)
    assert "cudaStreamEndCapture" in cuda.names()


def test_the_real_runtime_says_that_there_is_no_driver() -> None:
    pytest.importorskip("cuda.bindings", reason="cuda-bindings is not installed: the extra gpu")
    if list(Path("/dev").glob("nvidia[0-9]*")):
        pytest.skip("there is a GPU")
    with pytest.raises(NoDeviceError, match="no NVIDIA driver on this machine: install one"):
        CudaDevice()


def test_every_name_that_is_called_is_the_real_runtime_s() -> None:
    pytest.importorskip("cuda.bindings", reason="cuda-bindings is not installed: the extra gpu")
    runtime = load_runtime()
    cuda = Cuda()
    device = CudaDevice(runtime=cuda)
    memory = device.allocate_pinned(64)
    device.upload(device.allocate(1), memory, device.new_stream())
    device.free_graph(device.capture("stream", lambda: None))
    device.launch("graph", "stream")
    device.record(device.new_event(), "stream")
    device.elapsed_ms("start", "end")
    device.free(1)
    device.free_pinned(memory)
    device.free_event("event")
    device.free_stream("stream")
    device.wait("stream")
    for name in cuda.names():
        assert callable(getattr(runtime, name)), name
    for way in ("HostToDevice", "DeviceToHost", "DeviceToDevice"):
        assert hasattr(runtime.cudaMemcpyKind, f"cudaMemcpy{way}")
    assert hasattr(runtime.cudaStreamCaptureMode, "cudaStreamCaptureModeThreadLocal")
    for name in ("InsufficientDriver", "StubLibrary", "NoDevice", "MemoryAllocation"):
        assert hasattr(runtime.cudaError_t, f"cudaError{name}")


def test_without_the_package_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "cuda.bindings", None)
    with pytest.raises(NoDeviceError, match=r"\.venv/bin/pip install -e '\.\[gpu\]'"):
        load_runtime()

"""A pretended GPU and a pretended TensorRT: work is done when it is waited for, never before.

A plan is JSON: ``{"capability": ..., "version": ...}``. Its network takes ``a`` (n, 4) float16 and
``c`` (n, 4) float32 for n of 1 to 8 and gives ``b`` = 2·a + c, float32.
"""

import itertools
import json
from collections.abc import Callable
from enum import IntEnum
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.runtime.cuda import CaptureError, DeviceError, DeviceFacts, DeviceMemoryError
from engine.runtime.tensorrt_library import Flavour, Library

Array = NDArray[Any]
Work = Callable[[], None]

CAPABILITY, VERSION = "8.6", "1.7"
SHAPES = {"a": ("float16", (1, 4), (2, 4), (8, 4)), "c": ("float32", (1, 4), (2, 4), (8, 4))}


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
        sent = memory.copy()
        self.queue(stream, lambda: self.write(address, sent))

    def write(self, address: int, content: Array) -> None:
        self.live[address][: content.nbytes] = content

    def download(self, memory: Array, address: int, stream: int) -> None:
        self._said("download")
        self.queue(stream, lambda: np.copyto(memory, self.live[address][: memory.nbytes]))

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


class Mode(IntEnum):
    NONE = 0
    INPUT = 1
    OUTPUT = 2


class FakeContext:
    """An execution context: adds up when its stream is waited for."""

    def __init__(self, engine: "FakeEngine") -> None:
        self._engine = engine
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.addresses: dict[str, int] = {}

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        self.shapes[name] = tuple(shape)
        return True

    def infer_shapes(self) -> list[str]:
        return [name for name in SHAPES if name not in self.shapes]

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return self.shapes.get(name, self.shapes["a"])

    def set_tensor_address(self, name: str, address: int) -> bool:
        self.addresses[name] = address
        return True

    def execute_async_v3(self, stream: int) -> bool:
        trt = self._engine.trt
        if trt.execution_fault:
            trt.log(trt.execution_fault)
            return False
        device, shape, at = trt.device, self.shapes["a"], dict(self.addresses)

        def read(name: str) -> Array:
            kind = np.dtype(SHAPES[name][0])
            size = int(np.prod(shape)) * kind.itemsize
            return np.asarray(device.live[at[name]][:size].view(kind).reshape(shape), np.float32)

        def add() -> None:
            result = 2 * read("a") + read("c")
            device.write(at["b"], np.frombuffer(result.tobytes(), np.uint8))

        device.queue(stream, add)
        return True


class FakeEngine:
    """A plan that is loaded."""

    num_io_tensors = 3

    def __init__(self, trt: "FakeTensorRt") -> None:
        self.trt = trt

    def get_tensor_name(self, index: int) -> str:
        return ("a", "b", "c")[index]

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return (-1, 4)

    def get_tensor_dtype(self, name: str) -> str:
        return SHAPES[name][0] if name in SHAPES else "float32"

    def get_tensor_location(self, name: str) -> str:
        return self.trt.location

    def get_tensor_mode(self, name: str) -> Mode:
        return Mode.INPUT if name in SHAPES else Mode.OUTPUT

    def get_tensor_profile_shape(self, name: str, profile: int) -> list[tuple[int, ...]]:
        return list(SHAPES[name][1:])

    def create_runtime_config(self) -> SimpleNamespace:
        return SimpleNamespace(create_runtime_cache=lambda: self.trt.cache,
                               set_runtime_cache=lambda cache: True)  # fmt: skip

    def create_execution_context(self, config: object = None) -> FakeContext | None:
        self.trt.configs.append(config)
        if self.trt.contexts_left <= 0:
            self.trt.log("OutOfMemory: 1234 bytes")
            return None
        self.trt.contexts_left -= 1
        return FakeContext(self)


class FakeCache:
    """What TensorRT for RTX compiled for the card."""

    def __init__(self) -> None:
        self.given: list[bytes] = []

    def deserialize(self, blob: bytes) -> bool:
        self.given.append(blob)
        return True

    def serialize(self) -> bytes:
        return b"kernels"


class FakeTensorRt:
    """The module: what of it the runner uses."""

    TensorIOMode = Mode
    TensorLocation = SimpleNamespace(DEVICE="device", HOST="host")
    CudaGraphStrategy = SimpleNamespace(WHOLE_GRAPH_CAPTURE="whole")
    EngineInvalidityDiagnostics = IntEnum(
        "EngineInvalidityDiagnostics", {"VERSION_MISMATCH": 1, "UNSUPPORTED_CC": 2, "MALFORMED": 32}
    )

    class ILogger:
        ERROR, INTERNAL_ERROR, WARNING = "error", "internal", "warning"

        def log(self, level: str, message: str) -> None: ...

    def __init__(self, device: FakeDevice, version: str = VERSION) -> None:
        self.device, self.__version__ = device, version
        self.execution_fault = ""
        self.location = "device"
        self.contexts_left = 99
        self.configs: list[Any] = []
        self.cache = FakeCache()

    def log(self, message: str) -> None:
        self.logger.log("warning", "nothing to see")
        self.logger.log("error", message)

    def nptype(self, kind: str) -> type:
        if kind == "bfloat16":
            raise TypeError("no NumPy type for bfloat16")
        return np.dtype(kind).type

    def Runtime(self, logger: "FakeTensorRt.ILogger") -> "FakeTensorRt":  # noqa: N802
        self.logger = logger
        return self

    def deserialize_cuda_engine(self, content: bytes) -> FakeEngine | None:
        if self.get_engine_validity(content)[1]:
            self.log("the plan is of no use")
            return None
        return FakeEngine(self)

    def get_engine_validity(self, content: bytes) -> tuple[str, int]:
        try:
            plan = json.loads(content)
        except ValueError:
            return "invalid", 32
        other = int(plan["version"] != self.__version__)
        return "unknown", other + 2 * (plan["capability"] != self.device.facts.capability)


def plan_bytes(capability: str = CAPABILITY, version: str = VERSION) -> bytes:
    return json.dumps({"capability": capability, "version": version}).encode()


def plan_file(folder: Path, capability: str = CAPABILITY, version: str = VERSION) -> Path:
    path = folder / "piece.plan"
    path.write_bytes(plan_bytes(capability, version))
    return path


def fake_library(device: FakeDevice, flavour: Flavour = "tensorrt") -> Library:
    return Library(FakeTensorRt(device), flavour)


def tensors(n: int = 2, seed: int = 0) -> dict[str, Array]:
    rng = np.random.default_rng(seed)
    whole = rng.integers(0, 50, (n, 4))
    return {"a": whole.astype(np.float16), "c": rng.integers(0, 9, (n, 4)).astype(np.float32)}


def expected(given: dict[str, Array]) -> Array:
    return np.asarray(2 * given["a"].astype(np.float32) + given["c"])

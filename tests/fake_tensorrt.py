"""A pretended TensorRT, both of its packages.

A plan is JSON: ``{"capability": ..., "version": ...}``. Its network takes ``a`` (n, 4) float16 and
``c`` (n, 4) float32 for n of 1 to 8 and gives ``b`` = 2·a + c, float32.
"""

import json
from enum import IntEnum
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from engine.runtime.tensorrt_library import Flavour, Library
from engine.runtime.tensorrt_run import TensorRtRunner
from tests.fake_gpu import CAPABILITY, Array, FakeDevice

VERSION = "1.7"
SHAPES = {"a": ("float16", (1, 4), (2, 4), (8, 4)), "c": ("float32", (1, 4), (2, 4), (8, 4))}


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


def opened(folder: Path, device: FakeDevice, contexts: int = 1) -> TensorRtRunner:
    """A runner of such a plan."""
    return TensorRtRunner(
        plan_file(folder), contexts, {"side_px": "128"}, device=device, loaded=fake_library(device)
    )


def pretended(runner: TensorRtRunner) -> FakeTensorRt:
    """The module that *runner* drives."""
    return cast(FakeTensorRt, runner._library.module)

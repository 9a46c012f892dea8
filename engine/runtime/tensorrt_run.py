"""Running plans on a GPU with TensorRT, from any thread."""

import contextlib
import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from engine.runtime.cuda import ANOTHER_BACKEND, Device, DeviceMemoryError
from engine.runtime.cuda_device import CudaDevice
from engine.runtime.runner import RunnerError, Tensors
from engine.runtime.tensorrt_lane import STEADY_PASSES, Lane
from engine.runtime.tensorrt_library import Faults, Library, PlanError, library, logger
from engine.runtime.tensorrt_tensors import plan_tensors

BUILD_AGAIN: Final = "build it again: kiosk plan build"
CACHE_SUFFIX: Final = ".cache"
"""Kernels that TensorRT for RTX made for this very card, kept beside the plan."""

_CLOSE_WAIT_S: Final = 5.0
"""How long passes that are under way are waited for before the rest is freed."""


class TensorRtRunner:
    """A ``Runner`` of a plan on a GPU. Thread-safe: as many passes at once as it has contexts."""

    def __init__(
        self, plan: Path | str, contexts: int = 1, metadata: Mapping[str, str] | None = None,
        device_index: int = 0, *, device: Device | None = None, loaded: Library | None = None,
    ) -> None:  # fmt: skip
        """Load a plan.

        Args:
            plan: the file.
            contexts: how many threads may run it at once; each takes memory for itself.
            metadata: what the network says of itself; plans keep none.
            device_index: which GPU, as CUDA counts.
            device: the GPU itself, instead.
            loaded: TensorRT; None: the installed one.

        Raises:
            RunnerError: the file cannot be read or is of another card or version, TensorRT, the
                driver or the GPU is missing, or the GPU's memory does not suffice.
        """
        self._plan, self._metadata = Path(plan), dict(metadata or {})
        try:
            content = self._plan.read_bytes()
        except OSError as error:
            raise PlanError(f"{plan}: {error.strerror or error}; {BUILD_AGAIN}") from error
        self._library = loaded or library()
        self._device = device or CudaDevice(device_index)
        self._device.use()
        self._faults = Faults()
        self._cache: Any = None
        self._logger = logger(self._library.module, self._faults)
        self._runtime, self._engine = self._loaded(content)
        self._inputs, self._outputs = plan_tensors(self._library.module, self._engine)
        self._changed = threading.Condition()
        self._warming = threading.Lock()
        self._closed = False
        self._lanes: list[Lane] = []
        self._last_ms: float | None = None
        try:
            for _ in range(contexts):
                self._lanes.append(self._lane())
        except BaseException:
            for lane in self._lanes:
                lane.close()
            raise
        self._free = list(self._lanes)

    @property
    def inputs(self) -> Mapping[str, tuple[int | None, ...]]:
        """Shape of every input; None where any size goes that the plan was built for."""
        return {e.name: tuple(None if n < 0 else n for n in e.shape) for e in self._inputs}

    @property
    def metadata(self) -> Mapping[str, str]:
        """What the network says of itself."""
        return self._metadata

    @property
    def last_ms(self) -> float | None:
        """Time of the latest pass on the GPU, copies included; None before the first."""
        return self._last_ms

    @property
    def graph_fault(self) -> str:
        """Why the work is not captured as a CUDA graph; empty while it is, or may be."""
        return next((lane.graph_fault for lane in self._lanes if lane.graph_fault), "")

    def run(self, tensors: Tensors) -> Tensors:
        """One pass; waits for a context where all are busy.

        Raises:
            InputsError: inputs that do not fit.
            RunnerError: a failure of the GPU, or the runner is closed.
        """
        return self.run_rows(tensors, ())

    def run_rows(self, tensors: Tensors, rows: Sequence[Tensors]) -> Tensors:
        """The same, some inputs given picture by picture: see ``runner.TakesRows``.

        Raises:
            InputsError: inputs that do not fit.
            RunnerError: a failure of the GPU, or the runner is closed.
        """
        lane = self._take()
        try:
            given = lane.run(tensors, rows)
            self._last_ms = lane.last_ms
            return given
        finally:
            with self._changed:
                self._free.append(lane)
                self._changed.notify_all()

    def warmup(self) -> None:
        """Run the usual shapes on zeros in every context, often enough to be captured."""
        zeros = {each.name: np.zeros(each.usual, each.kind) for each in self._inputs}
        with self._warming:  # two that each had some of the contexts would wait for ever
            self._warm(zeros)
        self.save_cache()

    def _warm(self, zeros: Tensors) -> None:
        lanes: list[Lane] = []
        try:
            for _ in self._lanes:
                lanes.append(self._take())
            for lane in lanes:
                for _ in range(STEADY_PASSES + 1):
                    lane.run(zeros)
        finally:
            with self._changed:
                self._free.extend(lanes)
                self._changed.notify_all()

    def prune(self) -> None:
        """Give back what was kept on the device and nobody has any more."""
        lane = self._take()
        try:
            lane.prune()
        finally:
            with self._changed:
                self._free.append(lane)
                self._changed.notify_all()

    def close(self) -> None:
        """Give all memory back; passes under way are waited for. May be called again."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: len(self._free) == len(self._lanes), _CLOSE_WAIT_S)
            # A pass that hangs keeps what it works on: freed under it, it would write elsewhere.
            lanes, self._free = self._free, []
        self.save_cache()
        for lane in lanes:
            lane.close()
        if len(lanes) == len(self._lanes):
            self._engine = self._runtime = self._cache = None

    def _take(self) -> Lane:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._free)
            if self._closed:
                raise RunnerError(f"{self._plan.name} is closed: open it again")
            return self._free.pop()

    def _loaded(self, content: bytes) -> tuple[Any, Any]:
        runtime = self._library.module.Runtime(self._logger)
        engine = runtime.deserialize_cuda_engine(content)
        if engine is None:
            said = self._faults.take()
            raise PlanError(
                f"TensorRT {self._library.version} cannot load {self._plan.name}: "
                f"{', '.join([*self._why(runtime, content), said])}; {BUILD_AGAIN}"
            )
        return runtime, engine

    def _why(self, runtime: Any, content: bytes) -> list[str]:  # noqa: ANN401
        """Why the plan is not for this machine, as far as TensorRT for RTX can tell."""
        if not hasattr(runtime, "get_engine_validity"):
            return []
        bits = int(runtime.get_engine_validity(content)[1])
        reasons = self._library.module.EngineInvalidityDiagnostics.__members__
        return [n.lower().replace("_", " ") for n, v in reasons.items() if int(v) & bits]

    def _lane(self) -> Lane:
        context = self._context()
        if context is None:
            raise DeviceMemoryError(
                f"TensorRT makes no context of {self._plan.name}: {self._faults.take()}: end other "
                f"programs on the GPU (nvidia-smi lists them), {ANOTHER_BACKEND}"
            )
        # TensorRT for RTX knows itself when kernels are final, and captures them then.
        graphs = not self._library.rtx
        return Lane(
            context, self._inputs, self._outputs, self._device, self._faults, graphs=graphs
        )  # fmt: skip

    def _context(self) -> Any:  # noqa: ANN401
        if not self._library.rtx:
            return self._engine.create_execution_context()
        config = self._engine.create_runtime_config()
        config.cuda_graph_strategy = self._library.module.CudaGraphStrategy.WHOLE_GRAPH_CAPTURE
        if self._cache is None:
            self._cache = config.create_runtime_cache()
            with contextlib.suppress(OSError):  # none yet
                # One of another card or driver is refused, and made anew.
                self._cache.deserialize(self._cache_path.read_bytes())
        config.set_runtime_cache(self._cache)
        return self._engine.create_execution_context(config)

    @property
    def _cache_path(self) -> Path:
        return self._plan.with_name(self._plan.name + CACHE_SUFFIX)

    def save_cache(self) -> None:
        """Keep the kernels that were made so far, for the next start."""
        if self._cache is None or (made := self._cache.serialize()) is None:
            return
        part = self._cache_path.with_name(f"{self._cache_path.name}.{os.getpid()}")
        with contextlib.suppress(OSError):  # it saves time at the next start, no more
            part.write_bytes(bytes(made))
            part.replace(self._cache_path)

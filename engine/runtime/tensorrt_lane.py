"""One execution context of a plan with a stream and memory of its own: one pass at a time.

Memory on the device is taken once, for the largest shapes, so that no later shape can lack it.
Page-locked memory of this machine, through which copies go, grows with what is really used.
"""

from collections.abc import Sequence
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.runtime.cuda import ANOTHER_BACKEND, CaptureError, Device, DeviceError, Handle
from engine.runtime.runner import RunnerError, Tensors
from engine.runtime.tensorrt_library import Faults, PlanError
from engine.runtime.tensorrt_rows import DeviceRows
from engine.runtime.tensorrt_tensors import PlanTensor, Shape, fitted, joined

STEADY_PASSES: Final = 3
"""Passes of the same shapes after which their work is captured. A graph holds for the shapes it
was captured with, so where they change all the time, capturing would cost more than it gives."""

Array = NDArray[Any]


class Lane:
    """Runs a plan, pass after pass. Not thread-safe: a pool lends it to one thread at a time."""

    def __init__(
        self, context: Any, inputs: Sequence[PlanTensor], outputs: Sequence[PlanTensor],  # noqa: ANN401
        device: Device, faults: Faults, *, graphs: bool,
    ) -> None:  # fmt: skip
        """Take what the largest shapes need.

        Args:
            context: an execution context.
            inputs: of the plan.
            outputs: of the plan.
            device: where it runs.
            faults: of the logger that the context has.
            graphs: whether to capture steady work as CUDA graphs.

        Raises:
            RunnerError: the memory does not suffice, or the shapes cannot be inferred.
        """
        self._context, self._device, self._faults = context, device, faults
        self._inputs, self._outputs, self._graphs = inputs, outputs, graphs
        self._addresses: dict[str, int] = {}
        self._pinned: dict[str, Array] = {}
        self._resident: dict[str, Array] = {}
        self._rows = DeviceRows(device, partial(self._staging, "a row"))
        self._shapes: dict[str, Shape] = {}
        self._graph: Handle | None = None
        self._steady = 0
        self._kept = ExitStack()
        self.last_ms: float | None = None
        """Time of the latest pass on the device, copies included."""
        self.graph_fault = ""
        """Why work is not captured; empty while it is, or may be."""
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def _prepare(self) -> None:
        device = self._device
        device.use()
        self._stream = device.new_stream()
        self._kept.callback(device.free_stream, self._stream)
        self._events = []
        for _ in range(2):
            self._events.append(device.new_event())
            self._kept.callback(device.free_event, self._events[-1])
        largest = self._reshape({each.name: each.most for each in self._inputs})
        for each in (*self._inputs, *self._outputs):
            address = device.allocate(max(each.size_bytes(largest[each.name]), 1))
            self._kept.callback(device.free, address)
            self._addresses[each.name] = address
            self._must(self._context.set_tensor_address(each.name, address), "an address")
        self._shapes = {}

    def run(self, tensors: Tensors, rows: Sequence[Tensors] = ()) -> Tensors:
        """One pass.

        An input that is read-only and owns its memory is taken to stay what it is: where the same
        array is given again, it is not copied again.

        Args:
            tensors: inputs for all pictures.
            rows: the other inputs of each picture; see ``TakesRows``.

        Raises:
            RunnerError: inputs that do not fit, or a failure of the device.
        """
        shapes = fitted(self._inputs, {**tensors, **joined(rows)})
        try:
            self._device.use()
            return self._pass(tensors, rows, shapes)
        except Exception as error:
            self._forget()
            if isinstance(error, RunnerError):
                raise
            raise DeviceError(f"TensorRT failed: {error}: {ANOTHER_BACKEND}") from error

    def _pass(self, tensors: Tensors, rows: Sequence[Tensors], shapes: dict[str, Shape]) -> Tensors:
        if {name: self._shapes.get(name) for name in shapes} != shapes:
            self._drop_graph()
            self._shapes = self._reshape(shapes)
        start, end = self._events
        self._device.record(start, self._stream)
        for each in self._inputs:
            if each.name in tensors:
                self._upload(each, tensors[each.name])
            else:
                self._resident.pop(each.name, None)
                its = [row[each.name] for row in rows]
                self._rows.lay(each.name, self._addresses[each.name], its, self._stream)
        self._work()
        views = {}
        for each in self._outputs:
            shape = self._shapes[each.name]
            memory = self._staging(each.name, each.size_bytes(shape))
            self._device.download(memory, self._addresses[each.name], self._stream)
            views[each.name] = memory.view(each.kind).reshape(shape)
        self._device.record(end, self._stream)
        self._device.wait(self._stream)
        self.last_ms = self._device.elapsed_ms(start, end)
        self._steady += 1
        return {name: view.copy() for name, view in views.items()}

    def _reshape(self, shapes: dict[str, Shape]) -> dict[str, Shape]:
        """Tell the context the inputs' shapes; those of the outputs too."""
        for name, shape in shapes.items():
            self._must(self._context.set_input_shape(name, shape), f"{name} as {shape}")
        unknown = self._context.infer_shapes()
        self._must(not unknown, f"shapes: {', '.join(unknown)} unknown")
        out = {each.name: tuple(self._context.get_tensor_shape(each.name))
               for each in self._outputs}  # fmt: skip
        self._must(
            all(size >= 0 for shape in out.values() for size in shape), "the outputs' shapes"
        )
        return {**shapes, **out}

    def _upload(self, each: PlanTensor, given: Array) -> None:
        if self._resident.get(each.name) is given:
            return
        self._rows.overwritten(each.name)
        memory = self._staging(each.name, given.nbytes)
        np.copyto(memory.view(each.kind).reshape(given.shape), given)
        self._device.upload(self._addresses[each.name], memory, self._stream)
        fixed = not given.flags.writeable and given.base is None
        if fixed:
            self._resident[each.name] = given
        else:
            self._resident.pop(each.name, None)

    def _work(self) -> None:
        """Queue the network: as a graph, if its shapes have been the same for a while."""
        if self._graph is None and self._graphs and self._steady >= STEADY_PASSES:
            try:
                self._graph = self._device.capture(self._stream, self._enqueue)
            except CaptureError as error:
                self._graphs, self.graph_fault = False, str(error)
        if self._graph is None:
            self._enqueue()
        else:
            self._device.launch(self._graph, self._stream)

    def _enqueue(self) -> None:
        self._must(self._context.execute_async_v3(int(self._stream)), "the work")

    def _must(self, done: bool, what: str) -> None:
        if not done:
            raise PlanError(
                f"TensorRT refuses {what}: {self._faults.take()}: end other programs on the GPU "
                f"if its memory is used up, {ANOTHER_BACKEND}"
            )

    def _staging(self, name: str, size_bytes: int) -> Array:
        """Page-locked memory for one tensor, of just that size."""
        if name not in self._pinned or self._pinned[name].nbytes < size_bytes:
            if name in self._pinned:
                self._device.free_pinned(self._pinned.pop(name))
            self._pinned[name] = self._device.allocate_pinned(max(size_bytes, 1))
        return self._pinned[name][:size_bytes]

    def _drop_graph(self) -> None:
        self._steady = 0
        if self._graph is not None:
            self._device.free_graph(self._graph)
            self._graph = None

    def _forget(self) -> None:
        """After a failure nothing on the device is taken to be what it was.

        What is queued still works on memory and graph: only what has ended may be given back.
        """
        with suppress(RunnerError):  # the failure itself is what is told
            self._device.wait(self._stream)
        self._drop_graph()
        self._shapes.clear()
        self._resident.clear()
        self._rows.clear()

    def prune(self) -> None:
        """Give back the rows that nobody has any more."""
        self._device.use()
        self._rows.prune()

    def close(self) -> None:
        """Give everything back. Never fails."""
        self._drop_graph()
        self._context = None
        self._rows.clear()
        for memory in self._pinned.values():
            self._device.free_pinned(memory)
        self._pinned.clear()
        self._kept.close()

"""The inputs and outputs of a plan: their types, the shapes they may have, and whether they fit."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.runtime.runner import InputsError, Tensors
from engine.runtime.tensorrt_library import PlanError

Shape = tuple[int, ...]


@dataclass(frozen=True)
class PlanTensor:
    """An input or output of a plan."""

    name: str
    kind: np.dtype[Any]
    shape: Shape
    """-1 where the size may differ."""
    least: Shape = ()
    """Of an input, the smallest sizes."""
    usual: Shape = ()
    most: Shape = ()

    def size_bytes(self, shape: Shape) -> int:
        """What the tensor takes at *shape*."""
        return math.prod(shape) * self.kind.itemsize

    def check(self, given: NDArray[Any]) -> Shape:
        """The shape of *given*, which this input can take.

        Raises:
            InputsError: it is of another type, or outside of what the plan was built for.
        """
        if given.dtype != self.kind:
            raise InputsError(f"the input {self.name} is {given.dtype}: give {self.kind}")
        shape = tuple(given.shape)
        if len(shape) != len(self.shape) or any(
            not low <= size <= high
            for low, size, high in zip(self.least, shape, self.most, strict=True)
        ):
            raise InputsError(
                f"the input {self.name} is {shape}: this plan takes {self.least} to {self.most}; "
                "build another for more: kiosk plan build"
            )
        return shape


def plan_tensors(module: Any, engine: Any) -> tuple[list[PlanTensor], list[PlanTensor]]:  # noqa: ANN401
    """The inputs and the outputs of a loaded plan.

    Raises:
        PlanError: one is of a type that NumPy does not have, or wanted in another place or form.
    """
    inputs, outputs = [], []
    for index in range(engine.num_io_tensors):
        name = engine.get_tensor_name(index)
        shape = tuple(engine.get_tensor_shape(name))
        try:
            kind = np.dtype(module.nptype(engine.get_tensor_dtype(name)))
        except TypeError as error:
            raise PlanError(
                f"{name}: {error}: export the network with float16 or float32"
            ) from error
        if engine.get_tensor_location(name) != module.TensorLocation.DEVICE:
            raise PlanError(f"{name} holds a shape, not numbers: export the network without it")
        if engine.get_tensor_mode(name) == module.TensorIOMode.INPUT:
            low, usual, high = (tuple(s) for s in engine.get_tensor_profile_shape(name, 0))
            inputs.append(PlanTensor(name, kind, shape, low, usual, high))
        else:
            outputs.append(PlanTensor(name, kind, shape))
    return inputs, outputs


def joined(rows: Sequence[Tensors]) -> dict[str, NDArray[Any]]:
    """Of inputs given picture by picture, what has the type and shape of all; not their numbers.

    Raises:
        InputsError: they differ in what they are, or one is for more pictures than its own.
    """
    if not rows:
        return {}
    first = rows[0]
    like = {name: (each.dtype, each.shape) for name, each in first.items()}
    for row in rows:
        if {name: (each.dtype, each.shape) for name, each in row.items()} != like:
            raise InputsError("pictures of one pass differ in their inputs: give them separately")
    if any(shape[:1] != (1,) for _, shape in like.values()):
        raise InputsError("an input of one picture is of several: give batches of 1")
    return {
        name: np.broadcast_to(each, (len(rows), *each.shape[1:])) for name, each in first.items()
    }


def fitted(inputs: Sequence[PlanTensor], tensors: Tensors) -> dict[str, Shape]:
    """The shape of every input in *tensors*.

    Raises:
        InputsError: one is missing, unknown, of another type or of a size that was not planned.
    """
    names = {each.name for each in inputs}
    if missing := sorted(names - tensors.keys()):
        raise InputsError(f"the network needs {', '.join(missing)} too: give every input")
    if unknown := sorted(tensors.keys() - names):
        raise InputsError(f"the network has no input {', '.join(unknown)}: give its own alone")
    return {each.name: each.check(tensors[each.name]) for each in inputs}

"""Writing an ONNX network as arithmetic: tensors are values, operators add nodes to a tape.

Types are strong, as TensorRT wants them: nothing is cast but by ``Tensor.to``, and an operator on
two types is refused while the network is written, not when it is built.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET: Final = 17
IR_VERSION: Final = 9

FLOAT32: Final = "float32"
FLOAT16: Final = "float16"
BOOL: Final = "bool"
UINT8: Final = "uint8"
END: Final = 2**31 - 1
"""Where a slice that goes to the end ends."""
_CODES: Final = {
    FLOAT32: TensorProto.FLOAT, FLOAT16: TensorProto.FLOAT16, BOOL: TensorProto.BOOL,
    UINT8: TensorProto.UINT8,
}  # fmt: skip

Dimensions = Sequence[int | str]
"""Sizes; a name where any size goes."""


class Tape:
    """The nodes of one network, in order."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []
        self._constants: dict[tuple[str, bytes, tuple[int, ...]], onnx.TensorProto] = {}

    def input(self, name: str, shape: Dimensions, kind: str = FLOAT32) -> "Tensor":
        """An input of the network."""
        self._inputs.append(helper.make_tensor_value_info(name, _CODES[kind], list(shape)))
        return Tensor(self, name, kind)

    def output(self, name: str, tensor: "Tensor", shape: Dimensions, kind: str) -> None:
        """Make *tensor*, cast to *kind*, an output of the network.

        By one node, since TensorRT knows bytes as outputs of a cast only.
        """
        self._nodes.append(helper.make_node("Cast", [tensor.name], [name], to=_CODES[kind]))
        self._outputs.append(helper.make_tensor_value_info(name, _CODES[kind], list(shape)))

    def constant(self, value: Any, kind: str) -> "Tensor":  # noqa: ANN401  # what NumPy takes
        """A constant; equal ones are kept once."""
        array = np.ascontiguousarray(value, kind).reshape(np.shape(value))
        key = (kind, array.tobytes(), array.shape)
        if key not in self._constants:
            name = f"c{len(self._constants)}"
            self._constants[key] = numpy_helper.from_array(array, name)
        return Tensor(self, self._constants[key].name, kind)

    def op(
        self, name: str, *inputs: "Tensor", kind: str | None = None,
        numbers: Sequence[Sequence[int]] = (), **attributes: Any,  # noqa: ANN401  # as ONNX has them
    ) -> "Tensor":  # fmt: skip
        """Add one node with one output, of the first input's type unless *kind* is another.

        *numbers* are further inputs of whole numbers: axes, shapes, starts.
        """
        output = f"t{len(self._nodes)}"
        further = [self.constant(each, "int64").name for each in numbers]
        names = [each.name for each in inputs] + further
        self._nodes.append(helper.make_node(name, names, [output], **attributes))
        return Tensor(self, output, kind or inputs[0].kind)

    def inline(
        self, network: onnx.ModelProto, given: Mapping[str, "Tensor"]
    ) -> dict[str, "Tensor"]:
        """Add the nodes of a whole *network*; its weights are kept once, however often it is added.

        Args:
            network: without branches and loops, of the same opset.
            given: its inputs, each of the type that the network has there.

        Returns:
            Its outputs, by name.

        Raises:
            TypeError: an input is of another type.
            ValueError: the network is of another opset.
        """
        if [(each.domain, each.version) for each in network.opset_import] != [("", OPSET)]:
            raise ValueError(f"the network is not of opset {OPSET}: export it again")
        names = {"": ""}  # an input that is left out
        for each in network.graph.input:
            tensor = given[each.name]
            if _CODES[tensor.kind] != each.type.tensor_type.elem_type:
                raise TypeError(f"{each.name} is {tensor.kind}: cast it with Tensor.to")
            names[each.name] = tensor.name
        for weight in network.graph.initializer:
            array = numpy_helper.to_array(weight)
            names[weight.name] = self.constant(array, str(array.dtype)).name
        for node in network.graph.node:
            copy = onnx.NodeProto()
            copy.CopyFrom(node)
            copy.name = ""
            made = [f"t{len(self._nodes)}_{k}" for k in range(len(node.output))]
            copy.input[:] = [names[name] for name in node.input]
            copy.output[:] = made
            names |= zip(node.output, made, strict=True)
            self._nodes.append(copy)
        kinds = {code: kind for kind, code in _CODES.items()}
        return {
            each.name: Tensor(self, names[each.name], kinds[each.type.tensor_type.elem_type])
            for each in network.graph.output
        }

    def model(self, name: str, metadata: Mapping[str, str]) -> onnx.ModelProto:
        """The network written so far, checked."""
        graph = helper.make_graph(
            self._nodes, name, self._inputs, self._outputs, list(self._constants.values())
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
        )
        helper.set_model_props(model, dict(metadata))
        onnx.checker.check_model(model, full_check=True)
        return model


@dataclass(frozen=True, eq=False)
class Tensor:
    """A value of the network, known by its name and type; shapes broadcast as NumPy's do."""

    tape: Tape
    name: str
    kind: str

    def _with(self, name: str, other: Any, kind: str | None = None) -> "Tensor":  # noqa: ANN401
        right = other if isinstance(other, Tensor) else self.tape.constant(other, self.kind)
        if right.kind != self.kind:
            raise TypeError(f"{name} of {self.kind} and {right.kind}: cast one with Tensor.to")
        return self.tape.op(name, self, right, kind=kind)

    def __add__(self, other: Any) -> "Tensor":  # noqa: ANN401
        return self._with("Add", other)

    def __sub__(self, other: Any) -> "Tensor":  # noqa: ANN401
        return self._with("Sub", other)

    def __mul__(self, other: Any) -> "Tensor":  # noqa: ANN401
        return self._with("Mul", other)

    def __truediv__(self, other: Any) -> "Tensor":  # noqa: ANN401
        return self._with("Div", other)

    def __rsub__(self, other: float) -> "Tensor":
        return self.tape.constant(other, self.kind) - self

    def __rtruediv__(self, other: float) -> "Tensor":
        return self.tape.constant(other, self.kind) / self

    __radd__ = __add__
    __rmul__ = __mul__

    def __lt__(self, other: Any) -> "Tensor":  # noqa: ANN401
        return self._with("Less", other, BOOL)

    def __gt__(self, other: Any) -> "Tensor":  # noqa: ANN401
        return self._with("Greater", other, BOOL)

    def __ge__(self, other: Any) -> "Tensor":  # noqa: ANN401
        return self._with("GreaterOrEqual", other, BOOL)

    def __le__(self, other: Any) -> "Tensor":  # noqa: ANN401
        return self._with("LessOrEqual", other, BOOL)

    def __and__(self, other: "Tensor") -> "Tensor":
        return self._with("And", other)

    def to(self, kind: str) -> "Tensor":
        """The same numbers as another type."""
        return self if kind == self.kind else self.tape.op("Cast", self, kind=kind, to=_CODES[kind])

    def where(self, yes: "Tensor", no: Any) -> "Tensor":  # noqa: ANN401
        """*yes* where this is true, *no* elsewhere."""
        other = no if isinstance(no, Tensor) else self.tape.constant(no, yes.kind)
        return self.tape.op("Where", self, yes, other, kind=yes.kind)

    def least(self, other: Any) -> "Tensor":  # noqa: ANN401
        """The smaller of two."""
        return self._with("Min", other)

    def most(self, other: Any) -> "Tensor":  # noqa: ANN401
        """The larger of two."""
        return self._with("Max", other)

    def within(self, low: Any, high: Any) -> "Tensor":  # noqa: ANN401
        """Held between *low* and *high*."""
        return self.most(low).least(high)

    def unary(self, name: str) -> "Tensor":
        """Abs, Exp, Floor, Ceil, Round (half to even) and the like."""
        return self.tape.op(name, self)

    def reshape(self, *shape: int) -> "Tensor":
        """0 keeps a size, -1 takes the rest."""
        return self.tape.op("Reshape", self, numbers=[shape])

    def part(self, axis: int, start: int, end: int) -> "Tensor":
        """A slice; sizes are kept."""
        return self.tape.op("Slice", self, numbers=[[start], [end], [axis]])

    def over(self, name: str, *axes: int) -> "Tensor":
        """ReduceMin or ReduceMax; sizes are kept."""
        return self.tape.op(name, self, axes=list(axes), keepdims=1)


def join(axis: int, *tensors: Tensor) -> Tensor:
    """Concatenate."""
    return tensors[0].tape.op("Concat", *tensors, axis=axis)


def smooth(value: Tensor) -> Tensor:
    """0 below 0, 1 above 1, smooth between."""
    t = value.within(0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)

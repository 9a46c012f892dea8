"""A network of float32 made one that works in half floats, strongly typed, as TensorRT wants it.

Only pictures are halved: tensors of four dimensions with more than one sample, and the weights that
meet them. Everything else, such as what a time and coefficients become, in convolutions of one
sample too, is little and steers much: it stays float32.
Inputs and outputs stay what they are; the network casts inside.
"""

from typing import Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

PICTURE_RANK: Final = 4
LARGEST: Final = float(np.finfo(np.float16).max)

_FULL_SLOTS: Final = {"Resize": (1, 2)}
"""Inputs that ONNX has as float32 whatever the others are: region and scales."""
_FULL_OPS: Final = {
    "InstanceNormalization", "LayerNormalization", "GroupNormalization", "ReduceMean", "ReduceSum",
    "ReduceL2", "Softmax", "Exp", "Log", "Pow", "Sqrt", "GridSample",
}  # fmt: skip
"""Sums over many numbers, steep functions and places: half floats lack range or digits for them."""
_ROUGH: Final = (TensorProto.FLOAT16, TensorProto.BFLOAT16)


class HalfError(ValueError):
    """The network cannot be halved; the message says why."""


def halved(network: bytes) -> bytes:
    """*network* with its pictures in half floats.

    Args:
        network: an ONNX network of float32, without branches and loops.

    Raises:
        HalfError: it has branches or loops, weights beyond half floats, or is halved already.
    """
    model = onnx.shape_inference.infer_shapes(onnx.load_from_string(network))
    halving = _Halving(model.graph)
    halving.write()
    del model.graph.value_info[:]  # types have changed
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


class _Halving:
    """Rewrites one graph: every float tensor has its type, and casts are made where it must."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self._graph = graph
        self._weights = {each.name: each for each in graph.initializer}
        values = [*graph.value_info, *graph.input, *graph.output]
        self._kinds = {v.name: v.type.tensor_type.elem_type for v in values}
        self._pictures = {v.name for v in values if _has_samples(v.type.tensor_type.shape)}
        self._outputs = {each.name for each in graph.output}
        self._half: set[str] = set()
        """Tensors that are half floats now."""
        self._cast: dict[tuple[str, int], str] = {}
        """What was cast, to what, and its name."""
        self._nodes: list[onnx.NodeProto] = []

    def write(self) -> None:
        if any(kind in _ROUGH for kind in self._kinds.values()):
            raise HalfError("the network has half floats already: give that of float32")
        for node in self._graph.node:
            if any(a.type in (a.GRAPH, a.GRAPHS) for a in node.attribute):
                raise HalfError(f"the network has a {node.op_type}: export it without")
            self._halve(node)
        del self._graph.node[:]
        self._graph.node.extend(self._nodes)
        used = {name for node in self._nodes for name in node.input}
        kept = [each for name, each in self._weights.items() if name in used]
        del self._graph.initializer[:]
        self._graph.initializer.extend(kept)

    def _halve(self, node: onnx.NodeProto) -> None:
        half = node.op_type not in _FULL_OPS and any(self._is_picture(n) for n in node.output)
        full = _FULL_SLOTS.get(node.op_type, ())
        node.input[:] = [
            self._as(name, TensorProto.FLOAT16 if half and slot not in full else TensorProto.FLOAT)
            if self._is_float(name) else name
            for slot, name in enumerate(node.input)
        ]  # fmt: skip
        self._nodes.append(node)
        if not half:
            return
        for attribute in node.attribute:
            if node.op_type == "Cast" and attribute.name == "to":
                attribute.i = TensorProto.FLOAT16
            if attribute.name == "value" and attribute.t.data_type == TensorProto.FLOAT:
                attribute.t.CopyFrom(_weight(attribute.t, attribute.t.name))
        for slot, name in enumerate(node.output):
            if not self._is_float(name):
                continue
            if name in self._outputs:
                # Who reads it reads the half floats; what goes out is cast.
                node.output[slot] = f"{name}_half"
                self._cast[name, TensorProto.FLOAT16] = node.output[slot]
                self._nodes.append(
                    helper.make_node("Cast", [node.output[slot]], [name], to=TensorProto.FLOAT)
                )
            else:
                self._half.add(name)

    def _is_float(self, name: str) -> bool:
        if name in self._weights:
            return bool(self._weights[name].data_type == TensorProto.FLOAT)
        return bool(self._kinds.get(name) == TensorProto.FLOAT)

    def _is_picture(self, name: str) -> bool:
        return self._is_float(name) and name in self._pictures

    def _as(self, name: str, kind: int) -> str:
        """The tensor *name* as *kind*; cast once, wherever it is used."""
        if kind == (TensorProto.FLOAT16 if name in self._half else TensorProto.FLOAT):
            return name
        if (name, kind) not in self._cast:
            made = f"{name}_{'half' if kind == TensorProto.FLOAT16 else 'full'}"
            self._cast[name, kind] = made
            if name in self._weights:
                self._weights[made] = _weight(self._weights[name], made)
            else:
                self._nodes.append(helper.make_node("Cast", [name], [made], to=kind))
        return self._cast[name, kind]


def _has_samples(shape: onnx.TensorShapeProto) -> bool:
    """Whether it is a picture's, larger than one sample."""
    sizes = [each.dim_value for each in shape.dim]
    return len(sizes) == PICTURE_RANK and sizes[2:] != [1, 1]


def _weight(tensor: onnx.TensorProto, name: str) -> onnx.TensorProto:
    numbers = numpy_helper.to_array(tensor)
    largest = float(np.abs(numbers).max(initial=0.0))
    if not largest <= LARGEST:
        raise HalfError(f"{tensor.name} reaches {largest:.3g}, half floats {LARGEST:.0f}: "
                        "take fp32")  # fmt: skip
    return numpy_helper.from_array(numbers.astype(np.float16), name)

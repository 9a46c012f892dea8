"""What one node of a network costs, by its operator and the shapes about it.

Conventions:

* A multiply-add is one multiplication and one addition: two operations. Convolutions and matrix
  products have them; so have linear sampling and resizing, one for each sample that is weighed.
* Of everything else each element of the result is one operation (an ``Exp`` too: cards have units
  for it), of a reduction or a sum each element that goes in; of softmax and normalisation five.
* Bytes are what a node reads and writes once, weights too. Slices and samplings read what they
  take, not the whole they take it from. What is a view (a reshape) costs nothing.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import onnx
from onnx import TensorProto, helper

VIEWS: Final = frozenset({"Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity"})
PARTS: Final = frozenset({"Slice", "Split", "Gather", "Expand"})
"""They read as much as they give."""
MOVES: Final = PARTS | {"Concat", "Transpose", "Pad", "Tile", "DepthToSpace", "SpaceToDepth"}
"""They move numbers and calculate nothing."""
PRODUCTS: Final = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})
NORMS: Final = frozenset(
    {"Softmax", "InstanceNormalization", "LayerNormalization", "GroupNormalization",
     "BatchNormalization"}
)  # fmt: skip
REDUCTIONS: Final = frozenset(
    {"ReduceMax", "ReduceMin", "ReduceSum", "ReduceMean", "ReduceL2", "ReduceSumSquare", "CumSum",
     "GlobalAveragePool", "GlobalMaxPool"}
)  # fmt: skip
POOLS: Final = frozenset({"AveragePool", "MaxPool"})
NORM_OPERATIONS: Final = 5
TAPS: Final = {"linear": 4, "bilinear": 4, "cubic": 16, "bicubic": 16, "nearest": 0}
"""Samples that are weighed for one, in two dimensions."""


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor: its shape and its type."""

    shape: tuple[int, ...]
    kind: int
    """Of ``onnx.TensorProto``."""

    @property
    def count(self) -> int:
        """Elements."""
        return math.prod(self.shape)

    @property
    def size_bytes(self) -> int:
        """What it takes in memory."""
        return self.count * int(helper.tensor_dtype_to_np_dtype(self.kind).itemsize)


@dataclass(frozen=True, slots=True)
class Work:
    """One node's cost."""

    kind: str
    """The operator."""
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    multiply_adds: int = 0
    others: int = 0
    """Operations that are no multiply-adds."""
    read_bytes: int = 0
    written_bytes: int = 0
    product: tuple[int, int] = (0, 0)
    """Rows and columns of the result of a matrix product or convolution; (0, 0) of others."""
    half: bool = False
    """Whether its result is float16."""

    @property
    def operations(self) -> int:
        """Floating-point operations."""
        return 2 * self.multiply_adds + self.others

    @property
    def moved_bytes(self) -> int:
        """Read and written."""
        return self.read_bytes + self.written_bytes


def work_of(node: onnx.NodeProto, inputs: tuple[str, ...], values: Mapping[str, Value]) -> Work:
    """The cost of *node*, whose *inputs* that are given are among *values*, as its outputs are."""
    kind, outputs = node.op_type, tuple(name for name in node.output if name)
    if kind in VIEWS:
        return Work(kind, inputs, outputs)
    written = sum(values[name].size_bytes for name in outputs)
    read = sum(values[name].size_bytes for name in inputs)
    if kind in PARTS or kind == "GridSample":
        taken = sum(values[name].size_bytes for name in inputs[1:])
        read = min(read, written * _taps(node) + (taken if kind == "GridSample" else 0))
    multiply_adds, others, product = _operations(node, inputs, values)
    half = values[outputs[0]].kind == TensorProto.FLOAT16
    return Work(kind, inputs, outputs, multiply_adds, others, read, written, product, half)


def _operations(
    node: onnx.NodeProto, inputs: tuple[str, ...], values: Mapping[str, Value]
) -> tuple[int, int, tuple[int, int]]:
    """Multiply-adds, other operations, and the rows and columns of a product."""
    kind, given = node.op_type, [values[name] for name in inputs]
    result = values[node.output[0]]
    if kind in PRODUCTS:
        return _product(node, given, result)
    if kind in MOVES:
        return 0, 0, (0, 0)
    if kind in ("GridSample", "Resize"):
        return result.count * _taps(node), 0, (0, 0)
    if kind in NORMS:
        return 0, NORM_OPERATIONS * result.count, (0, 0)
    if kind in REDUCTIONS:
        return 0, given[0].count, (0, 0)
    if kind in POOLS:
        return 0, result.count * math.prod(_ints(node, "kernel_shape")), (0, 0)
    return 0, result.count, (0, 0)


def _product(
    node: onnx.NodeProto, given: Sequence[Value], result: Value
) -> tuple[int, int, tuple[int, int]]:
    """A bias is one operation for each element."""
    bias = result.count if len(given) > 2 else 0
    if node.op_type == "ConvTranspose":  # weights are (in, out / group, ...): seen from the input
        return given[0].count * math.prod(given[1].shape[1:]), bias, _as_matrix(result)
    if node.op_type == "Conv":  # (out, in / group, ...)
        return result.count * math.prod(given[1].shape[1:]), bias, _as_matrix(result)
    inner = given[0].shape[-1]
    if node.op_type == "Gemm" and any(a.name == "transA" and a.i for a in node.attribute):
        inner = given[0].shape[0]
    rows = result.count // result.shape[-1]
    return result.count * inner, bias, (rows, result.shape[-1])


def _as_matrix(picture: Value) -> tuple[int, int]:
    """A convolution as a matrix product: places by channels."""
    channels = picture.shape[1]
    return picture.count // channels, channels


def _taps(node: onnx.NodeProto) -> int:
    """How many samples it weighs for one; 1 if it does nothing of the kind."""
    if node.op_type not in ("GridSample", "Resize"):
        return 1
    usual = "linear" if node.op_type == "GridSample" else "nearest"
    modes = [a.s.decode() for a in node.attribute if a.name == "mode"]
    return TAPS[modes[0] if modes else usual]


def _ints(node: onnx.NodeProto, name: str) -> list[int]:
    return [int(n) for a in node.attribute if a.name == name for n in a.ints]

"""What a network costs, counted on its graph: multiply-adds, other operations, bytes moved.

    python -m kiosk.bench.operations engine/weights/motion.onnx --size steps=4

Shapes come from ONNX's own inference, with a size given to every named dimension; ``node_work``
says what is counted of a node. What depends on constants alone costs nothing.
"""

import argparse
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import onnx
from onnx import TensorProto, shape_inference

from kiosk.bench.node_work import Value, Work, work_of

Sizes = Mapping[str, int]
"""Sizes of named dimensions."""

CONSTANTS: Final = frozenset({"Constant", "Shape", "ConstantOfShape", "Range"})


class CountError(Exception):
    """A network cannot be counted; the message names the remedy."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A network, counted."""

    works: tuple[Work, ...]
    """Of the nodes that cost something or are views, in order."""
    values: Mapping[str, Value]
    constants: frozenset[str]
    """Values that are known before anything runs: weights, and what is made of them alone."""
    outputs: frozenset[str]
    parameters: int
    """Numbers of type float that the network was given."""

    @property
    def operations(self) -> int:
        """Floating-point operations of one pass."""
        return sum(work.operations for work in self.works)


def count(model: onnx.ModelProto, sizes: Sizes | None = None) -> Counted:
    """Count *model*.

    Args:
        model: any network.
        sizes: of every named dimension of its inputs.

    Raises:
        CountError: a size is missing, or a shape cannot be known before the network runs.
    """
    inferred = _inferred(model, sizes or {})
    values = _values(inferred)
    weights = {each.name: each for each in inferred.graph.initializer}
    constants = set(weights)
    works = []
    for node in inferred.graph.node:
        inputs = tuple(name for name in node.input if name)
        if node.op_type in CONSTANTS or all(name in constants for name in inputs):
            constants.update(node.output)
        else:
            works.append(work_of(node, inputs, values))
    floats = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16)
    return Counted(
        tuple(works), values, frozenset(constants),
        frozenset(each.name for each in inferred.graph.output),
        sum(math.prod(each.dims) for each in weights.values() if each.data_type in floats),
    )  # fmt: skip


def _inferred(model: onnx.ModelProto, sizes: Sizes) -> onnx.ModelProto:
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    for each in fixed.graph.input:
        for dimension in each.type.tensor_type.shape.dim:
            if dimension.HasField("dim_value"):
                continue
            if dimension.dim_param not in sizes:
                raise CountError(
                    f"the input {each.name} has any {dimension.dim_param or 'size'}: give one, "
                    f"such as --size {dimension.dim_param or 'batch'}=1"
                )
            dimension.dim_value = sizes[dimension.dim_param]
    for each in fixed.graph.output:  # named sizes of the outputs follow from the inputs'
        each.type.tensor_type.ClearField("shape")
    del fixed.graph.value_info[:]
    return shape_inference.infer_shapes(fixed, strict_mode=True, data_prop=True)


def _values(model: onnx.ModelProto) -> dict[str, Value]:
    out = {}
    graph = model.graph
    for each in (*graph.input, *graph.value_info, *graph.output):
        tensor = each.type.tensor_type
        dimensions = tensor.shape.dim
        if not tensor.HasField("shape") or not all(d.HasField("dim_value") for d in dimensions):
            raise CountError(
                f"the shape of {each.name} cannot be known before the network runs: "
                "export it with shapes that follow from its inputs'"
            )
        out[each.name] = Value(tuple(d.dim_value for d in dimensions), tensor.elem_type)
    out |= {each.name: Value(tuple(each.dims), each.data_type) for each in graph.initializer}
    missing = [o for node in graph.node for o in node.output if o and o not in out]
    if missing:
        raise CountError(f"the shape of {missing[0]} is not known: export the network with shapes")
    return out


def table(works: Iterable[Work]) -> list[str]:
    """Lines for people: the operators by their operations, then the sum."""
    rows: dict[str, list[float]] = {}
    for work in works:
        figures = (1, work.multiply_adds / 1e6, work.operations / 1e6, work.moved_bytes / 1e6)
        for name in (work.kind, "all"):
            row = rows.setdefault(name, [0.0] * len(figures))
            rows[name] = [a + b for a, b in zip(row, figures, strict=True)]
    total = rows.pop("all", [0.0] * 4)
    ordered = sorted(rows.items(), key=lambda item: (-item[1][2], -item[1][3]))
    lines = [f"{'operator':<24}{'nodes':>7}{'M multiply-adds':>18}{'M operations':>15}{'MB':>10}"]
    for name, (nodes, products, operations, megabytes) in [*ordered, ("all", total)]:
        lines.append(
            f"{name:<24}{nodes:>7.0f}{products:>18.3f}{operations:>15.3f}{megabytes:>10.3f}"
        )
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 0 done, 1 not."""
    parser = argparse.ArgumentParser(prog="python -m kiosk.bench.operations",
                                     description="Count what a network costs.")  # fmt: skip
    parser.add_argument("network", type=Path, help="an ONNX file")
    parser.add_argument("--size", action="append", default=[], metavar="NAME=N",
                        help="of a named dimension, such as batch=1")  # fmt: skip
    options = parser.parse_args(arguments)
    try:
        sizes = dict(_size(text) for text in options.size)
        counted = count(onnx.load(str(options.network)), sizes)
    except (OSError, ValueError, CountError) as error:
        sys.stderr.write(f"operations: {error}\n")
        return 1
    sys.stdout.write("\n".join([*table(counted.works), f"parameters: {counted.parameters}", ""]))
    return 0


def _size(text: str) -> tuple[str, int]:
    name, _, size = text.partition("=")
    if not (name and size.isdecimal() and int(size)):
        raise ValueError(f"--size {text!r}: give a dimension and its size, such as batch=1")
    return name, int(size)


if __name__ == "__main__":
    sys.exit(main())

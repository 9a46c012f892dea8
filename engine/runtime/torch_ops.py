"""ONNX operators as PyTorch has them: those that the project's networks use, opset 17.

Whole numbers that say how (axes, shapes, starts) come as tuples, and are never on the device.
Imported by ``torch_cuda`` alone, and only where PyTorch is wanted.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import torch
from torch.nn import functional

Attributes = Mapping[str, Any]
Operator = Callable[..., Any]
"""Takes the attributes and the inputs; None for an input that is left out."""

_END: Final = 2**31 - 1
KINDS: Final = {1: torch.float32, 2: torch.uint8, 6: torch.int32, 7: torch.int64, 9: torch.bool,
                10: torch.float16}  # fmt: skip
"""By ONNX's numbers of element types."""


def _plain(function: Callable[..., Any]) -> Operator:
    """An operator without attributes."""
    return lambda _, *inputs: function(*inputs)


def _folded(function: Callable[[Any, Any], Any]) -> Operator:
    """An operator of any number of inputs."""

    def run(_: Attributes, first: Any, *others: Any) -> Any:  # noqa: ANN401
        for each in others:
            first = function(first, each)
        return first

    return run


def _reshape(_: Attributes, x: Any, shape: tuple[int, ...]) -> Any:  # noqa: ANN401
    return x.reshape([x.shape[axis] if n == 0 else n for axis, n in enumerate(shape)])


def _slice(
    _: Attributes, x: Any, starts: tuple[int, ...], ends: tuple[int, ...],  # noqa: ANN401
    axes: tuple[int, ...] | None = None, steps: tuple[int, ...] | None = None,
) -> Any:  # noqa: ANN401  # fmt: skip
    axes = axes or tuple(range(len(starts)))
    index = [slice(None)] * x.dim()
    for axis, start, end, step in zip(axes, starts, ends, steps or (1,) * len(axes), strict=True):
        if step < 1:
            raise NotImplementedError("a slice backwards")
        index[axis] = slice(start, None if end >= _END else end, step)
    return x[tuple(index)]


def _reduced(function: Callable[..., Any]) -> Operator:
    def run(attributes: Attributes, x: Any, axes: tuple[int, ...] | None = None) -> Any:  # noqa: ANN401
        axes = axes or attributes.get("axes") or tuple(range(x.dim()))
        return function(x, dim=tuple(axes), keepdim=bool(attributes.get("keepdims", 1)))

    return run


def _conv(attributes: Attributes, x: Any, weight: Any, bias: Any = None) -> Any:  # noqa: ANN401
    pads = attributes.get("pads", (0, 0, 0, 0))
    half = len(pads) // 2
    if tuple(pads[:half]) != tuple(pads[half:]):
        x, pads = functional.pad(x, (pads[1], pads[3], pads[0], pads[2])), (0, 0)
    return functional.conv2d(
        x, weight, bias, tuple(attributes.get("strides", (1, 1))), tuple(pads[:2]),
        tuple(attributes.get("dilations", (1, 1))), attributes.get("group", 1),
    )  # fmt: skip


def _gemm(attributes: Attributes, a: Any, b: Any, c: Any = None) -> Any:  # noqa: ANN401
    a = a.t() if attributes.get("transA") else a
    b = b.t() if attributes.get("transB") else b
    product = attributes.get("alpha", 1.0) * (a @ b)
    return product if c is None else product + attributes.get("beta", 1.0) * c


def _resize(attributes: Attributes, x: Any, _: Any, scales: Any, sizes: Any = None) -> Any:  # noqa: ANN401
    mode = attributes.get("mode", "nearest")
    placed = attributes.get("coordinate_transformation_mode", "half_pixel")
    rounded = attributes.get("nearest_mode", "round_prefer_floor")
    size = sizes[2:] if sizes else [
        round(n * float(s)) for n, s in zip(x.shape[2:], scales.tolist()[2:], strict=True)
    ]  # fmt: skip
    if mode == "nearest" and (placed, rounded) == ("asymmetric", "floor"):
        return functional.interpolate(x, tuple(size), mode="nearest")
    if mode == "linear" and placed in ("half_pixel", "pytorch_half_pixel"):
        return functional.interpolate(x, tuple(size), mode="bilinear", align_corners=False)
    raise NotImplementedError(f"resizing {mode}, {placed}, {rounded}")


def _grid_sample(attributes: Attributes, x: Any, grid: Any) -> Any:  # noqa: ANN401
    return functional.grid_sample(
        x, grid.to(x.dtype), mode=attributes.get("mode", "bilinear"),
        padding_mode=attributes.get("padding_mode", "zeros"),
        align_corners=bool(attributes.get("align_corners", 0)),
    )  # fmt: skip


def _blocks(attributes: Attributes) -> int:
    if attributes.get("mode", "DCR") != "DCR":
        raise NotImplementedError(f"depth to space by {attributes['mode']}")
    return int(attributes["blocksize"])


def _depth_to_space(attributes: Attributes, x: Any) -> Any:  # noqa: ANN401
    by, (batch, depth, rows, columns) = _blocks(attributes), x.shape
    apart = x.reshape(batch, by, by, depth // by**2, rows, columns)
    return apart.permute(0, 3, 4, 1, 5, 2).reshape(batch, -1, rows * by, columns * by)


def _space_to_depth(attributes: Attributes, x: Any) -> Any:  # noqa: ANN401
    by, (batch, depth, rows, columns) = _blocks(attributes), x.shape
    apart = x.reshape(batch, depth, rows // by, by, columns // by, by)
    return apart.permute(0, 3, 5, 1, 2, 4).reshape(batch, -1, rows // by, columns // by)


def _average_pool(attributes: Attributes, x: Any) -> Any:  # noqa: ANN401
    if any(attributes.get("pads", ())):
        raise NotImplementedError("a padded average")
    strides = tuple(attributes.get("strides", (1, 1)))
    return functional.avg_pool2d(x, tuple(attributes["kernel_shape"]), strides)


def _clip(_: Attributes, x: Any, low: Any = None, high: Any = None) -> Any:  # noqa: ANN401
    return torch.clamp(x, low, high)


OPERATORS: Final[Mapping[str, Operator]] = {
    "Abs": _plain(torch.abs), "Add": _plain(torch.add), "And": _plain(torch.logical_and),
    "AveragePool": _average_pool,
    "Cast": lambda a, x: x.to(KINDS[a["to"]]), "Ceil": _plain(torch.ceil), "Clip": _clip,
    "Concat": lambda a, *x: torch.cat(x, a["axis"]), "Conv": _conv, "Cos": _plain(torch.cos),
    "CumSum": lambda _, x, axis: torch.cumsum(x, axis[0]),
    "DepthToSpace": _depth_to_space, "Div": _plain(torch.div),
    "Equal": _plain(torch.eq), "Exp": _plain(torch.exp), "Floor": _plain(torch.floor),
    "Gemm": _gemm, "Greater": _plain(torch.gt), "GreaterOrEqual": _plain(torch.ge),
    "GridSample": _grid_sample, "Identity": _plain(lambda x: x), "Less": _plain(torch.lt),
    "LessOrEqual": _plain(torch.le), "MatMul": _plain(torch.matmul),
    "Max": _folded(torch.maximum), "Min": _folded(torch.minimum), "Mul": _plain(torch.mul),
    "Neg": _plain(torch.neg), "Not": _plain(torch.logical_not), "Or": _plain(torch.logical_or),
    "Pow": _plain(torch.pow), "ReduceMax": _reduced(torch.amax), "ReduceMean": _reduced(torch.mean),
    "ReduceMin": _reduced(torch.amin), "ReduceSum": _reduced(torch.sum), "Relu": _plain(torch.relu),
    "Reshape": _reshape, "Resize": _resize, "Round": _plain(torch.round),
    "Sigmoid": _plain(torch.sigmoid), "Sin": _plain(torch.sin), "Slice": _slice,
    "SpaceToDepth": _space_to_depth,
    "Sqrt": _plain(torch.sqrt), "Sub": _plain(torch.sub), "Tanh": _plain(torch.tanh),
    "Transpose": lambda a, x: x.permute(*a["perm"]), "Where": _plain(torch.where),
}  # fmt: skip

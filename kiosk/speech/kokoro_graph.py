"""Rewrites the Kokoro model, once at set-up, so that it tells its timing and runs faster.

- The durations of the tokens become an output, and a new input bounds them: a long silence after a
  phrase need not be computed only to be cut off.
- On a processor without integer dot products (VNNI), the quantised convolutions become ordinary
  ones in two dimensions, for which ONNX Runtime has its fastest kernels.
"""

import collections
from pathlib import Path
from typing import Any, Final

DURATIONS_OUTPUT: Final = "durations"
"""Output, shape (1, tokens): how many 25 ms frames each token lasts."""

LIMITS_INPUT: Final = "most_frames"
"""Input, shape (1, tokens): how many frames each token may last."""

_PREDICTED: Final = "/encoder/Clip_output_0"
_FAST_INTEGERS: Final = frozenset({"avx512_vnni", "avx_vnni", "amx_int8", "asimddp", "i8mm"})
_SQUEEZED_AXIS: Final = "convolution_height_axis"


def has_fast_integers(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether this processor multiplies 8-bit integers faster than floats.

    Where that cannot be found out, it is taken for one that does: the model stays small.
    """
    try:
        words = frozenset(cpuinfo.read_text(encoding="ascii", errors="ignore").split())
    except OSError:
        return True
    return bool(words & _FAST_INTEGERS)


def rewritten(model: bytes, *, float_convolutions: bool) -> bytes:
    """The serialised *model* with bounded durations and, if asked for, float convolutions.

    Raises:
        ValueError: this is not the model that is known.
    """
    import onnx

    proto = onnx.load_model_from_string(model)
    try:
        _bound_durations(proto.graph)
        if float_convolutions:
            _Convolutions(proto.graph).replace()
    except (KeyError, IndexError, StopIteration) as error:
        raise ValueError(f"the voice model is not the one that is known: {error!r}") from error
    serialised: bytes = proto.SerializeToString()
    return serialised


def _bound_durations(graph: Any) -> None:  # noqa: ANN401 -- onnx.GraphProto, whose types are dynamic
    from onnx import TensorProto, helper

    place = next(i for i, node in enumerate(graph.node) if _PREDICTED in node.output)
    for node in graph.node:
        for index, name in enumerate(node.input):
            if name == _PREDICTED:
                node.input[index] = DURATIONS_OUTPUT
    bound = helper.make_node("Min", [_PREDICTED, LIMITS_INPUT], [DURATIONS_OUTPUT])
    graph.node.insert(place + 1, bound)
    shape: list[str | int | None] = [1, "sequence_length"]
    graph.input.append(helper.make_tensor_value_info(LIMITS_INPUT, TensorProto.FLOAT, shape))
    graph.output.append(helper.make_tensor_value_info(DURATIONS_OUTPUT, TensorProto.FLOAT, shape))


class _Convolutions:
    """Replaces each ``ConvInteger`` and what dequantises it with one float ``Conv``.

    The quantiser left ``x → DynamicQuantizeLinear → ConvInteger (→ Add bias) → Cast → Mul scale``.
    """

    def __init__(self, graph: Any) -> None:  # noqa: ANN401
        self._graph = graph
        self._constants = {tensor.name: tensor for tensor in graph.initializer}
        self._maker = {name: node for node in graph.node for name in node.output}
        self._users: dict[str, list[Any]] = collections.defaultdict(list)
        for node in graph.node:
            for name in node.input:
                self._users[name].append(node)

    def replace(self) -> None:
        """Rewrite the graph in place."""
        import numpy as np
        from onnx import numpy_helper

        axis = numpy_helper.from_array(np.array([2], np.int64), _SQUEEZED_AXIS)
        self._graph.initializer.append(axis)
        replaced: dict[str, list[Any]] = {}  # by the name of the value that they give
        for node in self._graph.node:
            if node.op_type == "ConvInteger":
                result, nodes = self._converted(node)
                replaced[result] = nodes
        kept: list[Any] = []
        for node in self._graph.node:
            kept += replaced.get(node.output[0], [node])
        self._keep_used(kept)

    def _converted(self, node: Any) -> tuple[str, list[Any]]:  # noqa: ANN401
        """The value that the float nodes give in place of the dequantised one, and the nodes."""
        from onnx import helper

        source = self._maker[node.input[0]].input[0]
        bias, after = [], self._users[node.output[0]][0]
        if after.op_type == "Add":
            bias = [after.name.removesuffix("_quantizedbias_add")]
            self._constants[bias[0]]  # a KeyError if it is named otherwise
            after = self._users[after.output[0]][0]
        result = self._users[after.output[0]][0].output[0]
        flat = {item.name: helper.get_attribute_value(item) for item in node.attribute}
        attributes = {
            "dilations": [1, *flat["dilations"]],
            "group": flat["group"],
            "kernel_shape": [1, *flat["kernel_shape"]],
            "pads": [0, flat["pads"][0], 0, flat["pads"][1]],
            "strides": [1, *flat["strides"]],
        }
        tall, wide = f"{node.name}_in", f"{node.name}_out"
        inputs = [tall, self._weights(node), *bias]
        return result, [
            helper.make_node("Unsqueeze", [source, _SQUEEZED_AXIS], [tall]),
            helper.make_node("Conv", inputs, [wide], node.name, **attributes),
            helper.make_node("Squeeze", [wide, _SQUEEZED_AXIS], [result]),
        ]

    def _weights(self, node: Any) -> str:  # noqa: ANN401
        """The name of the dequantised weights, shape (out, in, 1, width)."""
        import numpy as np
        from onnx import numpy_helper

        names = (node.input[1], node.input[3], node.input[1].removesuffix("_quantized") + "_scale")
        weights, zero, scale = (
            numpy_helper.to_array(self._constants[name]).astype(np.float32) for name in names
        )
        name = f"{node.name}_weights"
        floats = np.ascontiguousarray(((weights - zero) * scale)[:, :, None])
        self._graph.initializer.append(numpy_helper.from_array(floats, name))
        return name

    def _keep_used(self, nodes: list[Any]) -> None:
        """Put *nodes* into the graph, without those whose results nobody reads."""
        needed = {output.name for output in self._graph.output}
        kept: list[Any] = []
        for node in reversed(nodes):  # they stand in order: users come after makers
            if needed & set(node.output):
                kept.append(node)
                needed.update(node.input)
        constants = [tensor for tensor in self._graph.initializer if tensor.name in needed]
        del self._graph.node[:]
        self._graph.node.extend(reversed(kept))
        del self._graph.initializer[:]
        self._graph.initializer.extend(constants)

"""Rewrites the Kokoro model, once at set-up, so that it tells its timing and runs faster.

- The durations of the tokens become an output, and a new input bounds them: a long silence after a
  phrase need not be computed only to be cut off.
- A new input moves the melody: the F0 that the network predicted is shifted, and scaled about its
  mean, before the decoder hears it, so that the voice is still one that the decoder knows.
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

PITCH_INPUT: Final = "pitch"
"""Input, shape (2,): the factor of F0, and the exponent about its mean less one; (1, 0): as is."""

_PREDICTED: Final = "/encoder/Clip_output_0"
_MELODY: Final = "/encoder/Reshape_output_0"
_MOVED_MELODY: Final = "moved_melody"
_VOICED_HZ: Final = 10.0
"""The decoder's own bound: below it, it does not hear F0 as voice."""

_SUNG_HZ: Final = 50.0
"""No voice is lower: frames below it are on their way to silence and do not count for the mean."""

_MOST_EXCURSION: Final = 2.0
"""An octave about the mean: frames between voice and silence are no part of the melody."""
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
    """The serialised *model* with bounded durations, a melody that can be moved
    and, if asked for, float convolutions.

    Raises:
        ValueError: this is not the model that is known.
    """
    import onnx

    proto = onnx.load_model_from_string(model)
    try:
        _bound_durations(proto.graph)
        _move_melody(proto.graph)
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


def _move_melody(graph: Any) -> None:  # noqa: ANN401
    """Multiply the voiced frames of F0 by ``factor * (F0 / mean) ** exponent``.

    The mean is that of the logarithm. With a factor of 1 and an exponent of 0, every frame is
    multiplied by exactly 1.
    """
    from onnx import TensorProto, helper, numpy_helper

    place = next(i for i, node in enumerate(graph.node) if _MELODY in node.output)
    for node in graph.node:
        for index, name in enumerate(node.input):
            if name == _MELODY:
                node.input[index] = _MOVED_MELODY
    for offset, node in enumerate(_melody_nodes(), place + 1):
        graph.node.insert(offset, node)
    for name, value in _melody_constants().items():
        graph.initializer.append(numpy_helper.from_array(value, name))
    graph.input.append(helper.make_tensor_value_info(PITCH_INPUT, TensorProto.FLOAT, [2]))


def _melody_nodes() -> list[Any]:
    from onnx import TensorProto, helper

    def node(operator: str, inputs: str, output: str, **attributes: int) -> Any:  # noqa: ANN401
        named = [name if name.startswith("/") else f"melody_{name}" for name in inputs.split()]
        outputs = [output if output == _MOVED_MELODY else f"melody_{output}"]
        return helper.make_node(operator, named, outputs, **attributes)

    return [
        helper.make_node("Gather", [PITCH_INPUT, "melody_first"], ["melody_factor"]),
        helper.make_node("Gather", [PITCH_INPUT, "melody_second"], ["melody_exponent"]),
        node("Greater", f"{_MELODY} bound", "voiced"),
        node("Max", f"{_MELODY} bound", "bounded"),
        node("Log", "bounded", "log"),
        node("Greater", f"{_MELODY} lowest_voice", "sung"),
        node("Cast", "sung", "weights", to=TensorProto.FLOAT),
        node("Mul", "log weights", "weighted"),
        node("ReduceSum", "weighted", "log_sum", keepdims=0),
        node("ReduceSum", "weights", "sung_frames", keepdims=0),
        node("Max", "sung_frames one", "count"),
        node("Div", "log_sum count", "mean_log"),
        node("Exp", "mean_log", "mean"),
        node("Div", "bounded mean", "relative"),
        node("Clip", "relative lowest highest", "excursion"),
        node("Pow", "excursion exponent", "stretch"),
        node("Mul", "stretch factor", "all_factors"),
        node("Where", "voiced all_factors one", "factors"),
        node("Mul", f"{_MELODY} factors", _MOVED_MELODY),
    ]


def _melody_constants() -> dict[str, Any]:
    import numpy as np

    return {
        "melody_first": np.array(0, np.int64),
        "melody_second": np.array(1, np.int64),
        "melody_bound": np.array(_VOICED_HZ, np.float32),
        "melody_lowest_voice": np.array(_SUNG_HZ, np.float32),
        "melody_one": np.array(1.0, np.float32),
        "melody_lowest": np.array(1.0 / _MOST_EXCURSION, np.float32),
        "melody_highest": np.array(_MOST_EXCURSION, np.float32),
    }


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

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from kiosk.speech import kokoro_graph
from kiosk.speech.kokoro_graph import has_fast_integers, rewritten

CHANNELS, WIDTH, LENGTH = 3, 5, 40


def quantised_model(*, bias: bool) -> bytes:
    """A convolution as the quantiser leaves it, beside a node that predicts durations."""
    random = np.random.default_rng(3)
    scale = np.float32(0.01)
    constants = {
        "w_quantized": random.integers(0, 255, (2, CHANNELS, WIDTH)).astype(np.uint8),
        "w_zero": np.uint8(120),
        "w_scale": scale,
        "conv.bias": np.array([0.5, -0.25], np.float32),
        "shape": np.array([1, -1, 1], np.int64),
        "low": np.float32(0),
    }
    conv: dict[str, Any] = {
        "kernel_shape": [WIDTH],
        "pads": [2, 2],
        "strides": [1],
        "dilations": [1],
        "group": 1,
    }
    node = helper.make_node
    nodes = [
        node("Clip", ["frames", "low"], ["/encoder/Clip_output_0"]),
        node("Identity", ["/encoder/Clip_output_0"], ["used"]),
        node("Identity", ["f0"], ["/encoder/Reshape_output_0"]),
        node("Identity", ["/encoder/Reshape_output_0"], ["melody"]),
        node("DynamicQuantizeLinear", ["x"], ["xq", "xs", "xz"]),
        node("ConvInteger", ["xq", "w_quantized", "xz", "w_zero"], ["sum"], "conv_quant", **conv),
        node("Mul", ["xs", "w_scale"], ["scale"]),
    ]
    total = "sum"
    if bias:
        total = "with_bias"
        nodes += [
            node("Div", ["conv.bias", "scale"], ["bias_floats"]),
            node("Floor", ["bias_floats"], ["bias_floor"]),
            node("Cast", ["bias_floor"], ["bias_integers"], to=TensorProto.INT32),
            node("Reshape", ["bias_integers", "shape"], ["bias_shaped"]),
            node("Add", ["sum", "bias_shaped"], [total], "conv.bias_quantizedbias_add"),
        ]
    nodes += [
        node("Cast", [total], ["floats"], to=TensorProto.FLOAT),
        node("Mul", ["floats", "scale"], ["y"]),
    ]
    info = helper.make_tensor_value_info
    given = [info(name, 1, [1, None]) for name in ("frames", "f0")]
    graph = helper.make_graph(
        nodes,
        "test",
        [info("x", 1, [1, CHANNELS, LENGTH]), *given],
        [info("y", 1, [1, 2, LENGTH]), info("used", 1, [1, None]), info("melody", 1, [1, None])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    model: bytes = helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()
    return model


F0 = np.array([[0.0, -3.0, 30.0, 200.0, 220.0, 180.0, 199.9, 4.0]], np.float32)
AS_IS = np.array([1.0, 0.0], np.float32)


def run(model: bytes, **limits: np.ndarray) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    x = np.random.default_rng(4).standard_normal((1, CHANNELS, LENGTH)).astype(np.float32)
    frames = np.array([[18.0, 2.0, 9.0]], np.float32)
    found: list[np.ndarray] = session.run(None, {"x": x, "frames": frames, "f0": F0, **limits})
    return found


@pytest.mark.parametrize("bias", [True, False])
def test_float_convolutions_give_the_same_but_for_rounding(bias: bool) -> None:
    model = quantised_model(bias=bias)
    limits = np.full((1, 3), np.inf, np.float32)
    floats = rewritten(model, float_convolutions=True)
    integers, changed = run(model)[0], run(floats, most_frames=limits, pitch=AS_IS)[0]
    assert np.abs(integers - changed).max() < 0.02 * np.abs(integers).max()
    operators = {node.op_type for node in onnx.load_model_from_string(floats).graph.node}
    assert {"Unsqueeze", "Conv", "Squeeze"} < operators
    assert not {"ConvInteger", "DynamicQuantizeLinear", "Floor"} & operators


def test_durations_are_bounded_and_told() -> None:
    model = rewritten(quantised_model(bias=True), float_convolutions=False)
    limits = np.array([[6.0, np.inf, 4.0]], np.float32)
    _, used, _, durations = run(model, most_frames=limits, pitch=AS_IS)
    assert used.tolist() == durations.tolist() == [[6.0, 2.0, 4.0]]


def moved(factor: float, exponent: float) -> np.ndarray:
    model = rewritten(quantised_model(bias=True), float_convolutions=False)
    pitch = np.array([factor, exponent], np.float32)
    return run(model, most_frames=np.full((1, 3), np.inf, np.float32), pitch=pitch)[2]


def test_a_melody_left_as_it_is_is_the_same_to_the_last_bit() -> None:
    assert np.array_equal(moved(1.0, 0.0), F0)


def test_a_shift_is_the_same_interval_for_all_that_is_voiced() -> None:
    higher = moved(1.25, 0.0)
    voiced = F0 > 10.0
    assert higher[voiced] == pytest.approx(1.25 * F0[voiced])
    assert np.array_equal(higher[~voiced], F0[~voiced]), "the bounds of voice stay where they are"


@pytest.mark.parametrize("pitch_range", [0.5, 1.5])
def test_the_melody_is_scaled_about_its_mean(pitch_range: float) -> None:
    sung = F0 > 50.0
    before, after = np.log(F0[sung]), np.log(moved(1.0, pitch_range - 1.0)[sung])
    assert after.mean() == pytest.approx(before.mean(), abs=1e-5)
    expected = before.mean() + pitch_range * (before - before.mean())
    assert after == pytest.approx(expected, abs=1e-5)


def test_a_phrase_without_voice_has_no_melody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "F0", np.array([[0.0, 2.0, 9.0]], np.float32))
    assert np.array_equal(moved(1.25, -0.5), F0)


@pytest.mark.parametrize("missing", ["_PREDICTED", "_MELODY"])
def test_another_model_is_refused(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setattr(kokoro_graph, missing, "elsewhere")
    with pytest.raises(ValueError, match="not the one"):
        rewritten(quantised_model(bias=True), float_convolutions=True)


@pytest.mark.parametrize(("flags", "fast"), [("avx2 avx512_vnni", True), ("avx2 avx512f", False)])
def test_the_processor_is_asked(tmp_path: Path, flags: str, fast: bool) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"flags : fpu {flags}\n")
    assert has_fast_integers(cpuinfo) is fast
    assert has_fast_integers(tmp_path / "none")

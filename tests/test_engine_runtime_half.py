"""Half floats: nearly the same answer, and the types where they belong."""

import numpy as np
import onnx
import pytest

from engine.runtime import tensorrt
from engine.runtime.half import HalfError, halved
from engine.runtime.onnx import OnnxRunner
from engine.runtime.tape import FLOAT32, Tape
from tests.tiny_refiner import refiner, refiner_tensors


def test_the_answer_is_nearly_the_same_and_not_the_same() -> None:
    given = refiner_tensors()
    full = OnnxRunner(refiner()).run(given)["clean"]
    half = OnnxRunner(halved(refiner())).run(given)["clean"]
    assert half.dtype == np.float32
    off = np.abs(half - full).max()
    assert 0 < off < 0.005 * np.abs(full).max()


def test_pictures_are_half_and_what_steers_them_is_full() -> None:
    network = refiner()
    model = onnx.shape_inference.infer_shapes(onnx.load_from_string(halved(network)))
    kinds = {v.name: v.type.tensor_type.elem_type for v in model.graph.value_info}
    kinds |= {each.name: each.data_type for each in model.graph.initializer}
    convolved = []
    for node in model.graph.node:
        if node.op_type == "Conv":
            convolved.append({kinds[name] for name in (*node.input, *node.output)})
        if node.op_type == "Cos":
            assert {kinds[name] for name in node.output} == {1}
    assert convolved == [{1}, {10}, {10}, {10}]  # the first is of what a time and coefficients say
    assert {i.type.tensor_type.elem_type for i in model.graph.input} == {1}
    assert OnnxRunner(halved(network)).metadata == OnnxRunner(network).metadata
    assert len(halved(network)) < 0.75 * len(network)


def test_an_output_that_is_read_inside_too_is_both() -> None:
    tape = Tape()
    one = tape.input("a", ["n", 1, 2, 2]) * 3.0
    tape.output("b", one, ["n", 1, 2, 2], FLOAT32)
    model = onnx.load_from_string(tape.model("piece", {}).SerializeToString())
    model.graph.node.append(onnx.helper.make_node("Exp", ["b"], ["c"]))
    model.graph.output.append(
        onnx.helper.make_tensor_value_info("c", onnx.TensorProto.FLOAT, ["n", 1, 2, 2])
    )
    given = {"a": np.ones((1, 1, 2, 2), np.float32)}
    answer = OnnxRunner(halved(model.SerializeToString())).run(given)
    assert np.all(answer["b"] == 3)
    assert np.allclose(answer["c"], np.exp(3), rtol=1e-6)  # in full floats


def test_what_cannot_be_halved_is_told() -> None:
    with pytest.raises(HalfError, match="half floats already"):
        halved(halved(refiner()))
    tape = Tape()
    tape.output("b", tape.input("a", ["n", 1, 2, 2]) * 1e6, ["n", 1, 2, 2], FLOAT32)
    with pytest.raises(HalfError, match=r"reaches 1e\+06, half floats 65504: take fp32"):
        halved(tape.model("piece", {}).SerializeToString())


@pytest.mark.parametrize("capability", ["7.5", "8.6"])
def test_tensorrt_takes_it(capability: str) -> None:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT is not installed: the extra gpu")
    plan = tensorrt.build(halved(refiner()), {"batch": (1, 1, 8)}, capability)
    assert len(plan) > 10_000

"""Arithmetic that becomes a network."""

import numpy as np
import onnx
import pytest

from engine.runtime.onnx import OnnxRunner
from engine.runtime.tape import END, FLOAT16, FLOAT32, UINT8, Tape, Tensor, join, smooth
from tests.graph_utils import run


def test_operators_compute_what_numpy_does() -> None:
    tape = Tape()
    a, b = tape.input("a", ["n", 3]), tape.input("b", ["n", 3])
    got = run(
        tape, given := {
            "a": np.array([[1, -2, 0.5], [4, 5, -6]], np.float32),
            "b": np.array([[2, 2, 2], [-1, 3, 0.25]], np.float32),
        }, 2,
        sums=a + b * 2.0 - 1.0, ratio=1.0 / b, rest=1.0 - a, held=a.within(-1.0, 2.0),
        chosen=((a > b) & (a >= 4.0)).where(a, b), smaller=(a < b).where(a, 0.0),
        part=a.part(1, 1, END), joined=join(0, a, b), round=(a * 0.5).unary("Round"),
        most=a.over("ReduceMax", 1), flat=a.reshape(-1, 1),
        even=smooth(a * 0.25), some=(a <= b).to(FLOAT32),
    )  # fmt: skip
    x, y = given["a"], given["b"]
    t = np.clip(x * 0.25, 0, 1)
    want = {
        "sums": x + 2 * y - 1, "ratio": 1 / y, "rest": 1 - x, "held": np.clip(x, -1, 2),
        "chosen": np.where((x > y) & (x >= 4), x, y), "smaller": np.where(x < y, x, 0),
        "part": x[:, 1:], "joined": np.vstack([x, y]), "round": np.round(x * 0.5),
        "most": x.max(1, keepdims=True), "flat": x.reshape(-1, 1),
        "even": t * t * (3 - 2 * t), "some": x <= y,
    }  # fmt: skip
    for name, value in want.items():
        np.testing.assert_allclose(got[name], value, rtol=1e-6, err_msg=name)


def test_two_types_are_refused_while_it_is_written() -> None:
    tape = Tape()
    one, half = tape.input("one", [1]), tape.input("half", [1], FLOAT16)
    with pytest.raises(TypeError, match=r"float32 and float16: cast one with Tensor\.to"):
        one + half
    assert (one.to(FLOAT16) + half).kind == FLOAT16


def test_equal_constants_are_kept_once() -> None:
    tape = Tape()
    a = tape.input("a", [1])
    tape.output("b", a * 2.0 + 2.0 - 2.0, [1], FLOAT32)
    assert len(tape.model("piece", {}).graph.initializer) == 1


def test_bytes_come_out_of_one_cast_and_metadata_with_them() -> None:
    tape = Tape()
    tape.output("b", tape.input("a", [2]), [2], UINT8)
    model = tape.model("piece", {"width": "2"})
    assert [node.op_type for node in model.graph.node] == ["Cast"]
    runner = OnnxRunner(model.SerializeToString())
    assert runner.metadata["width"] == "2"
    got = runner.run({"a": np.array([3, 250], np.float32)})["b"]
    assert got.dtype == np.uint8
    assert got.tolist() == [3, 250]


def piece(factor: float, kind: str = FLOAT32) -> onnx.ModelProto:
    """a, times (factor, 1), held below nine; one of its inputs is left out."""
    tape = Tape()
    a = tape.input("a", ["n", 2], kind)
    none = Tensor(tape, "", FLOAT32)
    held = tape.op("Clip", a * np.array([factor, 1.0]), none, tape.constant(9.0, kind))
    tape.output("b", held, ["n", 2], kind)
    return tape.model("piece", {})


def test_a_whole_network_can_be_added_again_and_again_with_weights_once() -> None:
    tape = Tape()
    value = tape.input("a", ["n", 2])  # of the same name as the piece's own
    for _ in range(3):
        value = tape.inline(piece(2.0), {"a": value + 0.5})["b"]
    tape.output("out", value, ["n", 2], FLOAT32)
    model = tape.model("whole", {})
    got = OnnxRunner(model.SerializeToString()).run({"a": np.array([[1, 2]], np.float32)})["out"]
    # Two times and a half three times over, held below nine.
    assert got.tolist() == [[9.0, 3.5]]
    assert len(model.graph.initializer) == 3


def test_what_is_added_keeps_to_its_types_and_opset() -> None:
    tape = Tape()
    one, half = tape.input("one", ["n", 2]), tape.input("half", ["n", 2], FLOAT16)
    with pytest.raises(TypeError, match=r"a is float16: cast it with Tensor\.to"):
        tape.inline(piece(2.0), {"a": half})
    assert tape.inline(piece(2.0, FLOAT16), {"a": one.to(FLOAT16)})["b"].kind == FLOAT16
    old = piece(2.0)
    old.opset_import[0].version = 11
    with pytest.raises(ValueError, match="not of opset 17: export it again"):
        tape.inline(old, {"a": one})

"""Whole networks counted: sizes given, constants folded, tables printed."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from engine.runtime.tape import FLOAT32, Tape
from kiosk.bench import operations
from kiosk.bench.node_work import Work
from kiosk.bench.operations import CountError, count, table


def network() -> onnx.ModelProto:
    """(batch, 3, 8, 8) through a convolution of weights halved beforehand, and a sum."""
    tape = Tape()
    x = tape.input("x", ["batch", 3, 8, 8])
    halved = tape.constant(np.ones((5, 3, 1, 1)), FLOAT32) * 0.5
    tape.output("y", tape.op("Conv", x, halved) + 1.0, ["batch", 5, 8, 8], FLOAT32)
    return tape.model("small", {})


def test_a_batch_multiplies_the_work_but_not_the_weights() -> None:
    one, four = count(network(), {"batch": 1}), count(network(), {"batch": 4})
    assert four.operations == 4 * one.operations
    assert one.operations == (2 * 3 * 5 + 5 + 5) * 64  # the convolution, the sum, the cast
    conv = [each.works[0] for each in (one, four)]
    pictures = 4 * (3 + 5) * 64
    assert [work.moved_bytes - n * pictures for work, n in zip(conv, (1, 4), strict=True)] == [
        60,
        60,
    ]


def test_what_depends_on_constants_alone_costs_nothing() -> None:
    counted = count(network(), {"batch": 1})
    assert [work.kind for work in counted.works] == ["Conv", "Add", "Cast"]
    assert counted.works[0].inputs[1] in counted.constants
    assert counted.parameters == 15 + 1 + 1  # the two numbers of the sum and the product


def test_a_size_that_is_missing_is_named() -> None:
    with pytest.raises(CountError, match="--size batch=1"):
        count(network())


def test_a_shape_that_only_running_tells_is_refused() -> None:
    tape = Tape()
    found = tape.op("NonZero", tape.input("x", [4]), kind="int64")
    tape.output("y", found, ["some", "more"], FLOAT32)
    with pytest.raises(CountError, match="cannot be known"):
        count(tape.model("unknown", {}))


def test_the_table_sums_operators() -> None:
    works = [Work("Add", (), (), 0, 3_000_000), Work("Add", (), (), 0, 1_000_000),
             Work("Conv", (), (), 5_000_000, 0, 2_000_000, 1_000_000)]  # fmt: skip
    lines = [line.split() for line in table(works)]
    assert lines[1:] == [
        ["Conv", "1", "5.000", "10.000", "3.000"],
        ["Add", "2", "0.000", "4.000", "0.000"],
        ["all", "3", "5.000", "14.000", "3.000"],
    ]
    assert table([])[1].split() == ["all", "0", "0.000", "0.000", "0.000"]


def test_the_command_prints_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "small.onnx"
    onnx.save(network(), str(path))
    assert operations.main([str(path), "--size", "batch=2"]) == 0
    shown = capsys.readouterr().out
    assert "Conv" in shown and shown.endswith("parameters: 17\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["none.onnx"], "none.onnx"), (["{}", "--size", "batch"], "batch=1"), (["{}"], "batch=1"),
     (["{}", "--size", "batch=0"], "batch=1")],
)  # fmt: skip
def test_the_command_names_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    path = tmp_path / "small.onnx"
    onnx.save(network(), str(path))
    assert operations.main([each.format(path) for each in arguments]) == 1
    assert said in capsys.readouterr().err

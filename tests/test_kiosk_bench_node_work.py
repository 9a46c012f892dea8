"""Each operator's cost, worked out by hand."""

import numpy as np
import pytest

from engine.runtime.tape import FLOAT16, Tape, Tensor
from kiosk.bench.node_work import Work
from kiosk.bench.operations import count


def last(tape: Tape, result: Tensor, rank: int = 4, sizes: dict[str, int] | None = None) -> Work:
    """The cost of the node that made *result*."""
    tape.output("result", result, [f"n{k}" for k in range(rank)], "float32")
    return count(tape.model("piece", {}), sizes).works[-2]  # the last is the output's cast


def weights(tape: Tape, *shape: int, kind: str = "float32") -> Tensor:
    return tape.constant(np.zeros(shape), kind)


def test_a_convolution_multiplies_and_adds_for_each_result() -> None:
    tape = Tape()
    x, w, bias = tape.input("x", [2, 3, 8, 8]), weights(tape, 5, 3, 3, 3), weights(tape, 5)
    work = last(tape, tape.op("Conv", x, w, bias, pads=[1, 1, 1, 1], strides=[2, 2]))
    results = 2 * 5 * 4 * 4
    assert work.multiply_adds == results * 3 * 3 * 3
    assert work.others == results  # the bias
    assert work.operations == 2 * work.multiply_adds + results
    assert work.product == (2 * 4 * 4, 5)
    assert work.read_bytes == 4 * (2 * 3 * 8 * 8 + 5 * 3 * 3 * 3 + 5)
    assert work.written_bytes == 4 * results
    assert not work.half


def test_groups_divide_a_convolutions_work() -> None:
    tape = Tape()
    x, w = tape.input("x", [1, 4, 6, 6]), weights(tape, 4, 1, 3, 3)
    work = last(tape, tape.op("Conv", x, w, pads=[1, 1, 1, 1], group=4))
    assert work.multiply_adds == 4 * 6 * 6 * 9


def test_a_transposed_convolution_is_counted_from_its_input() -> None:
    tape = Tape()
    x, w = tape.input("x", [1, 6, 4, 4]), weights(tape, 6, 5, 2, 2)
    work = last(tape, tape.op("ConvTranspose", x, w, strides=[2, 2]))
    assert work.multiply_adds == 6 * 4 * 4 * 5 * 2 * 2
    assert work.product == (8 * 8, 5)


@pytest.mark.parametrize(("name", "shape"), [("Gemm", (7, 3)), ("MatMul", (2, 7, 3))])
def test_a_matrix_product(name: str, shape: tuple[int, ...]) -> None:
    tape = Tape()
    work = last(tape, tape.op(name, tape.input("x", shape), weights(tape, 3, 11)), len(shape))
    rows = int(np.prod(shape[:-1]))
    assert work.multiply_adds == rows * 3 * 11
    assert work.product == (rows, 11)


def test_half_precision_moves_half_the_bytes() -> None:
    tape = Tape()
    x = tape.input("x", [1, 3, 8, 8], FLOAT16)
    work = last(tape, tape.op("Conv", x, weights(tape, 5, 3, 1, 1, kind=FLOAT16)))
    assert work.half
    assert work.moved_bytes == 2 * (3 * 64 + 15 + 5 * 64)


def test_elementwise_work_is_one_operation_for_each_result() -> None:
    tape = Tape()
    work = last(tape, tape.input("x", [2, 3, 4, 5]) * tape.input("y", [1, 3, 1, 1]))
    assert (work.operations, work.multiply_adds) == (120, 0)
    assert work.moved_bytes == 4 * (120 + 3 + 120)


def test_sampling_weighs_four_and_reads_what_it_takes() -> None:
    tape = Tape()
    x, grid = tape.input("x", [1, 2, 512, 512]), tape.input("grid", [1, 4, 4, 2])
    work = last(tape, tape.op("GridSample", x, grid))
    results = 2 * 4 * 4
    assert work.multiply_adds == 4 * results
    assert work.read_bytes == 4 * (4 * results + 4 * 4 * 2)
    nearest = Tape()
    x, grid = nearest.input("x", [1, 2, 512, 512]), nearest.input("grid", [1, 4, 4, 2])
    assert last(nearest, nearest.op("GridSample", x, grid, mode="nearest")).multiply_adds == 0


def test_resizing_linearly_weighs_four_and_by_the_nearest_none() -> None:
    for mode, taps in (("linear", 4), ("nearest", 0)):
        tape = Tape()
        x, none = tape.input("x", [1, 2, 4, 4]), weights(tape, 0)
        work = last(tape, tape.op("Resize", x, none, tape.constant([1, 1, 2, 2], "float32"),
                                  mode=mode))  # fmt: skip
        assert work.multiply_adds == taps * 2 * 8 * 8


def test_a_reduction_counts_what_goes_in_and_a_pool_its_window() -> None:
    tape = Tape()
    assert last(tape, tape.input("x", [1, 2, 8, 8]).over("ReduceMax", 1)).operations == 128
    tape = Tape()
    pooled = tape.op("AveragePool", tape.input("x", [1, 2, 8, 8]), kernel_shape=[2, 2],
                     strides=[2, 2])  # fmt: skip
    assert last(tape, pooled).operations == 2 * 4 * 4 * 4


def test_softmax_is_five_operations_for_each_result() -> None:
    tape = Tape()
    assert last(tape, tape.op("Softmax", tape.input("x", [1, 2, 3, 4]))).operations == 5 * 24


def test_a_part_is_moved_and_a_view_costs_nothing() -> None:
    tape = Tape()
    work = last(tape, tape.input("x", [1, 8, 4, 4]).part(1, 0, 2))
    assert (work.operations, work.moved_bytes) == (0, 2 * 4 * 2 * 16)
    tape = Tape()
    work = last(tape, tape.input("x", [1, 8, 4, 4]).reshape(1, 4, 8, 4))
    assert (work.operations, work.moved_bytes) == (0, 0)

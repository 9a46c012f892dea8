"""Which nodes run together, and what crosses a kernel's edge."""

import numpy as np

from engine.runtime.tape import FLOAT32, Tape, Tensor, smooth
from engine.synthesis.graph import build
from engine.synthesis.graph_layout import ranges
from engine.synthesis.synthesizer import OutputFormat
from kiosk.bench.kernels import Kernel, fused, unfused
from kiosk.bench.operations import count

CELLS = 4 * 6 * 6
"""Elements of the pictures here."""


def joined(tape: Tape, result: Tensor, channels: int = 4) -> list[Kernel]:
    tape.output("result", result, [1, channels, 6, 6], FLOAT32)
    return fused(count(tape.model("piece", {})))


def picture(tape: Tape, name: str = "x") -> Tensor:
    return tape.input(name, [1, 4, 6, 6])


def kinds(kernels: list[Kernel]) -> list[list[str]]:
    return [[work.kind for work in kernel.works] for kernel in kernels]


def test_elementwise_nodes_run_as_one_even_where_a_value_is_read_thrice() -> None:
    tape = Tape()
    (kernel,) = joined(tape, smooth(picture(tape)))
    assert len(kernel.works) > 5
    constants = 4  # 0, 1, 2 and 3, of four bytes each
    assert kernel.moved_bytes == 4 * 2 * CELLS + 4 * constants


def test_an_activation_belongs_to_its_convolution() -> None:
    tape = Tape()
    x, w = picture(tape), tape.constant(np.ones((4, 4, 1, 1)), FLOAT32)
    y = tape.op("Conv", x, w)
    kernels = joined(tape, y * tape.op("Sigmoid", y))
    assert kinds(kernels) == [["Conv", "Sigmoid", "Mul", "Cast"]]
    assert kernels[0].product == (36, 4)
    assert kernels[0].moved_bytes == 4 * (2 * CELLS + 16)
    assert kernels[0].multiply_adds == 16 * 36
    assert kernels[0].others == 3 * CELLS


def test_what_two_kernels_make_is_joined_to_the_later() -> None:
    tape = Tape()
    w = tape.constant(np.ones((4, 4, 1, 1)), FLOAT32)
    kernels = joined(
        tape, tape.op("Conv", picture(tape), w) + tape.op("Conv", picture(tape, "y"), w)
    )
    assert kinds(kernels) == [["Conv"], ["Conv", "Add", "Cast"]]
    assert kernels[0].written_bytes == 4 * CELLS
    assert kernels[1].read_bytes == 4 * (2 * CELLS + 16)


def test_nothing_joins_a_kernel_that_its_input_waits_for() -> None:
    tape = Tape()
    a = picture(tape) + 1.0
    b = a.over("ReduceMax", 1)
    kernels = joined(tape, a + b)
    assert kinds(kernels) == [["Add"], ["ReduceMax"], ["Add", "Cast"]]
    assert kernels[0].written_bytes == 4 * CELLS
    assert kernels[2].read_bytes == 4 * (CELLS + 36)


def test_the_wait_goes_through_those_that_joined_later() -> None:
    tape = Tape()
    a = picture(tape) + 1.0
    b = picture(tape, "y") * 2.0
    c = b + a.over("ReduceMax", 1)  # joins b's kernel, which now waits for a's
    kernels = joined(tape, a * c)
    assert kinds(kernels) == [["Add"], ["Mul", "Add", "Mul", "Cast"], ["ReduceMax"]]


def test_a_slice_is_read_in_place_and_its_whole_must_be_there() -> None:
    tape = Tape()
    x = picture(tape) + 1.0
    kernels = joined(tape, x.part(1, 0, 2) * 2.0, channels=2)
    assert kinds(kernels) == [["Add"], ["Mul", "Cast"]]
    assert kernels[0].written_bytes == 4 * CELLS
    assert kernels[1].read_bytes == 4 * (CELLS // 2 + 1)
    whole = Tape()
    x = picture(whole) + 1.0
    assert len(joined(whole, x.part(1, 0, 4) * x)) == 2


def test_a_view_keeps_a_kernel_together() -> None:
    tape = Tape()
    x = (picture(tape) + 1.0).reshape(1, 2, 12, 6)
    kernels = joined(tape, (x * 2.0).reshape(1, 4, 6, 6))
    assert kinds(kernels) == [["Add", "Mul", "Cast"]]


def test_sampling_stands_alone_and_reads_what_it_takes() -> None:
    tape = Tape()
    big, grid = tape.input("big", [1, 4, 500, 500]), tape.input("grid", [1, 6, 6, 2])
    kernels = joined(tape, tape.op("GridSample", big, grid) + 1.0)
    assert kinds(kernels) == [["GridSample"], ["Add", "Cast"]]
    assert kernels[0].read_bytes == 4 * (4 * CELLS + 72)


def test_the_synthesis_graph_keeps_its_work_and_moves_less() -> None:
    output = OutputFormat(256, 256)
    sizes = {name: size for name, (_, size, _) in ranges(output).items()}
    counted = count(build(output, "fp16"), sizes)
    alone, together = unfused(counted), fused(counted)
    assert sum(2 * k.multiply_adds + k.others for k in together) == counted.operations
    assert len(together) < len(alone) / 2
    moved = [sum(k.moved_bytes for k in kernels) for kernels in (together, alone)]
    assert moved[0] < 0.7 * moved[1]

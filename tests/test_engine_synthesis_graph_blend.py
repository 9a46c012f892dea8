"""The graph blends as ``blend`` does, for every pair of bytes."""

import numpy as np

from engine.runtime.tape import Tape
from engine.synthesis import blend
from engine.synthesis.framing import _times
from engine.synthesis.graph_blend import darken, halved, over, times
from tests.graph_utils import off, run

PAIRS = np.mgrid[0:256, 0:256].astype(np.uint8)


def test_over_times_and_darken_agree_with_the_bytes() -> None:
    target, alpha = np.ascontiguousarray(PAIRS[0]), np.ascontiguousarray(PAIRS[1])
    colour = alpha // 2
    tape = Tape()
    t, a, c = (tape.input(n, ["b", 1, 256, 256]) for n in "tac")
    given = {"t": target, "a": alpha, "c": colour}
    got = run(
        tape, {name: v[None, None].astype(np.float32) for name, v in given.items()},
        over=over(t, c, a), times=times(t, a), dark=darken(t, a, 128),
    )  # fmt: skip
    want, rest, dark = target.copy(), np.empty_like(target), target.copy()
    blend.over(want, colour, alpha, rest)
    blend.darken(dark, alpha, 128)
    assert off(got["over"][0, 0], want) <= 1
    assert off(got["times"][0, 0], _times(target, alpha)) <= 1
    assert off(got["dark"][0, 0], dark) <= 1
    assert (got["over"][0, 0] != want).mean() < 1e-3


def test_halves_are_means_rounded_up() -> None:
    tape = Tape()
    plane = np.array([[0, 1, 254, 255], [0, 1, 255, 255]], np.float32)[None, None]
    got = run(tape, {"p": plane}, half=halved(tape.input("p", [1, 1, 2, 4])))
    assert got["half"].ravel().tolist() == [1, 255]

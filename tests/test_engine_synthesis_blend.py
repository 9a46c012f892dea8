"""Laying layers over each other."""

import numpy as np

from engine.synthesis.blend import Scratch, darken, over


def test_over_is_the_usual_sum_into_a_view() -> None:
    picture = np.full((6, 8), 200, np.uint8)
    view = picture[1:5, 2:6]
    colour, alpha = np.full((4, 4), 50, np.uint8), np.full((4, 4), 128, np.uint8)
    over(view, colour, alpha, np.empty_like(alpha))
    assert abs(int(view[0, 0]) - (50 + 200 * 127 / 255)) <= 1
    assert (picture[0] == 200).all()


def test_darken_goes_to_black_and_leaves_full_light_alone() -> None:
    target = np.array([[200, 200, 200]], np.uint8)
    darken(target, np.array([[255, 0, 128]], np.uint8), 16)
    assert target[0, 0] == 200
    assert abs(int(target[0, 1]) - 16) <= 1
    assert abs(int(target[0, 2]) - 108) <= 2


def test_scratch_is_reused_and_grows() -> None:
    scratch = Scratch()
    first = scratch.bytes("a", 10, 10)
    assert np.shares_memory(first, scratch.bytes("a", 5, 5))
    assert scratch.bytes("a", 20, 20).shape == (20, 20)
    assert scratch.floats("a", 3, 4, 2).dtype == np.float32

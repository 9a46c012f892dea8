import numpy as np
import pytest

from engine.motion.glide import GLIDE_S, Glide


def test_it_passes_from_one_value_to_the_next_without_a_jump() -> None:
    glide = Glide(1.0)
    glide.go(1.1, 5.0)
    values = np.array([glide.at(t) for t in np.arange(4.0, 7.0, 0.04)])
    assert (values[0], values[-1]) == (1.0, pytest.approx(1.1))
    assert 0 < np.diff(values).max() < 0.1 * 2 * 0.04 / GLIDE_S


def test_settled_it_is_there_whatever_the_time() -> None:
    glide = Glide(1.0)
    glide.go(1.1, 3600.0)
    assert glide.at(0.0) == 1.0
    glide.settle()
    assert glide.at(0.0) == glide.at(3600.0) == 1.1


def test_a_change_of_mind_starts_where_it_is() -> None:
    glide = Glide(1.0)
    glide.go(1.1, 0.0)
    halfway = glide.at(GLIDE_S / 2)
    glide.go(1.0, GLIDE_S / 2)
    assert glide.at(GLIDE_S / 2) == pytest.approx(halfway) == pytest.approx(1.05)
    assert glide.at(9.0) == 1.0


def test_a_change_takes_as_long_as_it_is_told() -> None:
    glide = Glide(0.0, 0.4)
    glide.go(1.0, 2.0)
    assert glide.at(2.2) == pytest.approx(0.5)
    assert glide.at(2.4) == pytest.approx(1.0)

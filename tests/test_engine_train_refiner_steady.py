"""Gradients that are too long."""

import pytest

from engine.train.refiner.steady import LONGEST, SPIKE, Steady


def test_usual_ones_are_followed_and_spikes_are_not() -> None:
    steady = Steady()
    assert all(steady.allows(0.1) for _ in range(20))
    assert not steady.allows(0.1 * SPIKE * 1.01)
    assert steady.allows(0.12)


@pytest.mark.parametrize("length", [float("nan"), float("inf")])
def test_what_is_no_number_is_not_followed_and_changes_nothing(length: float) -> None:
    steady = Steady(0.2)
    assert not steady.allows(length)
    assert steady.usual == 0.2


def test_longer_ones_become_usual_in_time() -> None:
    steady = Steady(0.1)
    followed = [steady.allows(1.0) for _ in range(200)]
    assert not followed[0] and followed[-1]


def test_they_are_shortened_to_a_little_more_than_usual() -> None:
    assert Steady().longest == LONGEST
    assert Steady(0.1).longest == pytest.approx(0.15)
    assert Steady(10.0).longest == LONGEST

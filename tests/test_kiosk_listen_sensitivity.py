from dataclasses import astuple
from itertools import pairwise

import pytest

from kiosk.listen.sensitivity import thresholds


def test_the_more_sensitive_the_less_is_asked() -> None:
    steps = [astuple(thresholds(tenths / 10)) for tenths in range(11)]
    for less, more in pairwise(steps):
        assert all(a >= b for a, b in zip(less, more, strict=True))
    assert all(a > b for a, b in zip(steps[0], steps[-1], strict=True))


@pytest.mark.parametrize(("given", "same_as"), [(-3.0, 0.0), (7.0, 1.0)])
def test_what_is_out_of_range_is_the_end_of_it(given: float, same_as: float) -> None:
    assert thresholds(given) == thresholds(same_as)


def test_speech_must_start_within_what_is_looked_at() -> None:
    for tenths in range(11):
        limits = thresholds(tenths / 10)
        assert 2 <= limits.needed_frames < limits.window_frames

"""Inputs that are sent once."""

import numpy as np
import pytest

from engine.runtime.kept import Kept


def test_they_are_made_at_once_and_again_only_when_they_are_sent_again() -> None:
    made: list[int] = []

    def make() -> dict[str, np.ndarray[tuple[int], np.dtype[np.float32]]]:
        made.append(len(made))
        return {"x": np.full(1, len(made), np.float32)}

    kept = Kept(7, make)
    assert kept.number == 7 and made == [0]
    assert kept.tensors()["x"] == 1 and made == [0]
    assert kept.tensors()["x"] == 2, "what was sent is not held on to"


def test_what_cannot_be_made_is_told_before_it_is_wanted() -> None:
    def refuse() -> dict[str, np.ndarray[tuple[int], np.dtype[np.float32]]]:
        raise ValueError("the mouth is too large")

    with pytest.raises(ValueError, match="too large"):
        Kept(0, refuse)

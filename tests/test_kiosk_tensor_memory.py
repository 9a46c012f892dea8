"""Tensors through shared memory: as they were, of every type, within bounds."""

from typing import Any

import numpy as np
import pytest

from engine.runtime.runner import RunnerError
from kiosk.tensor_memory import ALIGNMENT, TensorMemory


def test_tensors_come_out_as_they_went_in() -> None:
    memory = TensorMemory(1 << 16)
    given: dict[str, np.ndarray[Any, Any]] = {
        "floats": np.linspace(-1, 1, 30, dtype=np.float32).reshape(2, 3, 5),
        "halves": np.ones((3,), np.float16),
        "bytes": np.arange(7, dtype=np.uint8),
        "number": np.asarray(5, np.int64),
        "none": np.zeros((0, 4), np.float32),
    }
    places = memory.write(given)
    assert all(place.offset % ALIGNMENT == 0 for place in places)
    taken = memory.read(places)
    assert list(taken) == list(given)
    for name, tensor in given.items():
        assert taken[name].dtype == tensor.dtype and np.array_equal(taken[name], tensor)
    memory.close()
    memory.close()


def test_what_is_too_large_is_refused() -> None:
    memory = TensorMemory(100)
    memory.write({"fits": np.zeros(100, np.uint8)})
    for tensors in (
        {"one": np.zeros(101, np.uint8)},
        {"a": np.zeros(50, np.uint8), "b": np.zeros(50, np.uint8)},
    ):
        with pytest.raises(RunnerError, match="are more than the 100 that fit"):
            memory.write(tensors)
    memory.close()

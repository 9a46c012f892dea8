"""What stays on the device: copied there once, and given back when nobody has it any more."""

import gc
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from engine.runtime.runner import InputsError, TakesRows
from engine.runtime.tensorrt_library import PlanError
from tests.fake_gpu import Array, FakeDevice
from tests.fake_tensorrt import opened, pretended

Row = dict[str, Array]


def row(seed: int) -> Row:
    """An input of one picture that does not change."""
    array = np.random.default_rng(seed).integers(0, 9, (1, 4)).astype(np.float32)
    array.flags.writeable = False
    return {"c": array}


def a(count: int) -> Row:
    return {"a": np.arange(4 * count).reshape(count, 4).astype(np.float16)}


def taken(device: FakeDevice) -> int:
    """Pieces of memory on the device."""
    return sum(isinstance(each, np.ndarray) for each in device.live.values())


def wanted(count: int, rows: Sequence[Row]) -> Array:
    whole = 2 * a(count)["a"].astype(np.float32) + np.concatenate([each["c"] for each in rows])
    return np.asarray(whole)


@pytest.fixture
def device() -> FakeDevice:
    return FakeDevice()


def test_rows_are_uploaded_once_and_joined_on_the_device(
    tmp_path: Path, device: FakeDevice
) -> None:
    runner = opened(tmp_path, device)
    assert isinstance(runner, TakesRows)
    rows = [row(seed) for seed in range(3)]
    for order in ((0, 1), (0, 1), (1, 0), (2,), (0, 2, 1)):
        given = [rows[k] for k in order]
        got = runner.run_rows(a(len(order)), given)["b"]
        assert np.array_equal(got, wanted(len(order), given)), order
    assert device.calls.count("upload") == 5 + 3, "the frames' each time, the rows' once"
    assert device.calls.count("copy") == 2 + 0 + 2 + 1 + 3


def test_an_input_may_be_given_whole_between(tmp_path: Path, device: FakeDevice) -> None:
    runner = opened(tmp_path, device)
    first = row(1)
    assert np.array_equal(runner.run_rows(a(1), [first])["b"], wanted(1, [first]))
    fixed = row(2)
    for _ in range(2):
        assert np.array_equal(runner.run(a(1) | fixed)["b"], wanted(1, [fixed]))
        assert np.array_equal(runner.run_rows(a(1), [first])["b"], wanted(1, [first]))


def test_what_nobody_has_any_more_is_given_back(tmp_path: Path, device: FakeDevice) -> None:
    runner = opened(tmp_path, device)
    runner.run_rows(a(1), [row(0)])
    before = taken(device)
    for seed in range(1, 4):
        gc.collect()
        given = row(seed)
        assert np.array_equal(runner.run_rows(a(1), [given])["b"], wanted(1, [given]))
        del given
    assert taken(device) == before
    runner.prune()
    assert taken(device) == before - 1
    runner.close()
    assert device.live == {}


def test_after_a_failure_everything_is_sent_again(tmp_path: Path, device: FakeDevice) -> None:
    runner = opened(tmp_path, device)
    given = row(0)
    runner.run_rows(a(1), [given])
    pretended(runner).execution_fault = "no kernel"
    with pytest.raises(PlanError):
        runner.run_rows(a(1), [given])
    pretended(runner).execution_fault = ""
    assert np.array_equal(runner.run_rows(a(1), [given])["b"], wanted(1, [given]))
    assert device.calls.count("upload") == 3 + 2


def test_rows_that_do_not_fit_each_other_are_refused(tmp_path: Path, device: FakeDevice) -> None:
    runner = opened(tmp_path, device)
    other = {"c": np.zeros((1, 5), np.float32)}
    with pytest.raises(InputsError, match="differ in their inputs"):
        runner.run_rows(a(2), [row(0), other])
    with pytest.raises(InputsError, match="give batches of 1"):
        runner.run_rows(a(2), [{"c": np.zeros((2, 4), np.float32)}])

"""One context: what is captured, what is copied, what is told when it fails."""

from pathlib import Path

import numpy as np
import pytest

from engine.runtime.tensorrt_lane import STEADY_PASSES
from engine.runtime.tensorrt_library import PlanError
from tests.fake_gpu import FakeDevice
from tests.fake_tensorrt import expected, opened, pretended, tensors


@pytest.fixture
def device() -> FakeDevice:
    return FakeDevice()


def test_steady_work_is_captured_and_again_after_another_shape(
    tmp_path: Path, device: FakeDevice
) -> None:
    runner = opened(tmp_path, device)
    for n in (2, 3):
        for seed in range(STEADY_PASSES + 2):
            given = tensors(n, seed)
            assert np.array_equal(runner.run(given)["b"], expected(given))
        assert device.calls.count("capture") == n - 1
        assert device.calls.count("launch") == 2 * (n - 1)
    graphs = [t for t in device.live.values() if isinstance(t, tuple) and t[0] == "graph"]
    assert len(graphs) == 1  # that of the first shape holds no more
    assert runner.graph_fault == ""


def test_changing_shapes_are_never_captured(tmp_path: Path, device: FakeDevice) -> None:
    runner = opened(tmp_path, device)
    for n in (1, 2) * 6:
        runner.run(tensors(n))
    assert "capture" not in device.calls


def test_work_that_cannot_be_captured_is_done_plainly(tmp_path: Path, device: FakeDevice) -> None:
    runner = opened(tmp_path, device)
    device.capture_fails = True
    for seed in range(STEADY_PASSES + 3):
        given = tensors(seed=seed)
        assert np.array_equal(runner.run(given)["b"], expected(given))
    assert device.calls.count("capture") == 1
    assert "a kernel allocates" in runner.graph_fault


def test_what_cannot_change_is_copied_once(tmp_path: Path, device: FakeDevice) -> None:
    runner = opened(tmp_path, device)
    given = tensors()
    given["c"].flags.writeable = False
    for _ in range(3):
        runner.run(given)
    assert device.calls.count("upload") == 3 + 1
    other = given | {"c": given["c"] + 1}
    assert np.array_equal(runner.run(other)["b"], expected(other))
    assert np.array_equal(runner.run(given)["b"], expected(given))


def test_a_writable_array_is_copied_each_time(tmp_path: Path, device: FakeDevice) -> None:
    runner = opened(tmp_path, device)
    given = tensors()
    runner.run(given)
    given["c"] += 1
    assert np.array_equal(runner.run(given)["b"], expected(given))


def test_after_a_failure_what_is_queued_is_waited_for(tmp_path: Path, device: FakeDevice) -> None:
    runner = opened(tmp_path, device)
    pretended(runner).execution_fault = "[executionContext] no kernel"
    with pytest.raises(PlanError, match="no kernel"):
        runner.run(tensors(1))
    assert not any(device.queues.values())
    pretended(runner).execution_fault = ""
    given = tensors(8)  # larger: the memory that was copied from is given back
    assert np.array_equal(runner.run(given)["b"], expected(given))


def test_a_refused_execution_tells_what_tensorrt_said(tmp_path: Path, device: FakeDevice) -> None:
    runner = opened(tmp_path, device)
    given = tensors()
    given["c"].flags.writeable = False
    runner.run(given)
    pretended(runner).execution_fault = "[executionContext] CUDA out of memory"
    with pytest.raises(PlanError, match=r"out of memory.*engine.backend = \"cpu\""):
        runner.run(given)
    pretended(runner).execution_fault = ""
    assert np.array_equal(runner.run(given)["b"], expected(given))
    assert device.calls.count("upload") == 2 + 1 + 2  # nothing is trusted after a failure

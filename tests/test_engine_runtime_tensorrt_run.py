"""Running plans, on a pretended GPU: copies, shapes, graphs, threads, and everything that fails."""

import threading
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from engine.runtime.cuda import DeviceError, DeviceMemoryError, NoDeviceError
from engine.runtime.runner import InputsError, Runner, RunnerError
from engine.runtime.tensorrt_lane import STEADY_PASSES
from engine.runtime.tensorrt_library import PlanError
from engine.runtime.tensorrt_run import TensorRtRunner
from tests.fake_gpu import (
    FakeDevice,
    FakeTensorRt,
    expected,
    fake_library,
    plan_bytes,
    plan_file,
    tensors,
)


@pytest.fixture
def device() -> FakeDevice:
    return FakeDevice()


def opened(folder: Path, device: FakeDevice, contexts: int = 1) -> TensorRtRunner:
    return TensorRtRunner(
        plan_file(folder), contexts, {"side_px": "128"}, device=device, loaded=fake_library(device)
    )


def trt(runner: TensorRtRunner) -> FakeTensorRt:
    return cast(FakeTensorRt, runner._library.module)


def test_it_computes_what_the_network_says(tmp_path: Path, device: FakeDevice) -> None:
    runner: Runner = opened(tmp_path, device)
    runner.warmup()
    assert runner.inputs == {"a": (None, 4), "c": (None, 4)}
    assert runner.metadata == {"side_px": "128"}
    for n in (1, 8, 2, 2):
        given = tensors(n, seed=n)
        assert np.array_equal(runner.run(given)["b"], expected(given))


def test_results_are_not_overwritten_by_the_next_pass(tmp_path: Path, device: FakeDevice) -> None:
    runner = opened(tmp_path, device)
    first, second = tensors(seed=1), tensors(seed=2)
    kept = runner.run(first)["b"]
    runner.run(second)
    assert np.array_equal(kept, expected(first))


def test_time_is_the_gpu_s(tmp_path: Path, device: FakeDevice) -> None:
    runner = opened(tmp_path, device)
    assert runner.last_ms is None
    runner.run(tensors())
    assert runner.last_ms == 1.5


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


def test_tensorrt_for_rtx_captures_itself_and_keeps_its_kernels(
    tmp_path: Path, device: FakeDevice
) -> None:
    plan = plan_file(tmp_path)
    for given in ([], [b"kernels"]):
        library = fake_library(device, "tensorrt_rtx")
        runner = TensorRtRunner(plan, device=device, loaded=library)
        runner.warmup()
        runner.close()
        assert "capture" not in device.calls
        assert library.module.configs[0].cuda_graph_strategy == "whole"
        assert library.module.cache.given == given
    assert sorted(path.name for path in tmp_path.iterdir()) == ["piece.plan", "piece.plan.cache"]


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


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"a": np.zeros((9, 4), np.float16)}, r"a is \(9, 4\): this plan takes \(1, 4\) to \(8, 4"),
        ({"a": np.zeros((0, 4), np.float16)}, r"this plan takes"),
        ({"a": np.zeros(4, np.float16)}, r"a is \(4,\)"),
        ({"a": np.zeros((2, 4), np.float32)}, "a is float32: give float16"),
        ({"z": np.zeros(1)}, "no input z"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(
    tmp_path: Path, device: FakeDevice, change: dict[str, np.ndarray], words: str
) -> None:
    runner = opened(tmp_path, device)
    with pytest.raises(InputsError, match=words):
        runner.run(tensors() | change)
    given = tensors()
    assert np.array_equal(runner.run(given)["b"], expected(given))


def test_a_missing_input_is_named(tmp_path: Path, device: FakeDevice) -> None:
    with pytest.raises(InputsError, match="needs c too"):
        opened(tmp_path, device).run({"a": tensors()["a"]})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (plan_bytes(capability="8.9"), "unsupported cc"),
        (plan_bytes(version="1.6"), "version mismatch"),
        (plan_bytes()[:20], "malformed"),
    ],
)
def test_a_plan_of_another_card_or_version_or_cut_short_is_refused(
    tmp_path: Path, device: FakeDevice, content: bytes, words: str
) -> None:
    path = tmp_path / "other.plan"
    path.write_bytes(content)
    with pytest.raises(PlanError, match=rf"{words}.*build it again: kiosk plan build"):
        TensorRtRunner(path, device=device, loaded=fake_library(device))
    assert device.live == {}


def test_a_missing_plan_is_told(tmp_path: Path, device: FakeDevice) -> None:
    with pytest.raises(PlanError, match=r"none\.plan: No such file.*kiosk plan build"):
        TensorRtRunner(tmp_path / "none.plan", device=device, loaded=fake_library(device))


def test_too_little_memory_at_the_start_gives_everything_back(tmp_path: Path) -> None:
    one_lane = 8 * 4 * (2 + 4 + 4)
    device = FakeDevice(memory_bytes=one_lane + 100)
    with pytest.raises(DeviceMemoryError, match="end other programs"):
        opened(tmp_path, device, contexts=2)
    assert device.live == {}
    opened(tmp_path, device, contexts=1).close()


def test_no_context_is_a_lack_of_memory_too(tmp_path: Path, device: FakeDevice) -> None:
    library = fake_library(device)
    library.module.contexts_left = 1
    with pytest.raises(DeviceMemoryError, match="OutOfMemory: 1234 bytes"):
        TensorRtRunner(plan_file(tmp_path), 2, device=device, loaded=library)
    assert device.live == {}


def test_memory_that_runs_out_in_mid_session_is_told_and_got_over(
    tmp_path: Path, device: FakeDevice
) -> None:
    runner = opened(tmp_path, device)
    runner.run(tensors(1))
    device.pinned_room_bytes = 8
    with pytest.raises(DeviceMemoryError, match="used up"):
        runner.run(tensors(8))
    device.pinned_room_bytes = 1000
    given = tensors(8)
    assert np.array_equal(runner.run(given)["b"], expected(given))
    runner.close()
    assert device.live == {}


def test_a_refused_execution_tells_what_tensorrt_said(tmp_path: Path, device: FakeDevice) -> None:
    runner = opened(tmp_path, device)
    given = tensors()
    given["c"].flags.writeable = False
    runner.run(given)
    trt(runner).execution_fault = "[executionContext] CUDA out of memory"
    with pytest.raises(PlanError, match=r"out of memory.*engine.backend = \"cpu\""):
        runner.run(given)
    trt(runner).execution_fault = ""
    assert np.array_equal(runner.run(given)["b"], expected(given))
    assert device.calls.count("upload") == 2 + 1 + 2  # nothing is trusted after a failure


def test_whatever_else_breaks_is_a_runner_s_error(
    tmp_path: Path, device: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(context: object) -> list[str]:
        raise RuntimeError("shape inference failed")

    runner = opened(tmp_path, device)
    monkeypatch.setattr("tests.fake_gpu.FakeContext.infer_shapes", broken)
    with pytest.raises(DeviceError, match="shape inference failed"):
        runner.run(tensors())


def test_a_dead_gpu_fails_every_pass_and_still_closes(tmp_path: Path, device: FakeDevice) -> None:
    runner = opened(tmp_path, device)
    device.dead = "cudaErrorIllegalAddress"
    for _ in range(2):
        with pytest.raises(DeviceError, match="IllegalAddress: start the kiosk again"):
            runner.run(tensors())
    runner.close()
    assert device.live == {}


def test_closed_it_runs_no_more_and_keeps_nothing(tmp_path: Path, device: FakeDevice) -> None:
    runner = opened(tmp_path, device, contexts=3)
    runner.warmup()
    runner.close()
    runner.close()
    assert device.live == {}
    with pytest.raises(RunnerError, match="closed: open it again"):
        runner.run(tensors())


def test_several_threads_run_at_once(tmp_path: Path, device: FakeDevice) -> None:
    """Both are in the middle of a pass together, and a third waits for one of them."""
    runner = opened(tmp_path, device, contexts=2)
    meeting = threading.Barrier(2, timeout=10)
    plain_wait = device.wait

    def wait(stream: int) -> None:
        meeting.wait()
        plain_wait(stream)

    device.wait = wait  # type: ignore[method-assign]
    wrong: list[int] = []

    def work(seed: int) -> None:
        given = tensors(2, seed)
        if not np.array_equal(runner.run(given)["b"], expected(given)):
            wrong.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)
    assert wrong == []


def test_tensors_that_are_no_numbers_on_the_gpu_are_refused(
    tmp_path: Path, device: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = fake_library(device)
    library.module.location = "host"
    with pytest.raises(PlanError, match="holds a shape"):
        TensorRtRunner(plan_file(tmp_path), device=device, loaded=library)
    monkeypatch.setattr("tests.fake_gpu.FakeEngine.get_tensor_dtype", lambda e, n: "bfloat16")
    with pytest.raises(PlanError, match="bfloat16: export the network with float16"):
        TensorRtRunner(plan_file(tmp_path), device=device, loaded=fake_library(device))


def test_without_a_driver_the_remedy_is_named(tmp_path: Path) -> None:
    pytest.importorskip("cuda.bindings", reason="cuda-bindings is not installed: the extra gpu")
    if list(Path("/dev").glob("nvidia[0-9]*")):
        pytest.skip("there is a GPU")
    with pytest.raises(NoDeviceError, match="no NVIDIA driver on this machine: install one"):
        TensorRtRunner(plan_file(tmp_path), loaded=fake_library(FakeDevice()))

"""Running plans, on a pretended GPU: copies, shapes, graphs, threads, and everything that fails."""

import threading
from pathlib import Path

import numpy as np
import pytest

from engine.runtime.cuda import DeviceError, DeviceMemoryError, NoDeviceError
from engine.runtime.runner import Runner, RunnerError
from engine.runtime.tensorrt_lane import Lane
from engine.runtime.tensorrt_library import PlanError
from engine.runtime.tensorrt_run import TensorRtRunner
from tests.fake_gpu import FakeDevice
from tests.fake_tensorrt import (
    expected,
    fake_library,
    opened,
    plan_bytes,
    plan_file,
    tensors,
)


@pytest.fixture
def device() -> FakeDevice:
    return FakeDevice()


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


def test_whatever_else_breaks_is_a_runner_s_error(
    tmp_path: Path, device: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(context: object) -> list[str]:
        raise RuntimeError("shape inference failed")

    runner = opened(tmp_path, device)
    monkeypatch.setattr("tests.fake_tensorrt.FakeContext.infer_shapes", broken)
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


def test_contexts_are_warmed_up_by_one_thread_at_a_time(
    tmp_path: Path, device: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else two would each wait for what the other has."""
    runner = opened(tmp_path, device, contexts=3)
    held: list[bool] = []
    take = runner._take

    def watched() -> Lane:
        held.append(runner._warming.locked())
        return take()

    monkeypatch.setattr(runner, "_take", watched)
    for _ in range(2):
        runner.warmup()
    assert held == [True] * 6
    assert not runner._warming.locked()


def test_a_warmup_that_is_cut_off_gives_back_what_it_took(
    tmp_path: Path, device: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = opened(tmp_path, device, contexts=2)
    take, taken = runner._take, list[Lane]()

    def closed() -> Lane:
        if taken:
            raise RunnerError("the plan is closed")
        taken.append(take())
        return taken[0]

    monkeypatch.setattr(runner, "_take", closed)
    with pytest.raises(RunnerError, match="is closed"):
        runner.warmup()
    runner.close()
    assert device.live == {}


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


def test_without_a_driver_the_remedy_is_named(tmp_path: Path) -> None:
    pytest.importorskip("cuda.bindings", reason="cuda-bindings is not installed: the extra gpu")
    if list(Path("/dev").glob("nvidia[0-9]*")):
        pytest.skip("there is a GPU")
    with pytest.raises(NoDeviceError, match="no NVIDIA driver on this machine: install one"):
        TensorRtRunner(plan_file(tmp_path), loaded=fake_library(FakeDevice()))

"""The GPU's process: it computes, and when it hangs, dies or fails nothing else does."""

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.runtime.runner import RunnerError
from kiosk.gpu_process import FAILURES_MOST, GpuProcess
from kiosk.metrics import Metrics
from tests.fake_network import doubler

PROJECT = Path(__file__).resolve().parent.parent
GONE_S = 10.0
X = {"x": np.arange(6, dtype=np.float32).reshape(3, 2)}


@pytest.fixture
def mood(tmp_path: Path) -> Path:
    return tmp_path / "mood"


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def gpu(mood: Path, metrics: Metrics) -> Iterator[GpuProcess]:
    made = GpuProcess(doubler(mood), metrics, pass_s=0.5, start_s=60.0, memory_bytes=4096)
    made.warmup()
    yield made
    made.close()


def ended(pid: int) -> bool:
    """Whether process *pid*, of whomever, ends soon."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([fd], [], [], GONE_S)[0])
    finally:
        os.close(fd)


def restarts(metrics: Metrics) -> float:
    return metrics.registry.get_sample_value("kiosk_gpu_restarts_total") or 0.0


def test_it_computes_what_the_runner_does_and_gives_arrays_of_ones_own(gpu: GpuProcess) -> None:
    assert gpu.inputs == {"x": (None, 2)} and gpu.metadata == {"what": "doubles"}
    assert gpu.pid not in (None, os.getpid())
    first = gpu.run(X)
    second = gpu.run({"x": np.ones((1, 2), np.float32)})
    assert np.array_equal(first["y"], 2 * X["x"]), "and it is not overwritten by the second"
    assert first["mean"].dtype == np.float16 and float(first["mean"][0]) == 2.5
    assert second["y"].tolist() == [[2.0, 2.0]]
    odd = X["x"].T[:, ::2].T  # not contiguous
    assert np.array_equal(gpu.run({"x": odd})["y"], 2 * odd)


def test_what_does_not_fit_is_refused_and_harms_nothing(gpu: GpuProcess) -> None:
    pid = gpu.pid
    with pytest.raises(RunnerError, match=r"8000 bytes.*batch smaller"):
        gpu.run({"x": np.zeros((1000, 2), np.float32)})
    gpu.run(X)
    assert gpu.pid == pid


def test_a_pass_that_hangs_is_given_up_and_the_process_comes_back(
    gpu: GpuProcess, mood: Path, metrics: Metrics
) -> None:
    pid = gpu.pid
    assert pid is not None
    mood.write_text("hang")
    begun_s = time.monotonic()
    with pytest.raises(RunnerError, match=r"did not answer in 0.5 s.*CPU draws"):
        gpu.run(X)
    with pytest.raises(RunnerError, match="CPU draws meanwhile"):
        gpu.run(X)
    assert time.monotonic() - begun_s < 5.0, "and the second does not wait at all"
    mood.unlink()
    assert ended(pid)
    gpu.warmup()
    assert np.array_equal(gpu.run(X)["y"], 2 * X["x"])
    assert gpu.pid != pid and restarts(metrics) == 1


@pytest.mark.parametrize(("how", "told"), [("die", "died"), ("break", "ValueError: a fault")])
def test_one_that_dies_or_breaks_is_started_again(
    gpu: GpuProcess, mood: Path, how: str, told: str
) -> None:
    mood.write_text(how)
    with pytest.raises(RunnerError, match=told):
        gpu.run(X)
    mood.unlink()
    gpu.warmup()
    assert np.array_equal(gpu.run(X)["y"], 2 * X["x"])


def test_a_pass_that_fails_costs_itself_only_until_it_goes_on(gpu: GpuProcess, mood: Path) -> None:
    pid = gpu.pid
    mood.write_text("refuse")
    for _ in range(FAILURES_MOST - 1):
        with pytest.raises(RunnerError, match=r"^it does not fit: give another shape$"):
            gpu.run(X)
    mood.unlink()
    gpu.run(X)
    mood.write_text("refuse")
    for _ in range(FAILURES_MOST):
        assert gpu.pid == pid
        with pytest.raises(RunnerError):
            gpu.run(X)
    assert gpu.pid is None, "a GPU's errors stay until its process ends"


def test_one_that_dies_while_nothing_is_asked_comes_back(gpu: GpuProcess, metrics: Metrics) -> None:
    assert gpu.pid is not None
    pid = gpu.pid
    os.kill(pid, 9)
    assert ended(pid)
    for _ in range(3):  # until its end was noticed, a pass may be refused
        try:
            assert np.array_equal(gpu.run(X)["y"], 2 * X["x"])
            break
        except RunnerError:
            gpu.warmup()
    assert gpu.pid not in (pid, None) and restarts(metrics) == 1


def test_one_that_cannot_start_says_why_at_once(mood: Path, metrics: Metrics) -> None:
    mood.write_text("no start")
    gpu = GpuProcess(doubler(mood), metrics, start_s=60.0)
    try:
        with pytest.raises(RunnerError, match="is still being started"):
            gpu.inputs  # noqa: B018
        with pytest.raises(RunnerError, match="could not start: there is no GPU: use the CPU"):
            gpu.warmup()
        with pytest.raises(RunnerError, match="there is no GPU"):
            gpu.run(X)
    finally:
        gpu.close()


@pytest.mark.parametrize("when", ["idle", "hanging", "starting"])
def test_closing_leaves_nothing(mood: Path, metrics: Metrics, when: str) -> None:
    gpu = GpuProcess(doubler(mood), metrics, pass_s=0.1, start_s=60.0)
    pids: list[int] = []
    if when != "starting":
        gpu.warmup()
        pids = [gpu.pid or 0]
    if when == "hanging":
        mood.write_text("hang")
        with pytest.raises(RunnerError):
            gpu.run(X)
    gpu.close()
    gpu.close()
    assert not gpu._thread.is_alive()
    assert all(ended(pid) for pid in pids)
    assert children() == []


def children() -> list[int]:
    """Processes of ours that are named as the GPU's."""
    import multiprocessing

    return [each.pid or 0 for each in multiprocessing.active_children() if each.name == "gpu"]


PARENT = """
import sys, threading
from pathlib import Path
import numpy as np
from kiosk.gpu_process import GpuProcess
from kiosk.metrics import Metrics
from tests.fake_network import doubler

if __name__ == "__main__":
    mood, ends = Path(sys.argv[1]), sys.argv[2] == "ends"
    gpu = GpuProcess(doubler(mood), Metrics(), pass_s=1000.0)
    gpu.warmup()
    if not ends:
        mood.write_text("hang")
        threading.Thread(target=gpu.run, args=[{"x": np.ones((1, 2))}], daemon=True).start()
    print(gpu.pid, flush=True)
    if not ends:
        threading.Event().wait()
"""


def _kill(parent: "subprocess.Popen[str]") -> None:
    parent.kill()


def _wait(parent: "subprocess.Popen[str]") -> None:
    assert parent.wait(GONE_S) == 0


@pytest.mark.parametrize(("fate", "end"), [("hangs", _kill), ("ends", _wait)])
def test_no_orphan_is_left_when_the_kiosk_is_killed_or_forgets_to_close(
    tmp_path: Path, mood: Path, fate: str, end: Callable[["subprocess.Popen[str]"], None]
) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    with subprocess.Popen(
        [sys.executable, str(script), str(mood), fate],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert Path(f"/proc/{pid}").exists() or fate == "ends"
        end(parent)
        assert ended(pid)

"""The GPU's process: it computes, and when it hangs, dies or fails nothing else does."""

import os
import select
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from engine.runtime.runner import RunnerError
from kiosk.gpu_child import MakeRunner, Ready
from kiosk.gpu_link import FAILURES_MOST, GpuLink, LostError
from kiosk.gpu_process import START_S, GpuProcess
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
    with pytest.raises(RunnerError, match=r"did not answer in 0.5 s.*CPU draws"):
        gpu.run(X)
    with pytest.raises(RunnerError, match="CPU draws meanwhile"):
        gpu.run(X)
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


class Fake:
    """A process that is lost at its first pass, and whose driver hangs at its end."""

    pid = 1

    def __init__(self) -> None:
        self.lost, self.ending, self.may_end = (threading.Event() for _ in range(3))

    def warm(self, wake: int, timeout_s: float) -> Ready:
        return Ready("tensorrt", (), {}, {})

    def keep(self, kept: object, timeout_s: float) -> None: ...

    def ask(self, tensors: object, kept: object, timeout_s: float) -> None:
        raise LostError("did not answer")

    def wait(self, wake: int, timeout_s: float) -> bool:
        select.select([wake], [], [])
        return False

    def kill(self) -> None:
        self.lost.set()

    def end(self, kindly: bool) -> None:
        self.ending.set()
        assert self.may_end.wait(GONE_S)


def test_nobody_waits_for_the_end_of_one_that_cannot_be_ended(metrics: Metrics) -> None:
    child = Fake()
    gpu = GpuProcess(lambda _: pytest.fail(""), metrics, start=cast(Any, lambda *_: child))
    gpu.warmup()
    with pytest.raises(RunnerError, match="did not answer"):
        gpu.run(X)
    assert child.lost.is_set() and child.ending.wait(GONE_S)
    refused: list[str] = []

    def ask() -> None:
        with pytest.raises(RunnerError) as refusal:
            gpu.run(X)
        refused.append(str(refusal.value))

    asker = threading.Thread(target=ask, daemon=True)
    asker.start()
    asker.join(GONE_S)
    assert refused and "being started again" in refused[0], "while it is still being ended"
    child.may_end.set()
    gpu.close()
    gpu.close()


def test_one_that_cannot_even_be_begun_is_tried_again(mood: Path, metrics: Metrics) -> None:
    asked: list[frozenset[str]] = []

    def start(make: MakeRunner, without: frozenset[str], memory_bytes: int) -> GpuLink:
        asked.append(without)
        if len(asked) == 1:
            raise LostError("cannot be started: too many open files")
        return GpuLink(make, without, memory_bytes)

    gpu = GpuProcess(doubler(mood), metrics, start=start)
    try:
        with pytest.raises(RunnerError, match="too many open files"):
            gpu.warmup()
        with gpu._changed:
            assert gpu._changed.wait_for(lambda: gpu.answers, START_S)
        assert np.array_equal(gpu.run(X)["y"], 2 * X["x"]) and len(asked) == 2
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
from kiosk.gpu_process import START_S, GpuProcess
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

"""Portraits on their way to the GPU's process: beside the pictures, and whatever goes wrong."""

import select
import threading
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
import pytest

from engine.runtime.kept import Kept
from engine.runtime.runner import RunnerError, Tensors
from kiosk.gpu_child import Ready
from kiosk.gpu_process import GpuProcess
from kiosk.metrics import Metrics

GONE_S = 10.0


class Link:
    """A process that keeps what it is sent, and never ends by itself."""

    pid = 1

    def __init__(self) -> None:
        self.kept: list[int] = []
        self.sent, self.ended = threading.Event(), threading.Event()
        self.watch: Callable[[], None] = lambda: None
        """Called at each sending."""

    def warm(self, wake: int, timeout_s: float) -> Ready:
        return Ready("tensorrt", (), {}, {})

    def keep(self, kept: Sequence[Kept], timeout_s: float) -> None:
        for each in kept:
            each.tensors()
            self.watch()
            self.kept.append(each.number)
            self.sent.set()

    def tidy(self, timeout_s: float) -> None: ...

    def wait(self, wake: int, timeout_s: float) -> bool:
        select.select([wake], [], [], GONE_S)
        return False

    def kill(self) -> None: ...

    def end(self, kindly: bool) -> None:
        self.ended.set()


class Starts:
    """Starts such processes, once it may."""

    def __init__(self) -> None:
        self.links: list[Link] = []
        self.may = threading.Event()

    def __call__(self, *_: object) -> Link:
        assert self.may.wait(GONE_S)
        self.links.append(Link())
        return self.links[-1]


def opened(starts: Starts) -> GpuProcess:
    return GpuProcess(lambda _: pytest.fail(""), Metrics(), start=cast(Any, starts))


def tensors() -> Tensors:
    return {"x": np.zeros(1, np.float32)}


def test_a_portrait_is_sent_to_a_warm_process_at_once_and_between_two_passes() -> None:
    starts = Starts()
    starts.may.set()
    gpu = opened(starts)
    gpu.warmup()
    (link,) = starts.links
    locked: list[bool] = []
    link.watch = lambda: locked.append(gpu._lock.locked())
    portraits = [Kept(3, tensors), Kept(4, tensors)]
    for number, each in enumerate(portraits, 1):
        link.sent.clear()
        gpu.expect(each)
        assert link.sent.wait(GONE_S), "though no picture is drawn"
        assert len(link.kept) == number
    assert link.kept == [3, 4] and locked == [True, True]
    assert gpu.answers and len(starts.links) == 1, "it lives on"
    gpu.close()
    assert link.ended.is_set()


def test_a_portrait_that_cannot_be_made_again_costs_a_start_and_not_the_thread(
    caplog: pytest.LogCaptureFixture,
) -> None:
    starts = Starts()
    gpu = opened(starts)
    made: list[str] = []

    def make() -> Tensors:
        made.append("")
        if len(made) == 2:
            raise ValueError("a rig of another age")
        return tensors()

    portrait = Kept(0, make, soon=False)
    gpu.expect(portrait)
    starts.may.set()
    with pytest.raises(RunnerError, match="ValueError: a rig of another age"):
        gpu.warmup()
    with gpu._changed:
        assert gpu._changed.wait_for(lambda: gpu.answers, GONE_S)
    first, second = starts.links
    assert first.ended.is_set() and second.kept == [0]
    assert "ValueError: a rig of another age" in caplog.text
    gpu.close()
    assert second.ended.is_set()


@pytest.mark.parametrize("is_warm", [True, False])
def test_one_that_is_closed_says_so(is_warm: bool) -> None:
    starts = Starts()
    gpu = opened(starts)
    if is_warm:
        starts.may.set()
        gpu.warmup()
    else:
        threading.Thread(target=starts.may.set).start()
    gpu.close()
    with pytest.raises(
        RunnerError, match=r"^the GPU's process is closed: the CPU draws meanwhile$"
    ):
        gpu.run(tensors())
    with pytest.raises(RunnerError, match="is closed"):
        gpu.warmup()

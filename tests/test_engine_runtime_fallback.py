"""Backends that fail in the middle, and the next that goes on."""

import threading
from collections.abc import Callable, Mapping

import numpy as np
import pytest

from engine.runtime.backends import BackendName, Candidate
from engine.runtime.fallback import FallbackRunner
from engine.runtime.runner import InputsError, RunnerError, Tensors


class Fake:
    """Adds *added*; fails where told."""

    def __init__(self, added: int) -> None:
        self.added, self.fault, self.closed = added, RunnerError(""), 0
        self.metadata: Mapping[str, str] = {"added": str(added)}
        self.inputs: Mapping[str, tuple[int | None, ...]] = {"a": (None,)}
        self.fails = False
        self.before: Callable[[], None] = lambda: None

    def run(self, tensors: Tensors) -> Tensors:
        self.before()
        if self.fails:
            raise self.fault
        return {"b": np.asarray(tensors["a"] + self.added)}

    def warmup(self) -> None:
        self.run({"a": np.zeros(1)})

    def close(self) -> None:
        self.closed += 1
        if self.fails:
            raise self.fault


def failing(words: str) -> Callable[[], Fake]:
    def open_() -> Fake:
        raise RunnerError(words)

    return open_


def opened(*ways: Fake | str, told: list[str] | None = None) -> FallbackRunner:
    names: tuple[BackendName, ...] = ("tensorrt", "torch", "cpu")
    candidates = [
        Candidate(name, failing(way) if isinstance(way, str) else lambda way=way: way)  # type: ignore[misc]
        for name, way in zip(names, ways, strict=True)
    ]
    return FallbackRunner(candidates, told.append if told is not None else None)


def added(runner: FallbackRunner) -> int:
    return int(runner.run({"a": np.zeros(1)})["b"][0])


def test_the_best_that_works_is_taken_with_reasons() -> None:
    runner = opened("no driver", Fake(2), Fake(3))
    assert (runner.name, runner.reasons) == ("torch", ("tensorrt: no driver",))
    assert added(runner) == 2
    assert runner.metadata == {"added": "2"}
    assert runner.inputs == {"a": (None,)}


def test_none_that_works_tells_every_reason() -> None:
    with pytest.raises(RunnerError, match="tensorrt: a; torch: b; cpu: c"):
        opened("a", "b", "c")


def test_a_pass_that_fails_is_done_by_the_next_and_told_once() -> None:
    first, last = Fake(1), Fake(3)
    told: list[str] = []
    runner = opened(first, "not installed", last, told=told)
    assert added(runner) == 1
    first.fails, first.fault = True, RunnerError("out of memory: end other programs")
    assert [added(runner), added(runner)] == [3, 3]
    assert told == ["tensorrt failed: out of memory: end other programs; cpu goes on"]
    assert runner.name == "cpu"
    assert runner.reasons == (
        "tensorrt: out of memory: end other programs", "torch: not installed",
    )  # fmt: skip
    assert first.closed == 1
    runner.close()
    assert last.closed == 1


def test_the_last_one_s_failure_is_the_caller_s() -> None:
    last = Fake(3)
    runner = opened("a", "b", last)
    last.fails, last.fault = True, RunnerError("broken")
    with pytest.raises(RunnerError, match="broken"):
        added(runner)
    last.fails = False
    assert added(runner) == 3


def test_inputs_that_do_not_fit_are_no_reason_to_change() -> None:
    first = Fake(1)
    runner = opened(first, Fake(2), Fake(3))
    first.fails, first.fault = True, InputsError("shape")
    with pytest.raises(InputsError):
        added(runner)
    first.fails = False
    assert runner.name == "tensorrt"


def test_a_backend_that_fails_when_warmed_up_is_left() -> None:
    first = Fake(1)
    runner = opened(first, Fake(2), Fake(3))
    first.fails = True
    runner.warmup()
    assert runner.name == "torch"


def test_threads_that_fail_together_change_once() -> None:
    first, told = Fake(1), list[str]()
    runner = opened(first, Fake(2), Fake(3), told=told)
    meeting = threading.Barrier(3, timeout=10)

    def meet() -> None:
        meeting.wait()

    first.fails, first.before = True, meet
    answers: list[int] = []
    threads = [threading.Thread(target=lambda: answers.append(added(runner))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert answers == [2, 2, 2]
    assert len(told) == 1

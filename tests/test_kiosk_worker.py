"""The inference thread: urgent jobs first, errors to the caller, a clean end."""

import asyncio
import gc
import threading
import weakref
from functools import partial

import numpy as np
import pytest

from engine.media import Audio, ByteArray, MotionFrame, PictureFrame
from engine.pipeline import Pipeline
from kiosk.drawing import Drawing
from kiosk.ladder import Rung
from kiosk.metrics import Metrics
from kiosk.worker import Worker, WorkerClosedError
from tests.fakes import FakeMotion, FakePass, TogetherSynthesis

GONE_S = 10.0


async def test_results_and_errors_reach_the_caller() -> None:
    worker = Worker("test")
    assert await worker.run(0.0, lambda: 42) == 42
    with pytest.raises(ZeroDivisionError):
        await worker.run(0.0, lambda: 1 // 0)
    assert await worker.run(0.0, threading.get_ident) != threading.get_ident()
    worker.close()


async def test_the_most_urgent_job_runs_next() -> None:
    worker = Worker("test")
    gate, order = threading.Event(), list[str]()
    blocked = asyncio.create_task(worker.run(0.0, gate.wait))
    await asyncio.sleep(0)
    soon_s = asyncio.get_running_loop().time() + 60.0
    jobs = [
        asyncio.create_task(worker.run(soon_s + late_s, lambda name=name: order.append(name)))  # type: ignore[misc]
        for late_s, name in ((3.0, "c"), (1.0, "a"), (2.0, "b"))
    ]
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(blocked, *jobs)
    assert order == ["a", "b", "c"]
    worker.close()


async def test_a_cancelled_job_is_not_run() -> None:
    worker = Worker("test")
    gate, ran = threading.Event(), list[int]()
    blocked = asyncio.create_task(worker.run(0.0, gate.wait))
    job = asyncio.create_task(worker.run(1.0, lambda: ran.append(1)))
    await asyncio.sleep(0)
    job.cancel()
    await asyncio.gather(job, return_exceptions=True)
    gate.set()
    await blocked
    await worker.run(2.0, lambda: None)
    assert ran == []
    worker.close()


async def test_a_closed_worker_says_so() -> None:
    worker = Worker("test")
    worker.close()
    with pytest.raises(WorkerClosedError):
        await worker.run(0.0, lambda: None)


class Tired(TogetherSynthesis):
    """Cannot draw."""

    def render(self, motion: MotionFrame, out: ByteArray | None = None) -> ByteArray:
        raise RuntimeError("tired")


def drawing(synthesis: TogetherSynthesis) -> Drawing:
    motion = FakeMotion()
    motion.push(Audio(0, np.zeros(48_000, np.float32)))
    pipeline = Pipeline(motion, synthesis)
    return Drawing(pipeline, 1920, 1920, Rung("full", 25), 25, Metrics())


async def test_pictures_that_wait_together_are_drawn_together_and_fail_alone() -> None:
    worker, way, gate = Worker("test"), FakePass(), threading.Event()
    blocked = asyncio.create_task(worker.run(0.0, gate.wait))
    await asyncio.sleep(0)
    due_s = asyncio.get_running_loop().time() + 60.0
    syntheses = [TogetherSynthesis(way), Tired(way), TogetherSynthesis(way), TogetherSynthesis(way)]
    drawn = [asyncio.create_task(worker.draw(due_s, drawing(each))) for each in syntheses]
    await asyncio.sleep(0)
    drawn[3].cancel()
    await asyncio.gather(drawn[3], return_exceptions=True)
    gate.set()
    first, second, third, _ = await asyncio.gather(*drawn, return_exceptions=True)
    await blocked
    assert way.sizes == [3], "who gave up is not drawn"
    assert isinstance(second, RuntimeError) and str(second) == "tired"
    assert isinstance(first, PictureFrame) and isinstance(third, PictureFrame)
    worker.close()


async def test_while_they_would_only_wait_for_one_another_each_is_drawn_alone() -> None:
    worker, way, gate = Worker("test"), FakePass(), threading.Event()
    worker.joining = lambda: False
    blocked = asyncio.create_task(worker.run(0.0, gate.wait))
    await asyncio.sleep(0)
    due_s = asyncio.get_running_loop().time() + 60.0
    jobs = [drawing(TogetherSynthesis(way)) for _ in range(3)]
    drawn = [asyncio.create_task(worker.draw(due_s, each)) for each in jobs]
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(blocked, *drawn)
    assert way.sizes == []
    worker.close()


async def test_a_flush_that_comes_while_pictures_wait_is_done_before_them() -> None:
    worker, way, gate = Worker("test"), FakePass(), threading.Event()
    blocked = asyncio.create_task(worker.run(0.0, gate.wait))
    await asyncio.sleep(0)
    now_s = asyncio.get_running_loop().time()
    drawn = [
        asyncio.create_task(worker.draw(now_s + 60.0, drawing(TogetherSynthesis(way))))
        for _ in range(3)
    ]
    await asyncio.sleep(0)
    flushed = asyncio.create_task(worker.run(now_s + 30.0, lambda: list(way.sizes)))
    await asyncio.sleep(0)
    gate.set()
    assert await flushed == [], "nothing was drawn yet"
    await asyncio.gather(blocked, *drawn)
    assert way.sizes == [3]
    worker.close()


class Portrait:
    """Something that shall not stay in memory."""


async def test_the_thread_holds_nothing_of_a_job_that_is_done() -> None:
    worker, gone = Worker("test"), threading.Event()
    portrait = Portrait()
    weakref.finalize(portrait, gone.set)
    gc.disable()
    try:
        await worker.run(0.0, partial(id, portrait))
        del portrait
        assert await asyncio.to_thread(gone.wait, GONE_S), "though no other job comes"
    finally:
        gc.enable()
        worker.close()

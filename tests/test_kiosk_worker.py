"""The inference thread: urgent jobs first, errors to the caller, a clean end."""

import asyncio
import threading

import pytest

from kiosk.worker import Worker, WorkerClosedError


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
    jobs = [
        asyncio.create_task(worker.run(deadline_s, lambda name=name: order.append(name)))  # type: ignore[misc]
        for deadline_s, name in ((3.0, "c"), (1.0, "a"), (2.0, "b"))
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

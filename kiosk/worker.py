"""The one inference thread: jobs of all stages, the most urgent first.

Inference stays off the event loop and off its default executor, which aiortc uses.
"""

import asyncio
import heapq
import itertools
import threading
from collections.abc import Callable
from functools import partial
from typing import Protocol, TypeVar

T = TypeVar("T")


class Runs(Protocol):
    """Something that runs blocking jobs for asyncio callers."""

    async def run(self, deadline_s: float, job: Callable[[], T]) -> T:
        """Run *job* and return its result; its exception is raised here."""
        ...


class WorkerClosedError(Exception):
    """A job was given to a worker that has been closed."""


class Worker:
    """One thread; the waiting job with the earliest deadline runs next."""

    def __init__(self, name: str) -> None:
        """Start the thread.

        Args:
            name: what the thread is called in tools such as ``top -H``.
        """
        self._jobs: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._wakeup = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    async def run(self, deadline_s: float, job: Callable[[], T]) -> T:
        """Run *job* in the thread.

        Args:
            deadline_s: the event loop's time by which the result is wanted; orders the jobs.
            job: a blocking call.

        Raises:
            WorkerClosedError: the worker is closed.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def call() -> None:
            if future.cancelled():
                return
            try:
                settle(partial(future.set_result, job()))
            except BaseException as error:
                settle(partial(future.set_exception, error))

        def settle(action: Callable[[], None]) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(lambda: None if future.done() else action())

        with self._wakeup:
            if self._closed:
                raise WorkerClosedError("the inference thread is closed")
            heapq.heappush(self._jobs, (deadline_s, next(self._order), call))
            self._wakeup.notify()
        return await future

    def close(self) -> None:
        """Let the running job end, forget the others and end the thread."""
        with self._wakeup:
            self._closed = True
            self._jobs.clear()
            self._wakeup.notify()
        self._thread.join(timeout=5.0)

    def _work(self) -> None:
        while True:
            with self._wakeup:
                self._wakeup.wait_for(lambda: self._jobs or self._closed)
                if self._closed:
                    return
                _, _, call = heapq.heappop(self._jobs)
            call()

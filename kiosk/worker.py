"""The one inference thread: jobs of all stages, the most urgent first; see ``agenda.py``.

Inference stays off the event loop and off its default executor, which aiortc uses.
"""

import asyncio
import threading
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from engine.media import PictureFrame
from kiosk.agenda import Agenda
from kiosk.drawing import Draws, draw_together

T = TypeVar("T")


class Runs(Protocol):
    """Something that runs blocking jobs for asyncio callers."""

    async def run(self, deadline_s: float, job: Callable[[], T]) -> T:
        """Run *job* and return its result; its exception is raised here."""
        ...

    async def draw(self, deadline_s: float, job: Draws) -> PictureFrame:
        """Draw a picture, perhaps with others'; what went wrong with it is raised here."""
        ...


class WorkerClosedError(Exception):
    """A job was given to a worker that has been closed."""


class _Promise(Generic[T]):
    """A result that is made in the thread and awaited in the event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.future: asyncio.Future[T] = self._loop.create_future()

    @property
    def forgotten(self) -> bool:
        """Whether nobody waits any more."""
        return self.future.cancelled()

    def keep(self, result: T) -> None:
        """It is *result*."""
        self._settle(partial(self.future.set_result, result))

    def fail(self, error: BaseException) -> None:
        """There is none, because of *error*."""
        self._settle(partial(self.future.set_exception, error))

    def _settle(self, action: Callable[[], None]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(lambda: None if self.future.done() else action())


class _Call(Generic[T]):
    """A job that stands alone."""

    def __init__(self, job: Callable[[], T]) -> None:
        self._job = job
        self.promise = _Promise[T]()

    def do(self) -> None:
        if self.promise.forgotten:
            return
        try:
            self.promise.keep(self._job())
        except BaseException as error:
            self.promise.fail(error)


class _Picture:
    """A picture to be drawn, alone or with others."""

    def __init__(self, job: Draws) -> None:
        self.job = job
        self.promise = _Promise[PictureFrame]()


_Job: TypeAlias = "_Call[Any] | _Picture"


class Worker:
    """One thread; the waiting job with the earliest deadline runs next."""

    def __init__(self, name: str) -> None:
        """Start the thread.

        Args:
            name: what the thread is called in tools such as ``top -H``.
        """
        self.joining: Callable[[], bool] = lambda: True
        """Whether to draw in one pass what can be; the CPU would only have the first wait for the
        last."""
        self._agenda = Agenda[_Job]()
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
        call = _Call(job)
        self._put(deadline_s, call)
        return await call.promise.future

    async def draw(self, deadline_s: float, job: Draws) -> PictureFrame:
        """Draw a picture in the thread, in one pass with others that are due together with it.

        Args:
            deadline_s: the event loop's time by which it is wanted; orders the jobs.
            job: one at a time of each stage.

        Raises:
            WorkerClosedError: the worker is closed.
        """
        picture = _Picture(job)
        self._put(deadline_s, picture, job.joins if self.joining() else None)
        return await picture.promise.future

    def close(self) -> None:
        """Let the running job end, forget the others and end the thread."""
        with self._wakeup:
            self._closed = True
            self._agenda.clear()
            self._wakeup.notify()
        self._thread.join(timeout=5.0)

    def _put(self, deadline_s: float, job: _Job, joins: Hashable = None) -> None:
        with self._wakeup:
            if self._closed:
                raise WorkerClosedError("the inference thread is closed")
            self._agenda.put(asyncio.get_running_loop().time(), deadline_s, job, joins)
            self._wakeup.notify()

    def _work(self) -> None:
        while self._turn():
            pass

    def _turn(self) -> bool:
        """Do what comes next; a function of its own, so that nothing is held until the next.

        Returns:
            Whether there may be more.
        """
        with self._wakeup:
            self._wakeup.wait_for(lambda: self._agenda or self._closed)
            if self._closed:
                return False
            jobs = self._agenda.take()
        for job in jobs:
            if isinstance(job, _Call):
                job.do()
        _draw([job for job in jobs if isinstance(job, _Picture)])
        return True


def _draw(pictures: Sequence[_Picture]) -> None:
    """Draw those that are still waited for."""
    wanted = [picture for picture in pictures if not picture.promise.forgotten]
    outcomes = draw_together([picture.job for picture in wanted])
    for picture, outcome in zip(wanted, outcomes, strict=True):
        if isinstance(outcome, BaseException):
            picture.promise.fail(outcome)
        else:
            picture.promise.keep(outcome)

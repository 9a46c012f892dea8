"""The process that runs a network on the GPU, seen from the kiosk: asked, killed, ended."""

import contextlib
import logging
import os
import weakref
from collections import deque
from collections.abc import Sequence
from multiprocessing import connection, get_context, process
from typing import Final

from engine.runtime.kept import Kept
from engine.runtime.runner import RunnerError, Tensors
from kiosk.gpu_child import Asked, Done, Failed, MakeRunner, Ready, Told, serve
from kiosk.tensor_memory import TensorMemory

logger = logging.getLogger(__name__)

FAILURES_MOST: Final = 3
"""Passes that fail one after another: a GPU's errors stay until the process ends."""

END_S: Final = 2.0


class LostError(Exception):
    """The process did not answer."""


class GpuLink:
    """One such process, from its start to its end."""

    def __init__(self, make: MakeRunner, without: frozenset[str], memory_bytes: int) -> None:
        """Begin to start it; see ``warm``.

        Args:
            make: makes the runner, there.
            without: backends that it is to use last.
            memory_bytes: for the inputs of a pass, and as much for the outputs.

        Raises:
            LostError: it cannot be started.
        """
        spawn = get_context("spawn")
        with contextlib.ExitStack() as undo:
            try:
                self._given = TensorMemory(memory_bytes)
                undo.callback(self._given.close)
                self._taken = TensorMemory(memory_bytes)
                undo.callback(self._taken.close)
                self._pipe, theirs = spawn.Pipe()
                undo.callback(self._pipe.close)
                with theirs:  # closed here, else its end would not be seen
                    arguments = (make, without, theirs, self._given, self._taken, os.getpid())
                    self._process = spawn.Process(
                        target=serve, args=arguments, name="gpu", daemon=True
                    )
                    self._process.start()
            except OSError as error:
                raise LostError(f"cannot be started: {error}") from error
            undo.pop_all()
        self.pid = self._process.pid
        self._failures = 0
        self._there: set[int] = set()
        """What is kept there."""
        self._gone: deque[int] = deque()
        """What of it nobody has any more; filled from whatever thread forgets it."""

    def warm(self, wake: int, timeout_s: float) -> Ready:
        """Wait until it is ready, at most *timeout_s*, or until *wake* can be read.

        Raises:
            LostError: it is not.
        """
        if self._pipe not in connection.wait([self._pipe, wake], timeout_s):
            raise LostError(f"was not ready in {timeout_s:.0f} s")
        told = self._told()
        if isinstance(told, Ready):
            return told
        raise LostError(f"could not start: {told.reason if isinstance(told, Failed) else told}")

    def ask(self, tensors: Tensors, kept: Sequence[Kept], timeout_s: float) -> Tensors:
        """One pass.

        Args:
            tensors: its inputs.
            kept: further inputs of each picture, which are sent once.
            timeout_s: how long the pass, and each that is sent, may take.

        Raises:
            LostError: it did not answer, or cannot go on.
            RunnerError: the pass failed.
        """
        self._send(kept, timeout_s)
        numbers = tuple(each.number for each in kept)
        done = self._do(Asked(self._given.write(tensors), numbers, None, self._left()), timeout_s)
        return {name: each.copy() for name, each in self._taken.read(done.places).items()}

    def keep(self, kept: Sequence[Kept], timeout_s: float) -> None:
        """Send *kept* before the first pass; what is refused is told by the pass that needs it.

        Raises:
            LostError: it did not answer, or cannot go on.
        """
        with contextlib.suppress(RunnerError):
            self._send(kept, timeout_s)

    def _send(self, kept: Sequence[Kept], timeout_s: float) -> None:
        for each in kept:
            if each.number in self._there:
                continue
            places = self._given.write(each.tensors())
            self._do(Asked(places, (), each.number, self._left()), timeout_s)
            self._there.add(each.number)
            forget = weakref.finalize(each, self._gone.append, each.number)
            forget.atexit = False

    def _left(self) -> tuple[int, ...]:
        """What is to be forgotten there."""
        numbers = [self._gone.popleft() for _ in range(len(self._gone))]
        self._there.difference_update(numbers)
        return tuple(numbers)

    def _do(self, asked: Asked, timeout_s: float) -> Done:
        try:
            self._pipe.send(asked)
            if not self._pipe.poll(timeout_s):
                raise LostError(f"did not answer in {timeout_s:.1f} s")
        except OSError as error:
            raise LostError("died") from error
        told = self._told()
        if isinstance(told, Done):
            self._failures = 0
            return told
        reason = told.reason if isinstance(told, Failed) else str(told)
        self._failures += 1
        if self._failures >= FAILURES_MOST or (isinstance(told, Failed) and told.over):
            raise LostError(f"failed: {reason}")
        raise RunnerError(reason)

    def _told(self) -> Told:
        try:
            told: Told = self._pipe.recv()
        except (EOFError, OSError) as error:
            raise LostError("died") from error
        return told

    def tidy(self, timeout_s: float) -> None:
        """Have it let go of what nobody has any more: a face shall not stay in its memory.

        But for the inputs of the last pass: they are there until the next one.

        Raises:
            LostError: it did not answer, or cannot go on.
        """
        if self._gone:
            with contextlib.suppress(RunnerError):
                self._do(Asked((), forget=self._left()), timeout_s)

    def wait(self, wake: int, timeout_s: float) -> bool:
        """Wait until it ends, *wake* can be read or *timeout_s* are over; whether it ended."""
        return self._process.sentinel in connection.wait([self._process.sentinel, wake], timeout_s)

    def kill(self) -> None:
        """End it now; may be called from any thread."""
        self._process.kill()

    def end(self, kindly: bool) -> None:
        """End it, *kindly* by no longer asking; and let go of all that it had."""
        self._pipe.close()
        if kindly:
            self._process.join(END_S)
        self._process.kill()
        self._process.join(END_S)
        if self._process.exitcode is None:
            logger.error("the GPU's process %s cannot be ended: its driver hangs", self.pid)
            # At exit Python waits for every child that it knows of: not for this one.
            process._children.discard(self._process)  # type: ignore[attr-defined]
        self._given.close()
        self._taken.close()

"""A network on the GPU, in a process of its own: a GPU that hangs hangs nothing else.

A pass that does not answer in time costs one picture: the process is killed and started again in
the background, at growing intervals, and until it is warm every pass is refused at once, so that
the caller draws by other means (``spare_runner.py``) or shows the last picture.
"""

import contextlib
import logging
import os
import threading
import time
from collections.abc import Mapping
from multiprocessing import connection, get_context
from typing import Final

from engine.runtime.runner import RunnerError, Tensors
from kiosk.gpu_child import Done, Failed, MakeRunner, Ready, Told, serve
from kiosk.metrics import Metrics
from kiosk.tensor_memory import TensorMemory

logger = logging.getLogger(__name__)

PASS_S: Final = 0.5
"""A pass takes some milliseconds; a GPU that needs this long is not coming back."""

START_S: Final = 180.0
"""To load a network and run it once; a plan may have to be finished for the very GPU."""

MEMORY_BYTES: Final = 256 << 20
BACKOFF_MIN_S: Final = 0.5
BACKOFF_MAX_S: Final = 60.0
STEADY_S: Final = 60.0
"""Having run for so long, it is started again soon when it fails."""

FAILURES_MOST: Final = 3
"""Passes that fail one after another: a GPU's errors stay until the process ends."""

END_S: Final = 2.0


class LostError(Exception):
    """The process did not answer."""


class _Child:
    """The process, seen from outside."""

    def __init__(self, make: MakeRunner, memory_bytes: int) -> None:
        spawn = get_context("spawn")
        self._given, self._taken = TensorMemory(memory_bytes), TensorMemory(memory_bytes)
        self._pipe, theirs = spawn.Pipe()
        arguments = (make, theirs, self._given, self._taken, os.getpid())
        self._process = spawn.Process(target=serve, args=arguments, name="gpu", daemon=True)
        self._process.start()
        theirs.close()  # else its end would not be seen here
        self.pid = self._process.pid
        self.failures = 0

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

    def ask(self, tensors: Tensors, timeout_s: float) -> Tensors:
        """One pass.

        Raises:
            LostError: it did not answer, or cannot go on.
            RunnerError: the pass failed.
        """
        places = self._given.write(tensors)
        try:
            self._pipe.send(places)
            if not self._pipe.poll(timeout_s):
                raise LostError(f"did not answer in {timeout_s:.1f} s")
        except OSError as error:
            raise LostError("died") from error
        told = self._told()
        if isinstance(told, Done):
            self.failures = 0
            return {name: each.copy() for name, each in self._taken.read(told.places).items()}
        reason = told.reason if isinstance(told, Failed) else str(told)
        self.failures += 1
        if self.failures >= FAILURES_MOST or (isinstance(told, Failed) and told.over):
            raise LostError(f"failed: {reason}")
        raise RunnerError(reason)

    def _told(self) -> Told:
        try:
            told: Told = self._pipe.recv()
        except (EOFError, OSError) as error:
            raise LostError("died") from error
        return told

    def wait(self, wake: int) -> None:
        """Return when it has ended, or *wake* can be read."""
        connection.wait([self._process.sentinel, wake])

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
        self._given.close()
        self._taken.close()


class GpuProcess:
    """A ``Runner`` in a process of its own. Thread-safe."""

    def __init__(
        self, make: MakeRunner, metrics: Metrics, pass_s: float = PASS_S,
        start_s: float = START_S, memory_bytes: int = MEMORY_BYTES,
    ) -> None:  # fmt: skip
        """Begin to start the process; see ``warmup``.

        Args:
            make: makes the runner, there.
            metrics: counts how often it is started again.
            pass_s: how long a pass may take.
            start_s: how long it may take to start.
            memory_bytes: for the inputs of a pass, and as much for the outputs.
        """
        self._make, self._metrics = make, metrics
        self._pass_s, self._start_s, self._memory_bytes = pass_s, start_s, memory_bytes
        self._lock = threading.Lock()
        self._changed = threading.Condition()
        self._child: _Child | None = None
        """Warm, or None."""
        self._ready: Ready | None = None
        self._fault = "is still being started"
        self._gave_up = False
        """Whether the last start failed."""
        self._closing = False
        self._wake, self._waker = os.pipe()
        # Its end ends the process, too: see ``gpu_child.die_with``.
        self._thread = threading.Thread(target=self._tend, name="gpu process", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int | None:
        """Of the process, if it is warm."""
        child = self._child
        return child.pid if child else None

    @property
    def inputs(self) -> Mapping[str, tuple[int | None, ...]]:
        """Shape of every input; None where any size goes.

        Raises:
            RunnerError: the process was never ready yet.
        """
        return self._known().inputs

    @property
    def metadata(self) -> Mapping[str, str]:
        """What the network says of itself.

        Raises:
            RunnerError: the process was never ready yet.
        """
        return self._known().metadata

    def run(self, tensors: Tensors) -> Tensors:
        """One pass; at once, or within the time that a pass may take, it is done or refused.

        Raises:
            RunnerError: the process is not there, did not answer or failed.
        """
        with self._lock:
            child = self._child
            if child is None:
                raise RunnerError(f"the GPU's process {self._fault}: the CPU draws meanwhile")
            try:
                return child.ask(tensors, self._pass_s)
            except LostError as error:
                self._lose(child, str(error))
                raise RunnerError(
                    f"the GPU's process {error}: it is started again, the CPU draws meanwhile"
                ) from error

    def warmup(self) -> None:
        """Wait until the process is ready.

        Raises:
            RunnerError: it could not be started; it goes on being tried.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._child or self._gave_up or self._closing, self._start_s
            )
        if self._child is None:
            raise RunnerError(f"the GPU's process {self._fault}: run kiosk doctor")

    def close(self) -> None:
        """End the process; may be called again."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        with contextlib.suppress(OSError):
            os.write(self._waker, b"x")
        self._thread.join(3 * END_S)

    def _known(self) -> Ready:
        if self._ready is None:
            raise RunnerError(f"the GPU's process {self._fault}: wait for it with warmup()")
        return self._ready

    def _lose(self, child: _Child, reason: str) -> None:
        logger.error("the GPU's process %s %s: it is killed", child.pid, reason)
        self._child, self._fault = None, f"{reason} and is being started again"
        child.kill()
        os.write(self._waker, b"x")

    def _tend(self) -> None:
        """Keep a process running until closed."""
        pause_s = BACKOFF_MIN_S
        while not self._closing:
            begun_s = time.monotonic()
            self._live()
            if self._closing:
                break
            pause_s = BACKOFF_MIN_S if time.monotonic() - begun_s > STEADY_S else pause_s
            logger.warning("the GPU's process is started again in %.1f s", pause_s)
            with self._changed:
                self._changed.wait_for(lambda: self._closing, pause_s)
            pause_s = min(2.0 * pause_s, BACKOFF_MAX_S)
            self._metrics.gpu_restarts.inc()
        for fd in (self._wake, self._waker):
            os.close(fd)

    def _live(self) -> None:
        """One process, from its start to its end."""
        child = _Child(self._make, self._memory_bytes)
        try:
            ready = child.warm(self._wake, self._start_s)
            self._ready, self._child = ready, child
            self._tell_start("")
            logger.info("the GPU's process %s is ready", child.pid)
            child.wait(self._wake)
        except LostError as error:
            self._tell_start(str(error))
            if not self._closing:
                logger.error("the GPU's process %s %s", child.pid, error)
        with self._lock:
            if self._child is child and not self._closing:  # it ended while nothing was asked
                self._fault = "died and is being started again"
                logger.error("the GPU's process %s died", child.pid)
            self._child = None
            child.end(kindly=self._closing)
        if not self._closing:
            self._drain()

    def _tell_start(self, fault: str) -> None:
        """Let those who wait know how the start went."""
        with self._changed:
            self._fault, self._gave_up = fault, bool(fault)
            self._changed.notify_all()

    def _drain(self) -> None:
        os.set_blocking(self._wake, False)
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake, 4096)

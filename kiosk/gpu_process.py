"""A network on the GPU, in a process of its own: a GPU that hangs hangs nothing else.

A pass that does not answer in time costs one picture: the process is killed and started again in
the background, at growing intervals, and until it is warm every pass is refused at once, so that
the caller draws by other means (``spare_runner.py``) or shows the last picture.
"""

import contextlib
import logging
import os
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from engine.runtime.kept import Kept
from engine.runtime.runner import RunnerError, Tensors
from kiosk.gpu_child import MakeRunner, Ready
from kiosk.gpu_link import END_S, GpuLink, LostError
from kiosk.gpu_restarts import Restarts
from kiosk.metrics import Metrics
from kiosk.standing import said

logger = logging.getLogger(__name__)

PASS_S: Final = 0.5
"""A pass takes some milliseconds; a GPU that needs this long is not coming back."""

START_S: Final = 180.0
"""To load a network and run it once; a plan may have to be finished for the very GPU."""

TIDY_S: Final = 1.0
"""Between two looks whether there is anything to forget."""

MEMORY_BYTES: Final = 256 << 20

Start = Callable[[MakeRunner, frozenset[str], int], GpuLink]
"""Begins to start the process; see ``GpuLink``."""


class GpuProcess:
    """A ``Runner`` in a process of its own. Thread-safe."""

    def __init__(
        self, make: MakeRunner, metrics: Metrics, pass_s: float = PASS_S,
        start_s: float = START_S, memory_bytes: int = MEMORY_BYTES, start: Start = GpuLink,
        name: str = "the network",
    ) -> None:  # fmt: skip
        """Begin to start the process; see ``warmup``.

        Args:
            make: makes the runner, there.
            metrics: counts how often it is started again.
            pass_s: how long a pass may take.
            start_s: how long it may take to start.
            memory_bytes: for the inputs of a pass, and as much for the outputs.
            start: begins to start it.
            name: of the network, for the log.
        """
        self._make, self._metrics, self._start = make, metrics, start
        self._pass_s, self._start_s, self._memory_bytes = pass_s, start_s, memory_bytes
        self._name = name
        self._restarts = Restarts()
        self._lock = threading.Lock()
        """Held during a pass."""
        self._changed = threading.Condition()
        self._expected: weakref.WeakSet[Kept] = weakref.WeakSet()
        self._child: GpuLink | None = None
        """Warm, or None."""
        self._ready: Ready | None = None
        self._fault = "is still being started"
        self._gave_up = False
        """Whether the last start failed."""
        self._closing = False
        self._wake, self._waker = os.pipe()
        self._wakes = True
        """Whether they are open."""
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

    def check(self) -> None:
        """See whether the process is there.

        Raises:
            RunnerError: it is not.
        """
        self._there()

    def expect(self, kept: Kept) -> None:
        """Send *kept* to each process before its first pass: nobody's picture waits for it."""
        with self._changed:
            self._expected.add(kept)

    def run(self, tensors: Tensors, kept: Sequence[Kept] = ()) -> Tensors:
        """One pass; at once, or within the time that a pass may take, it is done or refused.

        Args:
            tensors: its inputs.
            kept: further inputs of each picture; they are sent when the process has not got them,
                each within the time of a pass.

        Raises:
            RunnerError: the process is not there, did not answer or failed.
        """
        with self._lock:
            child = self._there()
            try:
                return child.ask(tensors, kept, self._pass_s)
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

    def _there(self) -> GpuLink:
        child = self._child
        if child is None:
            raise RunnerError(f"the GPU's process {self._fault}: the CPU draws meanwhile")
        return child

    @property
    def answers(self) -> bool:
        """Whether it is ready just now."""
        return self._child is not None

    def close(self) -> None:
        """End the process; may be called again."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._poke()
        self._thread.join(3 * END_S)
        with self._changed:
            if self._wakes and not self._thread.is_alive():
                self._wakes = False
                os.close(self._wake)
                os.close(self._waker)

    def _poke(self) -> None:
        """Have the thread look what there is to do."""
        with self._changed:
            if self._wakes:
                os.write(self._waker, b"x")

    def _known(self) -> Ready:
        if self._ready is None:
            raise RunnerError(f"the GPU's process {self._fault}: wait for it with warmup()")
        return self._ready

    def _lose(self, child: GpuLink, reason: str) -> None:
        logger.error("the GPU's process %s %s: it is killed", child.pid, reason)
        self._child, self._fault = None, f"{reason} and is being started again"
        child.kill()
        self._poke()

    def _tend(self) -> None:
        """Keep a process running until closed."""
        while not self._closing:
            self._live()
            if self._closing:
                break
            pause_s, without = self._restarts.ended(), ", ".join(self._restarts.without)
            how = f", without {without} if that can be" if without else ""
            logger.warning("the GPU's process is started again in %.1f s%s", pause_s, how)
            with self._changed:
                self._changed.wait_for(lambda: self._closing, pause_s)
            if not self._closing:
                self._metrics.gpu_restarts.inc()

    def _live(self) -> None:
        """One process, from its start to its end."""
        try:
            child = self._start(self._make, self._restarts.without, self._memory_bytes)
        except LostError as error:
            self._fail(None, error)
            return
        try:
            ready = child.warm(self._wake, self._start_s)
            with self._changed:
                expected = list(self._expected)
            child.keep(expected, self._pass_s)
            del expected  # they are others' to hold
            self._is_ready(child, ready)
            while not child.wait(self._wake, TIDY_S):
                self._tidy(child)
        except LostError as error:
            self._fail(child.pid, error)
        with self._lock:
            if self._child is child and not self._closing:  # it ended while nothing was asked
                self._fault = "died and is being started again"
                logger.error("the GPU's process %s died", child.pid)
            self._child = None
        # Not under the lock: to end one whose driver hangs takes seconds, and nobody waits for it.
        child.end(kindly=self._closing)
        if not self._closing:
            self._drain()

    def _tidy(self, child: GpuLink) -> None:
        """Have it forget what nobody needs any more, though no pass may come."""
        with self._lock:
            if self._child is child:
                try:
                    child.tidy(self._pass_s)
                except LostError as error:
                    self._lose(child, str(error))

    def _is_ready(self, child: GpuLink, ready: Ready) -> None:
        self._restarts.ready(ready.backend)
        self._ready, self._child = ready, child
        self._tell_start("")
        told = said(ready.backend, ready.reasons)
        logger.info("%s is ready in the GPU's process %s: %s", self._name, child.pid, told)

    def _fail(self, pid: int | None, error: LostError) -> None:
        self._tell_start(str(error))
        if not self._closing:
            logger.error("the GPU's process %s %s", pid, error)

    def _tell_start(self, fault: str) -> None:
        """Let those who wait know how the start went."""
        with self._changed:
            self._fault, self._gave_up = fault, bool(fault)
            self._changed.notify_all()

    def _drain(self) -> None:
        os.set_blocking(self._wake, False)
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake, 4096)

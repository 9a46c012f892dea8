"""A network on the GPU, in a process of its own: a GPU that hangs hangs nothing else.

A pass that does not answer in time costs one picture: the process is killed and started again in
the background, at growing intervals, and until it is warm every pass is refused at once, so that
the caller draws by other means (``spare_runner.py``, ``engine/synthesis/whole.py``) or shows the
last picture.
"""

import logging
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from engine.runtime.kept import Kept
from engine.runtime.runner import RunnerError, Tensors
from kiosk.gpu_child import MakeRunner, Ready
from kiosk.gpu_link import END_S, GpuLink, LostError
from kiosk.gpu_restarts import Restarts
from kiosk.metrics import Metrics
from kiosk.standing import said
from kiosk.waker import Waker

logger = logging.getLogger(__name__)

PASS_S: Final = 0.5
"""A pass takes some milliseconds; a GPU that needs this long is not coming back."""

START_S: Final = 180.0
"""To load a network and run it once; a plan may have to be finished for the very GPU."""

TIDY_S: Final = 1.0
"""Between two looks whether there is anything to forget."""

CLOSED: Final = "is closed"

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
        self._unsent: weakref.WeakValueDictionary[int, Kept] = weakref.WeakValueDictionary()
        """By number, those of them that were not yet sent beside the passes."""
        self._child: GpuLink | None = None
        """Warm, or None."""
        self._ready: Ready | None = None
        self._fault = "is still being started"
        self._gave_up = False
        """Whether the last start failed."""
        self._closing = False
        self._waker = Waker()
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
        """Have *kept* sent, at once and to each process before its first pass.

        Beside whoever draws: a picture waits for it only where it is wanted sooner than that.
        """
        with self._changed:
            self._expected.add(kept)
            self._unsent[kept.number] = kept
            if self._child is not None:  # one that starts must not be disturbed: see ``warm``
                self._waker.poke()

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
            self._closing, self._fault = True, CLOSED
            self._changed.notify_all()
        self._waker.poke()
        self._thread.join(3 * END_S)
        if not self._thread.is_alive():
            self._waker.close()

    def _known(self) -> Ready:
        if self._ready is None:
            raise RunnerError(f"the GPU's process {self._fault}: wait for it with warmup()")
        return self._ready

    def _lose(self, child: GpuLink, reason: str) -> None:
        logger.error("the GPU's process %s %s: it is killed", child.pid, reason)
        self._child = None
        self._blame(f"{reason} and is being started again")
        child.kill()
        self._waker.poke()

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
        except Exception as error:
            self._fail(None, error)
            return
        try:
            ready = child.warm(self._waker.fd, self._start_s)
            self._keep_all(child)
            self._is_ready(child, ready)
            while not child.wait(self._waker.fd, TIDY_S):
                self._waker.drain()
                if self._closing or self._child is not child:
                    break
                self._keep_new(child)
                self._under_lock(child, lambda: child.tidy(self._pass_s))
        except Exception as error:  # a portrait that cannot be made again: not the thread's end
            self._fail(child.pid, error)
        finally:
            self._end(child)

    def _end(self, child: GpuLink) -> None:
        with self._lock:
            if self._child is child and not self._closing:  # it ended while nothing was asked
                self._blame("died and is being started again")
                logger.error("the GPU's process %s died", child.pid)
            self._child = None
        # Not under the lock: to end one whose driver hangs takes seconds, and nobody waits for it.
        child.end(kindly=self._closing)
        if not self._closing:
            with self._changed:  # whoever poked saw it warm: the next one is not to be woken by it
                self._waker.drain()

    def _keep_all(self, child: GpuLink) -> None:
        with self._changed:
            expected = list(self._expected)
            self._unsent.clear()
        child.keep(expected, self._pass_s)

    def _keep_new(self, child: GpuLink) -> None:
        """Send it what is expected since, one by one: passes go between."""
        with self._changed:
            numbers = sorted(self._unsent)
        for number in numbers:
            if (kept := self._unsent.pop(number, None)) is not None:
                self._under_lock(child, partial(child.keep, [kept], self._pass_s))

    def _under_lock(self, child: GpuLink, ask: Callable[[], None]) -> None:
        """Have *child* asked something between two passes, if it is still there."""
        with self._lock:
            if self._child is child:
                try:
                    ask()
                except Exception as error:
                    self._lose(child, _reason(error))

    def _is_ready(self, child: GpuLink, ready: Ready) -> None:
        self._restarts.ready(ready.backend)
        self._ready, self._child = ready, child
        self._tell_start("")
        told = said(ready.backend, ready.reasons)
        logger.info("%s is ready in the GPU's process %s: %s", self._name, child.pid, told)

    def _fail(self, pid: int | None, error: Exception) -> None:
        self._tell_start(_reason(error))
        if not self._closing:
            logger.error("the GPU's process %s %s", pid, _reason(error))

    def _tell_start(self, fault: str) -> None:
        """Let those who wait know how the start went."""
        with self._changed:
            self._gave_up = bool(fault)
            self._blame(fault)
            self._changed.notify_all()

    def _blame(self, fault: str) -> None:
        """Say from now on that it is *fault*; of one that is closed, that alone."""
        self._fault = CLOSED if self._closing else fault


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, LostError) else f"{type(error).__name__}: {error}"

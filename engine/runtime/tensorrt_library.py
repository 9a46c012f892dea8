"""TensorRT itself, whichever of its two packages is installed, and what it says when it fails.

``tensorrt`` compiles for the card in this machine only; ``tensorrt_rtx`` (TensorRT for RTX) for any
card, without one. Both have the same classes. Where both load, the full one is taken.
"""

import importlib
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from engine.runtime.cuda import GPU_EXTRA
from engine.runtime.runner import RunnerError

Flavour = Literal["tensorrt", "tensorrt_rtx"]
FLAVOURS: Final[tuple[Flavour, ...]] = get_args(Flavour)

Progress = Callable[[str, int, int], None]
"""Takes a phase of a build, the step of it that is done, counted from 1, and how many it has."""

_FAULTS_KEPT: Final = 8
_ASIDE: Final = ("checkMacros", "Deprecated")
"""Said beside the reason, or while nothing is wrong: for other machines it builds undriven."""


class PlanError(RunnerError):
    """A plan cannot be built or used; the message names the remedy."""


@dataclass(frozen=True)
class Library:
    """TensorRT, loaded."""

    module: Any
    flavour: Flavour

    @property
    def version(self) -> str:
        """Its version, to which plans are tied."""
        return str(self.module.__version__)

    @property
    def rtx(self) -> bool:
        """Whether it is TensorRT for RTX."""
        return self.flavour == "tensorrt_rtx"


def library() -> Library:
    """TensorRT.

    Raises:
        PlanError: none is installed.
    """
    faults = []
    for flavour in FLAVOURS:
        try:
            module = importlib.import_module(flavour)
            module.Builder  # noqa: B018  # an empty package of the name is no library
        except (ImportError, AttributeError, OSError, RuntimeError) as error:
            faults.append(str(error).splitlines()[0] if str(error) else type(error).__name__)
        else:
            return Library(module, flavour)
    raise PlanError(f"TensorRT cannot be loaded ({'; '.join(faults)}): {GPU_EXTRA}")


class Faults:
    """The latest errors that TensorRT logged. Thread-safe; it logs from threads of its own."""

    def __init__(self) -> None:
        self._said: deque[str] = deque(maxlen=_FAULTS_KEPT)
        self._lock = threading.Lock()

    def add(self, message: str) -> None:
        """Keep *message*, unless it says nothing of the reason."""
        if not any(word in message for word in _ASIDE):
            with self._lock:
                self._said.append(" ".join(message.split()))

    def take(self) -> str:
        """The reason of the failure that was just seen; all are forgotten."""
        with self._lock:
            last = self._said[-1] if self._said else "no reason given"
            self._said.clear()
        return last


def logger(module: Any, faults: Faults) -> Any:  # noqa: ANN401  # the package has no types
    """A logger that keeps the errors and prints nothing."""
    severity = module.ILogger
    errors = (severity.ERROR, severity.INTERNAL_ERROR)

    class Logger(severity):  # type: ignore[misc, valid-type]
        def __init__(self) -> None:
            severity.__init__(self)

        def log(self, level: Any, message: str) -> None:  # noqa: ANN401
            if level in errors:
                faults.add(message)

    return Logger()


def monitor(module: Any, progress: Progress) -> Any:  # noqa: ANN401  # the package has no types
    """What tells *progress* how far a build is; one that raises ends the build.

    TensorRT calls it from threads of its own, and an exception must not reach them.
    """
    base = module.IProgressMonitor

    class Monitor(base):  # type: ignore[misc, valid-type]
        def __init__(self) -> None:
            base.__init__(self)
            self.steps: dict[str, int] = {}

        def phase_start(self, phase: str, _parent: str | None, steps: int) -> None:
            self.steps[phase] = steps

        def step_complete(self, phase: str, step: int) -> bool:
            try:
                progress(phase, step + 1, self.steps.get(phase, step + 1))
            except Exception:
                return False
            return True

        def phase_finish(self, phase: str) -> None:
            self.steps.pop(phase, None)

    return Monitor()

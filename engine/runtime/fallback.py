"""A runner that goes on when its backend fails: the next one takes over, and it is told once."""

import contextlib
import threading
from collections.abc import Callable, Mapping, Sequence

from engine.runtime.backends import BackendName, Candidate, Choice, choose
from engine.runtime.runner import InputsError, Runner, RunnerError, Tensors

Told = Callable[[str], None]


class FallbackRunner:
    """A ``Runner`` on the best backend that works, now and later. Thread-safe if they are.

    A pass that fails is done again by the next backend, so that no picture is lost; there is no
    way back, since a GPU that failed once is not to be trusted in front of visitors.
    """

    def __init__(self, candidates: Sequence[Candidate], told: Told | None = None) -> None:
        """Open the first candidate that works.

        Args:
            candidates: in the order in which they are tried.
            told: takes one line each time that the backend changes, from the thread that ran.

        Raises:
            RunnerError: none works.
        """
        self._candidates, self._told = list(candidates), told
        self._lock = threading.Lock()
        self._choice = choose(self._candidates)

    @property
    def name(self) -> BackendName:
        """The backend in use."""
        return self._choice.name

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why not the better ones."""
        return self._choice.reasons

    @property
    def inputs(self) -> Mapping[str, tuple[int | None, ...]]:
        """Shape of every input; None where any size goes."""
        return self._choice.runner.inputs

    @property
    def metadata(self) -> Mapping[str, str]:
        """What the network says of itself."""
        return self._choice.runner.metadata

    def run(self, tensors: Tensors) -> Tensors:
        """One pass, by whichever backend works.

        Raises:
            InputsError: inputs that do not fit.
            RunnerError: the last backend failed too.
        """
        while True:
            choice = self._choice
            try:
                return choice.runner.run(tensors)
            except InputsError:
                raise
            except RunnerError as error:
                self._switch(choice, error)

    def warmup(self) -> None:
        """Run once on zeros; a backend that fails at that is left, too."""
        while True:
            choice = self._choice
            try:
                return choice.runner.warmup()
            except RunnerError as error:
                self._switch(choice, error)

    def close(self) -> None:
        """Give back what the backend holds."""
        close(self._choice.runner)

    def _switch(self, failed: Choice, error: RunnerError) -> None:
        """Take the next backend, unless another thread has."""
        with self._lock:
            if self._choice is not failed:
                return
            names = [each.name for each in self._candidates]
            rest = self._candidates[names.index(failed.name) + 1 :]
            if not rest:
                raise error
            reasons = (*failed.reasons, f"{failed.name}: {error}")
            following = choose(rest)
            self._choice = Choice(
                following.name, following.runner, (*reasons, *following.reasons)
            )  # fmt: skip
            if self._told is not None:
                self._told(f"{failed.name} failed: {error}; {following.name} goes on")
        close(failed.runner)


def close(runner: Runner) -> None:
    """Give back what *runner* holds, if anything; one that failed may fail at that, too."""
    with contextlib.suppress(RunnerError):
        getattr(runner, "close", lambda: None)()

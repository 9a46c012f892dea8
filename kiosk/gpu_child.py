"""The process that runs a network on the GPU: what happens in it, and what it tells."""

import ctypes
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Final

from engine.runtime.backends import BackendName, Choice
from engine.runtime.runner import Runner, RunnerError
from engine.synthesis.kept_rigs import KeptRigs
from kiosk.tensor_memory import Place, TensorMemory

MakeRunner = Callable[[frozenset[str]], Choice]
"""Chooses a backend and gives it warm, in the process; those named are to be used last.

It must be picklable, such as a ``partial`` of a function."""

PR_SET_PDEATHSIG: Final = 1
"""Of prctl(2)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be done with the tensors that lie at some places: a pass, or to keep them.

    Without any, nothing but to forget.
    """

    places: Sequence[Place]
    kept: tuple[int, ...] = ()
    """Rigs that go into the pass, one for each picture, in order."""
    keep: int | None = None
    """The number under which they are kept; None: it is a pass."""
    forget: tuple[int, ...] = ()
    """Rigs that nobody needs any more."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The network is loaded and warm."""

    backend: BackendName
    """What runs it."""
    reasons: Sequence[str]
    """Why not the better backends."""
    inputs: Mapping[str, tuple[int | None, ...]]
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Done:
    """It is done; the outputs of a pass lie at these places."""

    places: Sequence[Place]


@dataclass(frozen=True, slots=True)
class Failed:
    """A pass, or the beginning, failed."""

    reason: str
    over: bool
    """Whether the process ends because of it."""


Told = Ready | Done | Failed


def serve(
    make: MakeRunner, without: frozenset[str], pipe: Connection,
    given: TensorMemory, taken: TensorMemory, parent: int,
) -> None:  # fmt: skip
    """Load the network and run it as asked, until nobody asks any more.

    Args:
        make: makes the runner.
        without: backends that are to be used last.
        pipe: what is asked comes in, what became of it goes out.
        given: the inputs.
        taken: the outputs.
        parent: the process that asks; with it this one ends, whatever the GPU does.
    """
    die_with(parent)
    # Ctrl-C reaches the whole group: the parent decides what becomes of it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        choice = make(without)
        runner = choice.runner
        ready = Ready(
            choice.name, choice.reasons, dict(runner.inputs), dict(runner.metadata)
        )  # fmt: skip
        pipe.send(ready)
    except Exception as error:
        pipe.send(Failed(_told(error), over=True))
        return
    rigs = KeptRigs()
    while True:
        try:
            asked = pipe.recv()
        except EOFError:
            return
        told = _done(runner, rigs, asked, given, taken)
        pipe.send(told)
        if isinstance(told, Failed) and told.over:
            return


def _done(
    runner: Runner, rigs: KeptRigs, asked: Asked, given: TensorMemory, taken: TensorMemory
) -> Told:
    try:
        rigs.forget(asked.forget)
        if asked.forget:
            getattr(runner, "prune", lambda: None)()
        tensors = given.read(asked.places)
        if asked.keep is not None:
            rigs.keep(asked.keep, tensors)
            return Done(())
        if not asked.places:  # there was something to forget, no more
            return Done(())
        out = rigs.run(runner, tensors, asked.kept) if asked.kept else runner.run(tensors)
        return Done(taken.write(out))
    except RunnerError as error:
        return Failed(str(error), over=False)
    except Exception as error:
        return Failed(_told(error), over=True)


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, RunnerError) else f"{type(error).__name__}: {error}"


def die_with(parent: int) -> None:
    """Be killed when the thread that started this process ends, or the process *parent*."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before that
        os._exit(1)

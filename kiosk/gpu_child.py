"""The process that runs a network on the GPU: what happens in it, and what it tells."""

import ctypes
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Final

import numpy as np

from engine.runtime.backends import BackendName, Choice
from engine.runtime.runner import BATCH_MOST, Runner, RunnerError
from kiosk.tensor_memory import Place, TensorMemory

MakeRunner = Callable[[frozenset[str]], Choice]
"""Chooses a backend and gives it warm, in the process; those named are to be used last.

It must be picklable, such as a ``partial`` of a function."""

PR_SET_PDEATHSIG: Final = 1
"""Of prctl(2)."""


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
    """A pass is done; its outputs lie at these places."""

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
        pipe: the places of inputs come in, what became of them goes out.
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
    while True:
        try:
            places = pipe.recv()
        except EOFError:
            return
        told = _pass(runner, places, given, taken)
        pipe.send(told)
        if isinstance(told, Failed) and told.over:
            return


def warm(runner: Runner) -> None:
    """Run *runner* with every number of pictures: the first pass of each is slow on a GPU.

    Its inputs are float32; any size of the first dimension is a number of pictures.

    Raises:
        RunnerError: it fails.
    """
    runner.warmup()
    shapes = runner.inputs
    if all(shape[:1] == (None,) for shape in shapes.values()):
        for batch in range(1, BATCH_MOST + 1):
            runner.run({
                name: np.zeros((batch, *(n or 1 for n in shape[1:])), np.float32)
                for name, shape in shapes.items()
            })  # fmt: skip


def _pass(
    runner: Runner, places: Sequence[Place], given: TensorMemory, taken: TensorMemory
) -> Told:
    try:
        return Done(taken.write(runner.run(given.read(places))))
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

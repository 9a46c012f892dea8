"""What rigs give to the graph, kept where the graph runs: sent once, drawn from again and again."""

from collections.abc import Iterable, Sequence

import numpy as np

from engine.runtime.runner import Runner, RunnerError, TakesRows, Tensors
from engine.synthesis.graph_tensors import Arrays, Sizes, carried_on, largest


class KeptRigs:
    """Tensors of rigs by number, of one size of picture. Not thread-safe.

    All have grids of one size, so that any of them go into one pass, as rows of its inputs. A rig
    of a larger grid has those of all others carried on, once. How many there are is for those to
    bound who send them.
    """

    def __init__(self) -> None:
        """There are none."""
        self._rigs: dict[int, Arrays] = {}
        self._sizes: Sizes = {}
        self._joined: tuple[tuple[int, ...], Arrays] = (), {}
        """The last ones that were joined here."""

    def keep(self, number: int, tensors: Tensors) -> None:
        """Keep a copy of *tensors* of batch 1, such as ``rig_tensors`` gives."""
        rig = {name: np.array(each) for name, each in tensors.items()}
        known = list(self._rigs.values())[:1]
        sizes = largest([rig, *known])
        if sizes != self._sizes:
            self._rigs = {n: _fixed(carried_on(each, sizes)) for n, each in self._rigs.items()}
            self._sizes = sizes
        self._rigs[number] = _fixed(carried_on(rig, sizes))
        self._joined = (), {}

    def forget(self, numbers: Iterable[int]) -> None:
        """Let go of those; what is not there is no fault."""
        for number in numbers:
            self._rigs.pop(number, None)
            self._joined = (), {}

    def run(self, runner: Runner, tensors: Tensors, numbers: Sequence[int]) -> Tensors:
        """A pass of *tensors* with the rigs of *numbers*, a picture each.

        Raises:
            RunnerError: one of them is not here, or the pass failed.
        """
        missing = [str(number) for number in numbers if number not in self._rigs]
        if missing:
            raise RunnerError(f"no rig {', '.join(missing)} is kept here: send it first")
        if isinstance(runner, TakesRows):
            return runner.run_rows(tensors, [self._rigs[number] for number in numbers])
        return runner.run({**tensors, **self._all(tuple(numbers))})

    def _all(self, numbers: tuple[int, ...]) -> Arrays:
        if self._joined[0] != numbers:
            rows = [self._rigs[number] for number in numbers]
            whole = {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
            self._joined = numbers, _fixed(whole)
        return self._joined[1]


def _fixed(rig: Arrays) -> Arrays:
    """*rig*, which no longer changes: a device need not be sent it again."""
    for array in rig.values():
        array.flags.writeable = False
    return rig

"""A network that keeps inputs, in this process: what ``GpuProcess`` is beside another one."""

from collections.abc import Sequence

from engine.runtime.kept import Kept
from engine.runtime.runner import Runner, RunnerError, Tensors
from engine.synthesis.kept_rigs import KeptRigs
from engine.synthesis.networks import SynthesisNetwork
from engine.synthesis.whole import WholePicture


class Keeping:
    """A ``KeepingRunner`` that may be lost, and begins anew with nothing kept."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self.answers = True
        self.fault: RunnerError | None = None
        """The next passes fail by it."""
        self.sent: list[int] = []
        """Numbers of what was sent, in order."""
        self.batches: list[int] = []
        """Pictures of each pass."""
        self.restart()

    def restart(self) -> None:
        """Lose what is kept."""
        self._rigs, self._there = KeptRigs(), set[int]()

    def expect(self, kept: Kept) -> None: ...

    def check(self) -> None:
        if not self.answers:
            raise RunnerError("the process died: the CPU draws meanwhile")

    def run(self, tensors: Tensors, kept: Sequence[Kept] = ()) -> Tensors:
        self.check()
        if self.fault is not None:
            raise self.fault
        for each in kept:
            if each.number not in self._there:
                self._there.add(each.number)
                self.sent.append(each.number)
                self._rigs.keep(each.number, each.tensors())
        self.batches.append(len(kept))
        return self._rigs.run(self._runner, tensors, [each.number for each in kept])


class Heard:
    """Is told how passes went."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def failed(self, error: RunnerError) -> None:
        self.told.append(str(error))

    def worked(self) -> None:
        self.told.append("")


class Refusing:
    """Opens no network; keeps the names of those that are asked for."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def __call__(self, network: SynthesisNetwork) -> WholePicture:
        self.names.append(network.name)
        raise RunnerError("there is no GPU: use the CPU")

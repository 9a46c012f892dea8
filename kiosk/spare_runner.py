"""A network that is run elsewhere while the place where it should run is out of order."""

from collections.abc import Mapping

from engine.runtime.runner import Runner, RunnerError, Tensors
from kiosk.fallbacks import Fallbacks
from kiosk.metrics import Metrics


class SpareRunner:
    """A ``Runner`` that asks *first*, and *spare* whenever that fails."""

    def __init__(self, first: Runner, spare: Runner, metrics: Metrics) -> None:
        """Prefer *first*.

        Args:
            first: such as a ``GpuProcess``.
            spare: the same network on the CPU.
            metrics: counts the passes that *spare* did.
        """
        self._first, self._spare = first, spare
        self._fallbacks = Fallbacks(metrics)

    @property
    def answers(self) -> bool:
        """Whether the first would run a pass just now, as far as it can tell."""
        return bool(getattr(self._first, "answers", True))

    @property
    def inputs(self) -> Mapping[str, tuple[int | None, ...]]:
        """Shape of every input; None where any size goes."""
        return self._spare.inputs

    @property
    def metadata(self) -> Mapping[str, str]:
        """What the network says of itself."""
        return self._spare.metadata

    def run(self, tensors: Tensors) -> Tensors:
        """One pass.

        Raises:
            RunnerError: both failed.
        """
        try:
            outputs = self._first.run(tensors)
        except RunnerError as error:
            self._fallbacks.failed(error)
            return self._spare.run(tensors)
        self._fallbacks.worked()
        return outputs

    def warmup(self) -> None:
        """Make the spare ready; the first is not waited for: it is used once it is there.

        Raises:
            RunnerError: the spare is of no use.
        """
        self._spare.warmup()

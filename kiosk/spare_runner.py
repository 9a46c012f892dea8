"""A network that is run elsewhere while the place where it should run is out of order."""

import logging
from collections.abc import Mapping

from engine.runtime.runner import Runner, RunnerError, Tensors
from kiosk.metrics import Metrics

logger = logging.getLogger(__name__)


class SpareRunner:
    """A ``Runner`` that asks *first*, and *spare* whenever that fails."""

    def __init__(self, first: Runner, spare: Runner, metrics: Metrics) -> None:
        """Prefer *first*.

        Args:
            first: such as a ``GpuProcess``.
            spare: the same network on the CPU.
            metrics: counts the passes that *spare* did.
        """
        self._first, self._spare, self._metrics = first, spare, metrics
        self._failing = False

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
            if not self._failing:
                logger.warning("%s", error)
            self._failing = True
            self._metrics.gpu_fallbacks.labels("cpu").inc()
            return self._spare.run(tensors)
        if self._failing:
            logger.info("the GPU draws again")
        self._failing = False
        return outputs

    def warmup(self) -> None:
        """Make the spare ready; the first is not waited for: it is used once it is there.

        Raises:
            RunnerError: the spare is of no use.
        """
        self._spare.warmup()

"""What is told and counted when a GPU does not do its part and the CPU stands in."""

import logging

from engine.runtime.runner import RunnerError
from kiosk.metrics import Metrics

logger = logging.getLogger(__name__)


class Fallbacks:
    """Of one network: every pass is counted, the first of a row is told, and the end of the row."""

    def __init__(self, metrics: Metrics) -> None:
        """*metrics*: counts the passes that the CPU did."""
        self._metrics = metrics
        self._failing = False

    def failed(self, error: RunnerError) -> None:
        """A pass failed, or was not tried, because of *error*."""
        if not self._failing:
            logger.warning("%s", str(error))  # who keeps the record keeps no portrait with it
        self._failing = True
        self._metrics.gpu_fallbacks.labels("cpu").inc()

    def worked(self) -> None:
        """A pass was done where it should be."""
        if self._failing:
            logger.info("the GPU draws again")
        self._failing = False

"""Tells of a stage whose clock ran on without it."""

import asyncio
import logging
from typing import Final

from kiosk.metrics import Metrics

WARN_EVERY_S: Final = 10.0
"""More often the log does not tell."""

logger = logging.getLogger(__name__)


class Stalls:
    """Those of one stage."""

    def __init__(self, stage: str, metrics: Metrics) -> None:
        """None yet."""
        self._stage = stage
        self._metrics = metrics
        self._warned_s = float("-inf")

    def note(self, late_s: float) -> None:
        """The stage stood still for *late_s*."""
        self._metrics.stalls.inc()
        now_s = asyncio.get_running_loop().time()
        if now_s - self._warned_s > WARN_EVERY_S:
            self._warned_s = now_s
            logger.warning("stage %s stood still for %.2f s", self._stage, late_s)

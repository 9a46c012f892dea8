"""Work that must not end: what fails begins again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from kiosk.metrics import Metrics

logger = logging.getLogger(__name__)

PAUSE_S: Final = 0.1
"""Before failed work begins again: a fault that stays must not fill the log, nor the processor."""


async def keep_going(name: str, work: Callable[[], Awaitable[None]], metrics: Metrics) -> None:
    """Do *work* over and over until cancelled.

    One fault must not end an unattended stage; it is logged under *name*, counted and gone on from.
    """
    while True:
        try:
            await work()
        except Exception:
            logger.exception("%s failed and starts again", name)
            metrics.faults.inc()
            await asyncio.sleep(PAUSE_S)

"""Alive and well: readiness, the systemd notifications and the watchdog that frames feed."""

import asyncio
import logging
import os
import socket
from collections.abc import Iterable
from typing import Protocol

logger = logging.getLogger(__name__)

FLOW_TIMEOUT_S = 3.0
"""A watched stage that sends no picture for this long is not well."""


class Flowing(Protocol):
    """What health needs to know of a stage."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def viewer_count(self) -> int:
        """Peers that watch."""
        ...

    @property
    def video_emitted_count(self) -> int:
        """Pictures sent."""
        ...


def notify(message: str) -> bool:
    """Tell systemd (sd_notify protocol); False if it did not start us."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return False
    path = "\0" + address[1:] if address.startswith("@") else address
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.connect(path)
            channel.sendall(message.encode())
    except OSError as error:
        logger.warning("systemd could not be notified: %s", error)
        return False
    return True


def watchdog_interval_s() -> float | None:
    """How often systemd wants to hear from us (half its limit); None if it does not."""
    limit_us = os.environ.get("WATCHDOG_USEC", "")
    return int(limit_us) / 2e6 if limit_us.isdigit() and int(limit_us) else None


class FlowCheck:
    """Sees whether every watched stage keeps sending pictures."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, float]] = {}

    def stalled(self, stages: Iterable[Flowing], now_s: float) -> list[str]:
        """Names of watched stages whose pictures have not moved for ``FLOW_TIMEOUT_S``.

        Args:
            stages: all open ones.
            now_s: a monotonic time.
        """
        stalled = []
        seen = {}
        for stage in stages:
            count, since_s = self._seen.get(stage.name, (-1, now_s))
            if stage.video_emitted_count != count or not stage.viewer_count:
                count, since_s = stage.video_emitted_count, now_s
            seen[stage.name] = (count, since_s)
            if now_s - since_s > FLOW_TIMEOUT_S:
                stalled.append(stage.name)
        self._seen = seen
        return stalled


async def feed_watchdog(stages: Iterable[Flowing], interval_s: float) -> None:
    """Feed systemd's watchdog from the event loop for as long as pictures flow."""
    check = FlowCheck()
    loop = asyncio.get_running_loop()
    while True:
        stalled = check.stalled(stages, loop.time())
        if stalled:
            logger.error("no pictures flow on stage %s: the watchdog starves", ", ".join(stalled))
        else:
            notify("WATCHDOG=1")
        await asyncio.sleep(interval_s)

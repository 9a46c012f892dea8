"""How many stages this machine draws at once: what the next viewer's own stage depends on.

It is measured when the kiosk starts, and nothing of it is kept: another machine, preset or size is
measured anew. Speech that is made beside the pictures is not counted: the margin is for it.
"""

import logging
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from typing import Final

from kiosk.picture_cost import MakeSized, PictureCost, measure
from kiosk.worker import Runs

logger = logging.getLogger(__name__)

Px = tuple[int, int]
"""Width and height."""

SHARE: Final = 0.85
"""Of the time there is, what pictures may take; somewhat less than ``ladder.BUSY``."""

SENDING_S: Final = 0.005
"""Beside drawing and encoding: packets of sound and picture to one viewer, a picture's time."""


class Capacity:
    """Whether one more stage fits."""

    def __init__(self, stages: int, frame_rate_hz: int, cores: int | None = None) -> None:
        """Know nothing yet.

        Args:
            stages: as many fit, whatever they cost; 0: as is measured.
            frame_rate_hz: pictures a second of each.
            cores: that may be used; None: all that this process has.
        """
        self._stages = stages
        self._rate_hz = frame_rate_hz
        self._cores = cores or len(os.sched_getaffinity(0))
        self.costs: dict[Px, PictureCost] = {}
        """By the pictures' size, where it was measured."""

    def fits(self, opened: Sequence[Px], wanted: Px) -> bool:
        """Whether a stage of size *wanted* fits beside those that are open.

        The first one always does: a slow machine shows her as well as it can.
        """
        if self._stages:
            return len(opened) < self._stages
        if not opened or not self.costs:
            return True
        return sum(map(self.share, [*opened, wanted])) <= SHARE

    def places(self, size: Px) -> int | None:
        """How many stages of *size* fit; None: not known yet."""
        if self._stages or not self.costs:
            return self._stages or None
        return max(1, int(SHARE / self.share(size)))

    def share(self, size: Px) -> float:
        """Of the machine's time for pictures, what a stage takes: 1 is all.

        Drawing and encoding have a thread each and could overlap, but a picture waits for both:
        their sum is what the degradation ladder goes by, and nobody shall begin by going down it.
        """
        cost = self._cost(size)
        picture_s = cost.draw_s + cost.encode_s
        return max(picture_s, (picture_s + SENDING_S) / self._cores) * self._rate_hz

    async def measure(
        self, make: MakeSized, sizes: Iterable[Px], worker: Runs, encode_pool: Executor
    ) -> None:
        """Find out what pictures of *sizes* cost, unless the number of stages is given.

        Args:
            make: makes an engine.
            sizes: of the pictures.
            worker: draws.
            encode_pool: encodes.
        """
        if self._stages:
            return
        for size in dict.fromkeys(sizes):
            self.costs[size] = await measure(make, size, self._rate_hz, worker, encode_pool)
            logger.info("%s stages of %d×%d fit on this machine", self.places(size), *size)

    def _cost(self, size: Px) -> PictureCost:
        """Of another size than was measured: as its pixels are to those of the largest."""
        if size in self.costs:
            return self.costs[size]
        largest = max(self.costs, key=_pixels)
        times, cost = _pixels(size) / _pixels(largest), self.costs[largest]
        return PictureCost(cost.draw_s * times, cost.encode_s * times)


def _pixels(size: Px) -> int:
    return size[0] * size[1]

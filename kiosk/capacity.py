"""How many stages this machine draws at once: what the next viewer's own stage depends on.

It is measured when the kiosk starts, and again when a stage is first shown with another preset or
another number of steps; nothing of it is kept. Speech that is made beside the pictures is not
counted: the margin is for it.
"""

import logging
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final

from kiosk.picture_cost import MakeSized, PictureCost, measure
from kiosk.worker import Runs

logger = logging.getLogger(__name__)

Px = tuple[int, int]
"""Width and height."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What the cost of a picture depends on."""

    size: Px
    preset: str = "fast"
    steps: int = 0
    """Of the refiner, as many as are asked for."""


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
        self.costs: dict[Kind, PictureCost] = {}
        """Where it was measured."""

    def fits(self, opened: Sequence[Kind], wanted: Kind) -> bool:
        """Whether a stage of pictures as *wanted* fits beside those that are open.

        The first one always does: a slow machine shows her as well as it can.
        """
        if self._stages:
            return len(opened) < self._stages
        if not opened or not self.costs:
            return True
        return sum(map(self.share, [*opened, wanted])) <= SHARE

    def places(self, kind: Kind) -> int | None:
        """How many stages of *kind* fit; None: not known yet."""
        if self._stages or not self.costs:
            return self._stages or None
        return max(1, int(SHARE / self.share(kind)))

    def share(self, kind: Kind) -> float:
        """Of the machine's time for pictures, what a stage takes: 1 is all.

        Drawing and encoding have a thread each and could overlap, but a picture waits for both:
        their sum is what the degradation ladder goes by, and nobody shall begin by going down it.
        """
        cost = self._cost(kind)
        picture_s = cost.draw_s + cost.encode_s
        return max(picture_s, (picture_s + SENDING_S) / self._cores) * self._rate_hz

    def unknown(self, kind: Kind) -> bool:
        """Whether others were measured, but none that is drawn so."""
        return bool(self.costs) and all(_way(each) != _way(kind) for each in self.costs)

    async def measure(
        self, make: MakeSized, kinds: Iterable[Kind], worker: Runs, encode_pool: Executor,
        joining: Callable[[], bool] = lambda: True,
    ) -> None:  # fmt: skip
        """Find out what pictures of *kinds* cost, unless the number of stages is given.

        Args:
            make: makes an engine that draws so.
            kinds: of the pictures.
            worker: draws.
            encode_pool: encodes.
            joining: whether what can be drawn together is, once there is an engine.
        """
        if self._stages:
            return
        for kind in dict.fromkeys(kinds):
            self.costs[kind] = await measure(
                make, kind.size, self._rate_hz, worker, encode_pool, joining
            )
            logger.info("%s stages of %d×%d, %s, fit on this machine",
                        self.places(kind), *kind.size, kind.preset)  # fmt: skip

    def _cost(self, kind: Kind) -> PictureCost:
        """Of another size than was measured: as its pixels are to those of the largest.

        Of another way of drawing, as long as it is not measured: as of the dearest.
        """
        if kind in self.costs:
            return self.costs[kind]
        alike = [each for each in self.costs if _way(each) == _way(kind)] or list(self.costs)
        of = max(alike, key=lambda each: (_pixels(each.size), self.costs[each].draw_s))
        times, cost = _pixels(kind.size) / _pixels(of.size), self.costs[of]
        return PictureCost(cost.draw_s * times, cost.encode_s * times)


def _way(kind: Kind) -> tuple[str, int]:
    return kind.preset, kind.steps


def _pixels(size: Px) -> int:
    return size[0] * size[1]

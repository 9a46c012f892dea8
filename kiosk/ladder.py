"""The degradation ladder: what a stage gives up, in order, when pictures cost too much time.

It goes down as soon as pictures are late and climbs back slowly: only after a calm while, and more
slowly each time that climbing proved too early. A rung is judged by its own pictures alone, not by
those that were begun before it, and by more than one: the first may have had something to make
ready, such as to send a portrait to a GPU. The sound is never touched. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine.timeline import FRAME_RATES_HZ

BUSY: Final = 0.9
"""Of the time that a picture has: above it the stage is about to fall behind."""

CALM: Final = 0.55
"""Below it, the next better rung would still fit."""

HOPELESS: Final = 2.0
"""From here on she would jerk so much that holding still is the lesser evil."""

LATE_SHARE: Final = 0.25
"""Of recent pictures: more late ones than this are seen."""

SMOOTHING: Final = 0.15
"""Weight of the newest picture in the running means: about seven pictures."""

DOWN_EVERY_S: Final = 0.8
UP_AFTER_S: Final = 4.0
UP_AFTER_MAX_S: Final = 60.0
RELAPSE_S: Final = 10.0
"""Going down this soon after climbing doubles the wait before the next climb."""

HOLD_EVERY_S: Final = 1.0
"""On the last rung one picture in this time is drawn, so that she is not a photograph."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One way of working, cheaper than the one before."""

    name: str
    frame_rate_hz: int
    detail: int = 0
    """The engine's level of simplification; 0: none."""
    hold: bool = False
    """Whether pictures are held instead of drawn."""


def build(details: Sequence[str], frame_rate_hz: int) -> tuple[Rung, ...]:
    """The rungs of a stage, best first.

    Args:
        details: the cheaper ways that the engine knows, each cheaper than the one before, such as
            fewer steps of a refiner or a smaller region of the face; may be empty.
        frame_rate_hz: as configured.
    """
    rungs = [Rung("full", frame_rate_hz)]
    rungs += [Rung(name, frame_rate_hz, level) for level, name in enumerate(details, 1)]
    slowest_hz = min(FRAME_RATES_HZ)
    if slowest_hz < frame_rate_hz:
        rungs.append(Rung(f"{slowest_hz} Hz", slowest_hz, len(details)))
    return (*rungs, Rung("hold", slowest_hz, len(details), hold=True))


class Ladder:
    """Where a stage stands. Fed with each slot's cost, asked for the rung."""

    def __init__(self, rungs: Sequence[Rung]) -> None:
        """Begin on the best of *rungs*."""
        self.rungs = tuple(rungs)
        self.position = 0
        self.steps_down = 0
        self.steps_up = 0
        self._load = 0.0
        self._late = 0.0
        self._moved_s = -1e9
        self._climbed_s = -1e9
        self._calm_since_s: float | None = None
        self._wait_s = UP_AFTER_S
        self._load_is_new = True
        """Whether nothing is known yet of what this rung's pictures cost."""

    @property
    def rung(self) -> Rung:
        """How the stage works now."""
        return self.rungs[self.position]

    @property
    def load(self) -> float:
        """The share of a picture's time that pictures lately took."""
        return self._load

    def renew(self, rungs: Sequence[Rung]) -> None:
        """Work by the *rungs* of another look from now on, whose cost is not known yet.

        On the one of the same name, so that a dearer look does not begin by jerking; on the best if
        there are fewer, since the look is cheaper then; and never on the last, where it would take
        long to find out.
        """
        names, name = [rung.name for rung in rungs], self.rung.name
        stays = name in names and len(names) >= len(self.rungs)
        self.rungs = tuple(rungs)
        self.position = min(names.index(name) if stays else 0, len(names) - 2)
        self._begin()
        self._climbed_s = -1e9
        self._wait_s = UP_AFTER_S

    def observe(
        self, now_s: float, cost_s: float | None, slot_s: float, late: bool, begun: bool = True,
        sure: bool = True,
    ) -> bool:  # fmt: skip
        """Take account of one slot.

        Args:
            now_s: a monotonic time.
            cost_s: how long pictures of this rung take to draw and encode, waiting included; None:
                none is drawn yet.
            slot_s: how long a slot lasts.
            late: whether the slot had to repeat a picture.
            begun: whether a picture of this rung is drawn, or at least begun.
            sure: whether *cost_s* is of more than one picture; of one alone, it counts only where
                it is hopeless.

        Returns:
            Whether the rung changed.
        """
        if cost_s is not None and (sure or cost_s >= HOPELESS * slot_s):
            share = 1.0 if self._load_is_new else SMOOTHING
            self._load += share * (min(cost_s / slot_s, 4.0) - self._load)
            self._load_is_new = False
        if begun and not self.rung.hold:
            self._late += SMOOTHING * (float(late) - self._late)
        busy = self._load > BUSY and not self._load_is_new
        if busy or self._late > LATE_SHARE:
            self._calm_since_s = None
            return self._down(now_s)
        if self._load_is_new:
            return False
        if self._load > CALM or self._late > LATE_SHARE / 3:
            self._calm_since_s = None
            return False
        if self._calm_since_s is None:
            self._calm_since_s = now_s
        return self._up(now_s)

    def _down(self, now_s: float) -> bool:
        if self.position == len(self.rungs) - 1 or now_s - self._moved_s < DOWN_EVERY_S:
            return False
        hopeless = self._load >= HOPELESS and not self._load_is_new
        if self.rungs[self.position + 1].hold and not hopeless:
            return False
        relapsed = now_s - self._climbed_s < RELAPSE_S
        self._wait_s = min(2.0 * self._wait_s, UP_AFTER_MAX_S) if relapsed else UP_AFTER_S
        self.steps_down += 1
        self._move(self.position + 1, now_s)
        return True

    def _up(self, now_s: float) -> bool:
        assert self._calm_since_s is not None
        if self.position == 0 or now_s - self._calm_since_s < self._wait_s:
            return False
        self.steps_up += 1
        self._climbed_s = now_s
        self._move(self.position - 1, now_s)
        return True

    def _move(self, position: int, now_s: float) -> None:
        self.position = position
        self._moved_s = now_s
        self._begin()

    def _begin(self) -> None:
        """Nothing is known of the rung that it is on now."""
        self._calm_since_s = None
        self._late = 0.0
        self._load_is_new = True

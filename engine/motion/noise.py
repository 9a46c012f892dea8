"""Seeded chance as a pure function of place: any instant can be asked, in any order."""

import math
from typing import Final

_MASK: Final = (1 << 64) - 1


def chance(seed: int, channel: int, index: int) -> float:
    """A number in 0..1, uniform, of *index* in a *channel* of *seed* (splitmix64, Steele 2014)."""
    x = (
        seed * 0x9E3779B97F4A7C15 + channel * 0xD1B54A32D192ED03 + index * 0x8CB92BA72F3D8DD7
    ) & _MASK
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        x = ((x ^ (x >> shift)) * factor) & _MASK
    return ((x ^ (x >> 31)) >> 11) * (1.0 / (1 << 53))


def ease(u: float) -> float:
    """Minimum-jerk passage from 0 to 1 while *u* goes from 0 to 1 (Flash and Hogan 1985).

    Its slope is at most 1.875, its second derivative 5.78.
    """
    if u <= 0.0:
        return 0.0
    if u >= 1.0:
        return 1.0
    return u * u * u * (10.0 - 15.0 * u + 6.0 * u * u)


class Noise:
    """The noise of one seed.

    The draws of the cell last asked for are kept in each channel: time mostly goes on, and the
    draws are what costs. What is answered depends on the arguments alone.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._cells: dict[int, tuple[int, float, float]] = {}
        self._moves: dict[int, tuple[int, float, float, float]] = {}

    def chance(self, channel: int, index: int) -> float:
        """``chance`` of this seed."""
        return chance(self._seed, channel, index)

    def smooth(self, channel: int, x: float) -> float:
        """Band-limited noise in -1..1, about one swing per unit of *x*, twice differentiable."""
        cell = math.floor(x)
        kept = self._cells.get(channel)
        if kept is None or kept[0] != cell:
            a, b = (2.0 * self.chance(channel, i) - 1.0 for i in (cell, cell + 1))
            kept = self._cells[channel] = (cell, a, b - a)
        return kept[1] + kept[2] * ease(x - cell)

    def drift(self, channel: int, time_s: float, period_s: float, octaves: int = 3) -> float:
        """Noise whose swings get smaller as they get faster (about 1/f), in about -1..1."""
        total, size, pace = 0.0, 1.0, time_s / period_s
        for octave in range(octaves):
            total += size * self.smooth(16 * channel + octave, pace + 0.37 * octave)
            size *= 0.5
            pace *= 2.17
        return total / (2.0 - 2.0 * size)

    def steps(self, channel: int, time_s: float, cell_s: float, move_s: float) -> float:
        """Rest, a quick move, rest: in -1..1, one move in every *cell_s*, each *move_s* long."""
        cell = math.floor(time_s / cell_s)
        kept = self._moves.get(channel)
        if kept is None or kept[0] != cell:
            before, after = (2.0 * self.chance(16 * channel, i) - 1.0 for i in (cell - 1, cell))
            start_s = (cell + 0.7 * self.chance(16 * channel + 1, cell)) * cell_s
            kept = self._moves[channel] = (cell, before, after - before, start_s)
        room_s = max(0.01, min(move_s, (cell + 1) * cell_s - kept[3]))
        return kept[1] + kept[2] * ease((time_s - kept[3]) / room_s)

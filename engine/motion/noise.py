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
    """Minimum-jerk passage from 0 to 1 while *u* goes from 0 to 1 (Flash and Hogan 1985)."""
    u = min(max(u, 0.0), 1.0)
    return u * u * u * (10.0 - 15.0 * u + 6.0 * u * u)


def smooth(seed: int, channel: int, x: float) -> float:
    """Band-limited noise in -1..1, about one swing per unit of *x*, twice differentiable."""
    cell = math.floor(x)
    a = 2.0 * chance(seed, channel, cell) - 1.0
    b = 2.0 * chance(seed, channel, cell + 1) - 1.0
    return a + (b - a) * ease(x - cell)


def drift(seed: int, channel: int, time_s: float, period_s: float, octaves: int = 3) -> float:
    """Noise whose swings get smaller as they get faster (about 1/f), in about -1..1."""
    total, size = 0.0, 1.0
    for octave in range(octaves):
        place = time_s / period_s * 2.17**octave + 0.37 * octave
        total += size * smooth(seed, 16 * channel + octave, place)
        size *= 0.5
    return total / (2.0 - 0.5 ** (octaves - 1))


def steps(seed: int, channel: int, time_s: float, cell_s: float, move_s: float) -> float:
    """Rest, a quick move, rest: values in -1..1, one move in every *cell_s*, each *move_s* long."""
    cell = math.floor(time_s / cell_s)
    start_s = (cell + 0.7 * chance(seed, 16 * channel + 1, cell)) * cell_s
    before = 2.0 * chance(seed, 16 * channel, cell - 1) - 1.0
    after = 2.0 * chance(seed, 16 * channel, cell) - 1.0
    room_s = max(0.01, min(move_s, (cell + 1) * cell_s - start_s))
    return before + (after - before) * ease((time_s - start_s) / room_s)

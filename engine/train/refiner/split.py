"""Which portraits the refiner learns from, and which judge it."""

from collections.abc import Iterable
from typing import Final
from zlib import crc32

EVERY: Final = 6
"""About one portrait of so many is held out."""


def held_out(names: Iterable[str]) -> list[str]:
    """The names that judge, never trained on; each by itself, whatever others there are."""
    return sorted(name for name in names if crc32(name.encode()) % EVERY == 0)


def learnt(names: Iterable[str]) -> list[str]:
    """The others."""
    return sorted(name for name in names if crc32(name.encode()) % EVERY != 0)

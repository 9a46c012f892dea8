"""Which portraits the refiner learns from, and which judge it."""

from collections.abc import Iterable
from typing import Final

EVERY: Final = 6
"""One portrait of so many is held out."""


def held_out(names: Iterable[str]) -> list[str]:
    """The names that judge: every ``EVERY``-th in alphabetical order, never trained on."""
    return sorted(names)[EVERY - 1 :: EVERY]


def learnt(names: Iterable[str]) -> list[str]:
    """The others."""
    judges = set(held_out(names := sorted(names)))
    return [name for name in names if name not in judges]

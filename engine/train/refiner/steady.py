"""What is too long for a gradient: without normalisation one hard batch can undo a network."""

from dataclasses import dataclass
from math import isfinite
from typing import Final

LONGEST: Final = 0.5
"""Longer gradients are shortened to this."""
LONGER: Final = 1.5
"""And to so many times what is usual."""
SPIKE: Final = 4.0
"""Gradients so many times longer than usual teach nothing."""
RECENT: Final = 50
"""Steps over which what is usual is found."""


@dataclass
class Steady:
    """Knows how long gradients lately were."""

    usual: float | None = None
    """None: none was seen yet."""

    @property
    def longest(self) -> float:
        """To this a gradient is to be shortened."""
        return LONGEST if self.usual is None else min(LONGEST, LONGER * self.usual)

    def allows(self, length: float) -> bool:
        """Whether a gradient of *length* is to be followed; takes account of it."""
        if not isfinite(length):
            return False
        usual = self.usual if self.usual is not None else length
        # One that is left out counts a little, so that longer ones can become usual.
        self.usual = usual + (min(length, SPIKE * usual) - usual) / RECENT
        return length <= SPIKE * usual

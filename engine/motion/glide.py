"""A setting that passes smoothly from one value to the next."""

from typing import Final

from engine.motion.noise import ease

GLIDE_S: Final = 0.8
"""How long a change takes: no frame shows a jump, and an operator sees it at once."""


class Glide:
    """A number over time. It starts constant; ``go`` changes where it is headed."""

    def __init__(self, value: float) -> None:
        self._before = self._after = value
        self._start_s = 0.0

    def at(self, time_s: float) -> float:
        """The value at *time_s*."""
        part = ease((time_s - self._start_s) / GLIDE_S)
        return self._before + part * (self._after - self._before)

    def go(self, value: float, time_s: float) -> None:
        """From *time_s* on, pass to *value*, from wherever it is then."""
        self._before, self._after, self._start_s = self.at(time_s), value, time_s

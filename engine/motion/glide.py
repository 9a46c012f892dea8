"""A setting that passes smoothly from one value to the next."""

from typing import Final

from engine.motion.noise import ease

GLIDE_S: Final = 0.8
"""How long a change takes: no frame shows a jump, and an operator sees it at once."""


class Glide:
    """A number over time. It starts constant; ``go`` changes where it is headed."""

    def __init__(self, value: float, lasts_s: float = GLIDE_S) -> None:
        """Be *value*; changes will take *lasts_s*."""
        self._before = self._after = value
        self._start_s = 0.0
        self._lasts_s = lasts_s

    def at(self, time_s: float) -> float:
        """The value at *time_s*."""
        part = ease((time_s - self._start_s) / self._lasts_s)
        return self._before + part * (self._after - self._before)

    def go(self, value: float, time_s: float) -> None:
        """From *time_s* on, pass to *value*, from wherever it is then."""
        self._before, self._after, self._start_s = self.at(time_s), value, time_s

    def settle(self) -> None:
        """Be where it is headed, whatever the time: time may begin anew."""
        self._before = self._after

"""What a jitter buffer holds at the least, and what it should."""

from typing import Final

from engine.timeline import SAMPLE_RATE_HZ, samples

WANTED_SHARE: Final = 1.25
"""What is to be held at the least, as a share of what is taken at once: that much is missing when a
packet comes just after the taking instead of just before."""

MOST_WANTED_SAMPLES: Final = samples(0.1)

SLACK_SAMPLES: Final = samples(0.008)
"""The reserve may be off by this before anything is done about it."""

CLOSE_SAMPLES: Final = samples(0.001)
"""What is done ends when it is off by less than this."""

LOOK_BACK_S: Final = 2.0
LONGEST_LOOK_BACK_S: Final = 32.0

FORGIVES_S: Final = 60.0
"""After this long without a miss, it looks back half as far."""


class Reserve:
    """The least that was held lately. Time is counted in samples taken."""

    def __init__(self) -> None:
        self._look_back_samples = samples(LOOK_BACK_S)
        self._since_miss_samples = 0
        self._low: int | None = None
        self._earlier_low: int | None = None
        """The least of the stretch that is being observed, and of the one before it."""
        self._seen_samples = 0
        self._correcting = False
        self._wanted_samples = 0

    @property
    def surplus_samples(self) -> int:
        """How much too large the reserve is; negative: too small; 0: leave it alone."""
        lows = [low for low in (self._low, self._earlier_low) if low is not None]
        if not lows:
            return 0
        off = min(lows) - self._wanted_samples
        if off > 0 and self._earlier_low is None:
            return 0  # not seen for long enough to say that it is never needed
        self._correcting = abs(off) > (CLOSE_SAMPLES if self._correcting else SLACK_SAMPLES)
        return off if self._correcting else 0

    def observe(self, held_samples: int, count: int) -> None:
        """*held_samples* were left after *count* were taken."""
        wanted = min(round(WANTED_SHARE * count), MOST_WANTED_SAMPLES)
        self._wanted_samples = max(self._wanted_samples, wanted)
        self._low = held_samples if self._low is None else min(self._low, held_samples)
        self._seen_samples += count
        if self._seen_samples >= self._look_back_samples // 2:
            self._earlier_low, self._low = self._low, None
            self._seen_samples = 0
        self._since_miss_samples += count
        if self._since_miss_samples >= FORGIVES_S * SAMPLE_RATE_HZ:
            self._since_miss_samples = 0
            self._look_back_samples = max(samples(LOOK_BACK_S), self._look_back_samples // 2)

    def moved(self, count: int) -> None:
        """*count* samples more than were given have gone: what was held would have been less."""
        if self._low is not None:
            self._low -= count
        if self._earlier_low is not None:
            self._earlier_low -= count

    def missed(self, late: bool) -> None:
        """Sound ran out and goes on now; *late*: because it came late, not because of a pause."""
        if late:
            longest = samples(LONGEST_LOOK_BACK_S)
            self._look_back_samples = min(longest, 2 * self._look_back_samples)
            self._since_miss_samples = 0
        self._begin()

    def _begin(self) -> None:
        """See anew: what was held before says nothing about what is held now."""
        self._low = None
        self._earlier_low = None
        self._seen_samples = 0

"""Sound that is spoken elsewhere right now, taken at the pace of a stage's clock."""

from typing import Protocol

from engine.media import FloatArray


class LiveSound(Protocol):
    """What a stage says without knowing it beforehand; see ``jitter.JitterBuffer``."""

    @property
    def ended(self) -> bool:
        """Whether all of it was taken and nothing more comes."""
        ...

    def take(self, count: int) -> FloatArray:
        """The next *count* samples, shape (count,), mono at ``SAMPLE_RATE_HZ``.

        What has not come in time is concealed, what comes before its time waits.
        """
        ...

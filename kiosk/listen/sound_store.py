"""Sound that waits to be taken, with seams that do not click."""

from typing import Final

import numpy as np

from engine.media import FloatArray
from engine.timeline import samples

FADE_SAMPLES: Final = samples(0.005)
"""Length of every seam: no click, and no syllable lost."""

KEPT_SAMPLES: Final = samples(0.04)
"""What was taken last stays readable, so that a seam may go back to it."""

_FADE_IN: Final[FloatArray] = np.linspace(0.0, 1.0, FADE_SAMPLES, dtype=np.float32)


class SoundStore:
    """A queue of samples within a bound. What it gives is altered at seams alone."""

    def __init__(self, limit_samples: int) -> None:
        """Make an empty store that holds *limit_samples* at most."""
        self.limit_samples = limit_samples
        self._room: FloatArray = np.zeros(KEPT_SAMPLES + 4 * limit_samples, np.float32)
        self._read = self._write = KEPT_SAMPLES

    @property
    def held_samples(self) -> int:
        """What can be taken."""
        return self._write - self._read

    def append(self, sound: FloatArray) -> int:
        """Take *sound* in, shape (n,); returns how many of the oldest samples had to go."""
        dropped = max(0, len(sound) - self.limit_samples)
        self._add(sound[dropped:])
        if (over := self.held_samples - self.limit_samples) > 0:
            self.jump(over)
            dropped += over
        return dropped

    def _add(self, sound: FloatArray) -> None:
        if self._write + len(sound) > len(self._room):
            kept_from = self._read - KEPT_SAMPLES
            kept = self._room[kept_from : self._write].copy()
            self._room[: len(kept)] = kept
            self._read, self._write = KEPT_SAMPLES, len(kept)
        self._room[self._write : self._write + len(sound)] = sound
        self._write += len(sound)

    def take(self, count: int) -> FloatArray:
        """The next *count* samples, fewer if there are not so many."""
        count = min(count, self.held_samples)
        self._read += count
        return self._room[self._read - count : self._read].copy()

    def around(self, before: int, count: int) -> FloatArray:
        """*count* samples to come, with *before* that were taken, as they lie; not a copy."""
        return self._room[self._read - before : self._read + count]

    def jump(self, count: int) -> None:
        """Go on *count* samples later, or earlier if negative, fading from here to there.

        Args:
            count: at most what is held; not below ``-KEPT_SAMPLES``.
        """
        there = self._read + count
        fade = min(FADE_SAMPLES, self._write - max(self._read, there))
        if fade > 0:
            up = _FADE_IN if fade == FADE_SAMPLES else np.linspace(0, 1, fade, dtype=np.float32)
            here = self._room[self._read : self._read + fade] * (1.0 - up)
            self._room[there : there + fade] = here + up * self._room[there : there + fade]
        self._read = there

    def fade_in(self) -> None:
        """Let what comes next rise from silence."""
        fade = min(FADE_SAMPLES, self.held_samples)
        self._room[self._read : self._read + fade] *= _FADE_IN[:fade]

    def echo(self) -> FloatArray:
        """How the newest sample dies away: what came before it, backwards, fading out.

        Shape (``FADE_SAMPLES``,).
        """
        last = self._room[self._write - FADE_SAMPLES : self._write]
        return last[::-1] * (1.0 - _FADE_IN)

    def die_away(self) -> None:
        """Let the newest sample die away; the bound may be passed by that."""
        self._add(self.echo())

    def clear(self) -> int:
        """Forget what is held; returns how much that was."""
        count = self.held_samples
        self._read = self._write
        return count

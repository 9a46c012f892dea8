"""The sound of a stage on its timeline: written ahead, sent when due, cut at a barge-in."""

import numpy as np

from engine.media import Audio, FloatArray
from engine.timeline import SAMPLE_RATE_HZ

FADE_SAMPLES = SAMPLE_RATE_HZ * 8 // 1000
"""8 ms: short enough to stop within one packet, long enough not to click."""


class AudioLine:
    """The last samples before the write head: those still to be sent, and some sent before."""

    def __init__(self, capacity_samples: int = 2 * SAMPLE_RATE_HZ) -> None:
        """Make an empty line.

        Args:
            capacity_samples: samples kept before the write head. What was sent stays readable
                for an engine that lags.
        """
        self._buffer = np.zeros(capacity_samples, np.float32)
        self._play_pts = 0
        self._write_pts = 0
        self.underrun_samples = 0

    @property
    def play_pts(self) -> int:
        """The next sample to be sent."""
        return self._play_pts

    @property
    def write_pts(self) -> int:
        """The next sample to be written."""
        return self._write_pts

    @property
    def kept_pts(self) -> int:
        """The oldest sample that can still be read."""
        return max(0, self._write_pts - len(self._buffer))

    def write(self, samples: FloatArray) -> None:
        """Append *samples* at the write head.

        Raises:
            ValueError: more than the line can hold.
        """
        if self._write_pts + len(samples) - self._play_pts > len(self._buffer):
            raise ValueError("the audio line is full: write less, or send first")
        self._buffer[self._slots(self._write_pts, len(samples))] = samples
        self._write_pts += len(samples)

    def peek(self, pts: int, count: int) -> FloatArray:
        """A copy of *count* written samples from *pts* on.

        Raises:
            ValueError: they are not written yet, or no longer kept.
        """
        if pts < self.kept_pts or pts + count > self._write_pts:
            raise ValueError(f"samples {pts}..{pts + count} are not on the line")
        return self._buffer[self._slots(pts, count)]

    def send(self, count: int) -> Audio:
        """Take the next *count* samples; what was never written is silence, and counted."""
        have = min(count, self._write_pts - self._play_pts)
        samples = np.zeros(count, np.float32)
        samples[:have] = self._buffer[self._slots(self._play_pts, have)]
        self.underrun_samples += count - have
        if have < count:
            self.write(samples[have:])
        audio = Audio(self._play_pts, samples)
        self._play_pts += count
        return audio

    def cut(self, pts: int) -> int:
        """Forget what was written after *pts*, fading out before it; returns where the cut is."""
        pts = min(max(pts, self._play_pts), self._write_pts)
        fade = min(FADE_SAMPLES, pts - self._play_pts)
        slots = self._slots(pts - fade, fade)
        self._buffer[slots] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
        self._write_pts = pts
        return pts

    def _slots(self, pts: int, count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.arange(pts, pts + count) % len(self._buffer)

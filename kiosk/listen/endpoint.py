"""Where a visitor's speech starts and where it ends.

Hysteresis in time: speech starts when most of the last few frames are speech, so that a knock does
not start it, and ends after a hang-over, so that a pause for breath does not end it. What came just
before the start is kept, because the first consonant is softer than what gave it away.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.media import FloatArray
from kiosk.listen.frames import FRAME_S, FRAME_SAMPLES
from kiosk.listen.sensitivity import Thresholds

HANG_OVER_S: Final = 0.6
"""Silence that ends speech."""

PRE_ROLL_S: Final = 0.3
"""Kept from before the first frame of speech."""

TAIL_S: Final = 0.3
"""Kept from after the last frame of speech."""

LONGEST_S: Final = 30.0
"""Of one speech, so much is kept; the rest is heard and counted, not kept."""


@dataclass(frozen=True, slots=True)
class VisitorSpeech:
    """Something that a visitor says. Times in seconds of sound since the ear began to hear."""

    started_s: float
    ended_s: float | None
    """None while it goes on."""
    audio: FloatArray
    """Shape (n,), mono at 16 kHz, from ``PRE_ROLL_S`` before the start; at most ``LONGEST_S``."""


def _frames(duration_s: float) -> int:
    return round(duration_s / FRAME_S)


class Endpoint:
    """Follows one microphone, frame by frame."""

    def __init__(self, limits: Thresholds, hang_over_s: float = HANG_OVER_S) -> None:
        self._needed = limits.needed_frames
        self._hang_over = _frames(hang_over_s)
        self._recent: deque[bool] = deque(maxlen=limits.window_frames)
        self._before: deque[FloatArray] = deque(maxlen=limits.window_frames + _frames(PRE_ROLL_S))
        self.dropped_samples = 0
        """Samples of speech beyond ``LONGEST_S``, over all."""
        self._heard_frames = 0
        self.reset()

    @property
    def speaking(self) -> bool:
        """Whether a visitor speaks."""
        return self._start is not None

    def push(self, frame: FloatArray, is_speech: bool) -> VisitorSpeech | None:
        """Take the next frame; returns a speech that starts or ends with it.

        Args:
            frame: shape (FRAME_SAMPLES,).
            is_speech: whether it is a visitor's.
        """
        self._heard_frames += 1
        self._before.append(frame)
        self._recent.append(is_speech)
        if self._start is None:
            return self._begin() if sum(self._recent) >= self._needed else None
        self._keep(frame)
        if is_speech:
            self._last_speech = self._heard_frames
        if self._heard_frames - self._last_speech < self._hang_over:
            return None
        return self._finish()

    def reset(self) -> None:
        """Forget what is going on, without a word; time goes on."""
        self._start: int | None = None
        self._kept: list[FloatArray] = []
        self._last_speech = 0
        self._recent.clear()
        self._before.clear()

    def _begin(self) -> VisitorSpeech:
        first = self._heard_frames - len(self._recent) + self._recent.index(True)
        self._start, self._last_speech = first, self._heard_frames
        count = min(len(self._before), self._heard_frames - first + _frames(PRE_ROLL_S))
        self._kept = list(self._before)[-count:]
        return VisitorSpeech(first * FRAME_S, None, np.concatenate(self._kept))

    def _keep(self, frame: FloatArray) -> None:
        if len(self._kept) < _frames(LONGEST_S):
            self._kept.append(frame)
        else:
            self.dropped_samples += FRAME_SAMPLES

    def _finish(self) -> VisitorSpeech:
        assert self._start is not None
        over = self._heard_frames - self._last_speech - _frames(TAIL_S)
        full = len(self._kept) >= _frames(LONGEST_S)
        kept = self._kept if full or over <= 0 else self._kept[:-over]
        speech = VisitorSpeech(
            self._start * FRAME_S, self._last_speech * FRAME_S, np.concatenate(kept)
        )
        self._start, self._kept = None, []
        self._recent.clear()
        return speech

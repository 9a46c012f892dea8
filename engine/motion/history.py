"""The motion steps of the recent past, by time."""

from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.media import FloatArray
from engine.motion.lips import SPEECH
from engine.motion.prosody import Prosody
from engine.timeline import MOTION_RATE_HZ

LIMIT_STEPS: Final = 600 * MOTION_RATE_HZ
"""Ten minutes: beyond this, the oldest steps are dropped even if never asked for."""


@dataclass(frozen=True, slots=True)
class Step:
    """What the voice does to the face at one instant."""

    pts: int
    speech: FloatArray
    """Shape (len(SPEECH),)."""
    prosody: Prosody
    generation: int = 0


class History:
    """Steps in order of time, bounded; what is dropped unasked is counted in ``dropped``."""

    def __init__(self, pts: int) -> None:
        self._rest = Step(pts, np.zeros(len(SPEECH), np.float32), Prosody())
        self._steps: list[Step] = []
        self._times: list[int] = []
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._steps)

    @property
    def start_pts(self) -> int:
        """The oldest instant kept."""
        return self._times[0] if self._times else self._rest.pts

    @property
    def end_pts(self) -> int:
        """Every instant before this one is known."""
        return self._times[-1] + 1 if self._times else self._rest.pts

    def append(self, step: Step) -> None:
        """Add the newest step; one at the time of the last replaces it."""
        if self._times and step.pts == self._times[-1]:
            self._steps[-1] = step
            return
        self._steps.append(step)
        self._times.append(step.pts)
        if len(self._steps) > LIMIT_STEPS:
            self._drop(MOTION_RATE_HZ)
            self.dropped += MOTION_RATE_HZ

    def _drop(self, count: int) -> None:
        del self._steps[:count], self._times[:count]

    def trim(self, pts: int) -> None:
        """Steps that no instant from *pts* on needs may go."""
        count = bisect_right(self._times, pts) - 1
        if count >= MOTION_RATE_HZ:  # in lumps: cutting the front of a list costs
            self._drop(count)

    def cut(self, pts: int) -> None:
        """Forget every step after *pts*."""
        keep = bisect_right(self._times, pts)
        del self._steps[keep:], self._times[keep:]

    def at(self, pts: int) -> Step:
        """Between the steps around *pts*; before the oldest, the oldest."""
        if not self._steps:
            return self._rest
        after = bisect_right(self._times, pts)
        here = self._steps[max(after - 1, 0)]
        if after == 0 or after == len(self._steps) or here.pts == pts:
            return here
        there = self._steps[after]
        part = (pts - here.pts) / (there.pts - here.pts)
        speech = here.speech + np.float32(part) * (there.speech - here.speech)
        prosody = here.prosody.towards(there.prosody, part)
        return Step(pts, speech, prosody, here.generation)

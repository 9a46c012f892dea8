"""The half-duplex guard: the avatar's own voice in a microphone is not a visitor's.

It knows what was played, predicts how loud the echo of it is in each band now, and lets a frame
count as speech only where the microphone is clearly above that: somebody speaks over the avatar
(double talk). Where a canceller is installed (``canceller.py``) it listens to what that leaves.
"""

from typing import Final

import numpy as np

from engine.media import FloatArray
from kiosk.listen.bands import BANDS, band_levels_db
from kiosk.listen.canceller import Canceller, FarSound
from kiosk.listen.echo_path import EchoPath
from kiosk.listen.frames import SILENCE_DB
from kiosk.listen.sensitivity import Thresholds

DECAY_DB_PER_FRAME: Final = 2.5
"""The room rings on: 60 dB in half a second."""

QUIET_DB: Final = -70.0
"""An echo predicted below this is nobody's business."""

NEEDED_BANDS: Final = 4
"""So many bands stand out when somebody speaks."""

AHEAD_FRAMES: Final = 2
"""The canceller is given what was played so much before its echo, as its filter has only a past."""

REALIGN_FRAMES: Final = 3
"""It is aligned anew, and learns anew, when the delay has moved by so much."""


class EchoGuard:
    """The guard of one microphone beside one avatar."""

    def __init__(self, limits: Thresholds, canceller: Canceller | None = None) -> None:
        self._above_db = limits.above_echo_db
        self._canceller = canceller
        self.path = EchoPath()
        self._far = FarSound()
        self.reset()

    def reset(self) -> None:
        """Forget what was played and what was learnt."""
        self.path.reset()
        self._far.reset()
        self._tail_db: FloatArray = np.full(BANDS, SILENCE_DB, np.float32)
        self._offset = 0
        if self._canceller is not None:
            self._canceller.reset()

    def played(self, packet: FloatArray) -> None:
        """Take in what the avatar emits: 20 ms at 48 kHz, shape (960,)."""
        self.path.play(band_levels_db(packet))
        if self._canceller is not None:
            self._far.push(packet)

    def hear(self, frame: FloatArray) -> tuple[FloatArray, bool]:
        """Judge the next frame of the microphone.

        Args:
            frame: 20 ms at 16 kHz, shape (320,).

        Returns:
            The frame, with less echo if there is a canceller, and whether it may be a visitor.
        """
        if not self.path.played_count:
            return frame, True
        clean = self._cancel(frame)
        heard_db = band_levels_db(frame)
        clean_db = heard_db if clean is frame else band_levels_db(clean)
        played_db = self.path.hear(heard_db, clean_db)
        self._tail_db = np.maximum(played_db, self._tail_db - DECAY_DB_PER_FRAME)
        if max(played_db.max(), (self._tail_db + self.path.gain_db).max()) < QUIET_DB:
            return clean, True
        may_be = self._stands_out(clean_db, self.path.gain_db)
        if not self.path.settled:  # the canceller may take out, or put in, what is not there
            may_be = may_be and self._stands_out(heard_db, self.path.whole_gain_db)
        return clean, may_be

    def _stands_out(self, levels_db: FloatArray, gain_db: FloatArray) -> bool:
        expected_db = self._tail_db + gain_db + self._above_db
        return int((levels_db > expected_db).sum()) >= NEEDED_BANDS

    def _cancel(self, frame: FloatArray) -> FloatArray:
        if self._canceller is None:
            return frame
        delay = self.path.delay_frames
        offset = self.path.skew - (0 if delay is None else delay - AHEAD_FRAMES)
        if abs(offset - self._offset) >= REALIGN_FRAMES:
            self._offset = offset
            self._canceller.reset()
            self.path.relearn_gain()
        return self._canceller.cancel(frame, self._far.frame(self.path.heard_count + self._offset))

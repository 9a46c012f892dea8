"""How loud the room is when nobody speaks to the kiosk."""

from collections import deque
from typing import Final

from kiosk.listen.frames import FRAME_S

START_DB: Final = -55.0
"""Believed before anything was heard: a quiet office through a usual microphone."""

LOWEST_DB: Final = -72.0
"""No room is quieter: what a muted microphone gives is not taken for one."""

HIGHEST_DB: Final = -24.0
"""A visitor is louder than this beside the loudest hall."""

FALL_DB_PER_S: Final = 4.5
RISE_DB_PER_S: Final = 1.5
"""Falling three times as fast as rising, the floor settles where a quarter of the frames are
below it: near the level between the words of people who talk in the room."""

SPEECH_RISE_DB_PER_S: Final = 0.3
"""While somebody speaks to the kiosk; not zero, so that a noise taken for speech ends some day."""

PAUSE_S: Final = 2.0
"""Speech is never without a gap for so long: what stays louder is the room (minimum statistics;
R. Martin, *Noise Power Spectral Density Estimation*, 2001)."""


class NoiseFloor:
    """A slow quantile of the level, frame by frame."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the room."""
        self.level_db = START_DB
        self._recent_db: deque[float] = deque(maxlen=round(PAUSE_S / FRAME_S))

    def hear(self, level_db: float, speech: bool) -> None:
        """Take in the level of the next frame.

        Args:
            level_db: of the frame, in dB of full scale.
            speech: whether it is taken for a visitor's.
        """
        rise = SPEECH_RISE_DB_PER_S if speech else RISE_DB_PER_S
        per_s = rise if level_db > self.level_db else -FALL_DB_PER_S
        floor_db = self.level_db + per_s * FRAME_S
        self._recent_db.append(level_db)
        if len(self._recent_db) == self._recent_db.maxlen:
            floor_db = max(floor_db, min(self._recent_db))
        self.level_db = min(HIGHEST_DB, max(LOWEST_DB, floor_db))

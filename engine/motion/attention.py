"""How a face shows that it listens: turned to the visitor, calm, with a nod now and then."""

import math
from dataclasses import dataclass
from typing import Final

from engine.motion.glide import Glide
from engine.motion.noise import Noise, ease

ATTEND_S: Final = 0.4
"""How long the face takes to turn to listening, and back."""

LEAN_IN: Final = 0.018
"""Part by which the head grows: towards whom one listens to (Mehrabian, *Significance of posture
and position in the communication of attitude and status relationships*, 1969)."""

TILT_DEG: Final = 3.0
"""To one side, a seed's own: a canted head is read as friendly, a straight one as a challenge
(Costa, Menzani and Ricci Bitti, *Head canting in paintings: an historical study*, 2001)."""

CHIN_DEG: Final = 0.7
"""Down, as a head is that leans forward."""

BROWS: Final = 0.17
"""A touch: listeners raise their brows a little and hold them (Ekman, *About brows: emotional and
conversational signals*, 1979)."""

CALM: Final = 0.45
"""Of the head's idle drift that is left."""

NOD_CELL_S: Final = 4.6
"""At most one nod in this time. Listeners answer a speaker every few seconds, at breaks in what is
said (Ward and Tsukahara, *Prosodic features which cue back-channel responses in English and
Japanese*, 2000); where those are the face does not know."""

NOD_CHANCE: Final = 0.7
NOD_DEG: Final = 2.1
NOD_DOWN_S: Final = 0.36
NOD_UP_S: Final = 0.5
"""Listeners' nods are small, slow and mostly more than one, each smaller than the one before
(Hadar, Steiner and Rose, *Head movement during listening turns in conversation*, 1985)."""

SECOND_NOD: Final = 0.5
"""Of the first."""

EYES_FIRST: Final = 2.5
"""Eyes are back when the head has gone this part of its way: gaze shifts begin with the eyes
(Zangemeister and Stark, *Types of gaze movement*, 1982)."""

_NOD_CHANNEL: Final = 1300
_SIDE_CHANNEL: Final = 1310


def nod_shape(since_s: float) -> float:
    """Two nods, the second smaller, *since_s* seconds after they began: 0 at rest, 1 lowest."""
    one_s = NOD_DOWN_S + NOD_UP_S
    return _dip(since_s) + SECOND_NOD * _dip(since_s - one_s)


def _dip(since_s: float) -> float:
    return ease(since_s / NOD_DOWN_S) - ease((since_s - NOD_DOWN_S) / NOD_UP_S)


@dataclass(frozen=True, slots=True)
class Listening:
    """What listening adds to the face at one instant; nothing, if nobody is listened to."""

    part: float = 0.0
    """0 not at all, 1 all ears."""
    nod_deg: float = 0.0
    """Down."""
    tilt_deg: float = 0.0
    """To the side."""

    @property
    def elsewhere(self) -> float:
        """How far the eyes may leave the visitor: 1 freely, 0 not at all.

        Eyes are there before the head is, and leave after it.
        """
        return max(0.0, 1.0 - EYES_FIRST * self.part)

    @property
    def drift(self) -> float:
        """How much of the head's idle drift is left."""
        return 1.0 - (1.0 - CALM) * self.part

    @property
    def lean(self) -> float:
        """Part by which the head grows."""
        return LEAN_IN * self.part

    @property
    def brows(self) -> float:
        """How far they are raised."""
        return BROWS * self.part


NOT_LISTENING: Final = Listening()


class Attention:
    """Whether the face of one seed listens, over time: a glide, and what time makes of it."""

    def __init__(self, noise: Noise) -> None:
        self._noise = noise
        self._glide = Glide(0.0, ATTEND_S)
        self._side = math.copysign(1.0, noise.chance(_SIDE_CHANNEL, 0) - 0.5)

    def go(self, listening: bool, time_s: float) -> None:
        """From *time_s* on, turn to listening, or back, within ``ATTEND_S``."""
        self._glide.go(1.0 if listening else 0.0, time_s)

    def settle(self) -> None:
        """Be where it is headed: time may begin anew."""
        self._glide.settle()

    def at(self, time_s: float) -> Listening:
        """What listening adds to the face at *time_s*."""
        part = self._glide.at(time_s)
        if not part:
            return NOT_LISTENING
        return Listening(part, part * self._nod(time_s), part * TILT_DEG * self._side)

    def _nod(self, time_s: float) -> float:
        """Degrees down; none begins in one cell and ends in the next."""
        cell = math.floor(time_s / NOD_CELL_S)
        if self._noise.chance(_NOD_CHANNEL, cell) >= NOD_CHANCE:
            return 0.0
        room_s = NOD_CELL_S - 2.0 * (NOD_DOWN_S + NOD_UP_S)
        start_s = cell * NOD_CELL_S + room_s * self._noise.chance(_NOD_CHANNEL + 1, cell)
        size = 0.7 + 0.3 * self._noise.chance(_NOD_CHANNEL + 2, cell)
        return NOD_DEG * size * nod_shape(time_s - start_s)

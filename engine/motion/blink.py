"""When and how the lids fall."""

import math
from typing import Final

from engine.motion.gaze import GAZE_CELL_S, LOOK_AWAY_CHANCE, Gaze
from engine.motion.noise import Noise, ease
from engine.motion.prosody import Prosody

CLOSING_S: Final = 0.09
CLOSED_S: Final = 0.04
OPENING_S: Final = 0.18
"""Lids fall faster than they rise (Trutoiu et al., *Modeling and animating eye blinks*, 2011;
VanderWerf et al., *Eyelid movements*, 2003)."""

BLINK_S: Final = CLOSING_S + CLOSED_S + OPENING_S

WITH_GLANCE_CHANCE: Final = 0.5
"""Large saccades bring a blink along (Evinger et al., *Not looking while leaping*, 1994)."""

AT_PHRASE_END_CHANCE: Final = 0.38
"""Blinks gather at the breaks of speech (Nakano and Kitazawa, *Eyeblink entrainment at breakpoints
of speech*, 2010)."""

LEFT_IN_SPEECH: Final = 0.7
"""Of the other blinks, those that stay while speaking: with the ones at phrase ends the rate is
about that of rest. People blink 17 times a minute at rest and 26 in talk (Bentivoglio et al. 1997;
8 to 21 and 10 to 32: Doughty 2001); a face that looks at a visitor stays between 15 and 20."""

LEFT_IN_LISTENING: Final = 0.6
"""Of those: people blink less while what they attend to holds them (Shultz, Klin and Jones,
*Inhibition of eye blinking reveals subjective perceptions of stimulus salience*, 2011)."""

_EDGE: Final = 0.06
"""Over this much of ``lively`` a blink fades instead of vanishing while it lasts."""


def blink_shape(since_s: float) -> float:
    """Lid closure *since_s* seconds after a blink began: 0 open, 1 shut."""
    if since_s <= 0.0 or since_s >= BLINK_S:
        return 0.0
    if since_s < CLOSING_S:
        return ease(since_s / CLOSING_S)
    rising = (since_s - CLOSING_S - CLOSED_S) / OPENING_S
    return 1.0 - ease(max(0.0, rising) ** 0.8)


class Blinks:
    """The blinks of one seed: of their own, with glances, and at the ends of phrases."""

    def __init__(self, noise: Noise, gaze: Gaze, per_min: float) -> None:
        self._noise, self._gaze = noise, gaze
        with_glances = 60.0 / GAZE_CELL_S * LOOK_AWAY_CHANCE * WITH_GLANCE_CHANCE
        self._cell_s = 60.0 / max(per_min - with_glances, 0.1) if per_min else math.inf

    def at(self, time_s: float, prosody: Prosody, listening: float = 0.0) -> float:
        """Lid closure: 0 open, 1 shut.

        Args:
            time_s: when.
            prosody: of the voice, at that instant.
            listening: 0 not at all, 1 all ears.
        """
        if math.isinf(self._cell_s):
            return 0.0
        return max(
            self._own(time_s, prosody.lively, listening),
            (1.0 - listening) * self._with_glance(time_s),
            self._at_phrase_end(prosody),
        )

    def _own(self, time_s: float, lively: float, listening: float) -> float:
        """One blink in every cell, anywhere in it; fewer in speech, and while listening."""
        cell, closure = math.floor(time_s / self._cell_s), 0.0
        for i in (cell - 1, cell):
            start_s = (i + 0.1 + 0.8 * self._noise.chance(1100, i)) * self._cell_s
            shape = blink_shape(time_s - start_s)
            if shape:
                closure = max(closure, self._depth(i) * shape * self._stays(i, lively, listening))
        return closure

    def _depth(self, index: int) -> float:
        return 0.92 + 0.08 * self._noise.chance(1101, index)

    def _stays(self, index: int, lively: float, listening: float) -> float:
        """1 for a blink that stays while the voice is this *lively*, else 0."""
        kept = 1.0 - (1.0 - LEFT_IN_SPEECH) * min(1.0, lively / 0.7)
        kept *= 1.0 - (1.0 - LEFT_IN_LISTENING) * listening
        return ease((kept - self._noise.chance(1102, index)) / _EDGE + 1.0)

    def _with_glance(self, time_s: float) -> float:
        glance = self._gaze.glance(time_s)
        if glance is None or glance.draw >= WITH_GLANCE_CHANCE:
            return 0.0
        return blink_shape(time_s - glance.start_s + 0.02)

    def _at_phrase_end(self, prosody: Prosody) -> float:
        pause = prosody.pause
        if pause.since_s > 1.0 or self._noise.chance(1110, pause.phrases) >= AT_PHRASE_END_CHANCE:
            return 0.0
        delay_s = 0.26 + 0.3 * self._noise.chance(1111, pause.phrases)
        return blink_shape(pause.since_s - delay_s)

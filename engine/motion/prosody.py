"""What the voice does to the head, the eyes and the brows: stress, phrase begins, pauses."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from engine.media import FloatArray
from engine.motion.pause import Pause
from engine.timeline import MOTION_RATE_HZ

LOUD_RANGE: Final = 0.12
"""Rise of the mel level over the voice's own mean that counts as full stress (6 dB)."""

USUAL_LEVEL: Final = -0.2
"""Mel level of a voice before one was heard."""

ONSET_RANGE: Final = 0.15
"""Rise of the mel level over its slow mean that counts as a sound setting in (7.5 dB)."""

SPEAKING_OPENING: Final = 0.07
"""Lip opening, of an open vowel's, from which the lips are at work."""

ATTACK_S: Final = 0.25
RELEASE_S: Final = 0.9
LIVELY_S: Final = 0.3


def _pole(time_constant_s: float) -> float:
    return float(1.0 - np.exp(-1.0 / (MOTION_RATE_HZ * time_constant_s)))


_ATTACK, _RELEASE, _LIVELY = _pole(ATTACK_S), _pole(RELEASE_S), _pole(LIVELY_S)
_FAST, _SLOW = _pole(0.05), _pole(0.8)
_NOD, _BROW, _PHRASE = _pole(0.11), _pole(0.16), _pole(1.4)


@dataclass(frozen=True, slots=True)
class Prosody:
    """The state at one motion step; the next one follows from it alone."""

    speaking: float = 0.0
    """0 silent to 1 in full speech."""
    lively: float = 0.0
    """``speaking``, smoothed again: what moves the head has to begin softly."""
    nod: float = 0.0
    """Stress, smoothed twice: 0..1."""
    brow: float = 0.0
    """Stress and phrase begins, smoothed: 0..1."""
    pause: Pause = field(default_factory=Pause)
    fast: float = -1.0
    slow: float = -1.0
    voice: float = USUAL_LEVEL
    """Mean level while the lips are open: a phrase that begins is no stress."""
    nod_inner: float = 0.0
    brow_inner: float = 0.0
    phrase: float = 0.0

    def next(self, level: float, opening: float) -> "Prosody":
        """One motion step later.

        Args:
            level: mean of the step's mel bands, -1 (silence) to about 0.5.
            opening: lip opening of the step, 0..1; tells speech from noise.
        """
        active = min(1.0, opening / 0.2)
        rate = _ATTACK if active > self.speaking else _RELEASE
        speaking = self.speaking + rate * (active - self.speaking)
        fast = self.fast + _FAST * (level - self.fast)
        slow = self.slow + _SLOW * (level - self.slow)
        voice = self.voice + _SLOW * active * (level - self.voice)
        stress = speaking * min(1.0, max(0.0, fast - voice) / LOUD_RANGE)
        phrase = self.phrase + _PHRASE * (speaking - self.phrase)
        rise = max(0.0, speaking - phrase)
        nod_inner = self.nod_inner + _NOD * (stress - self.nod_inner)
        brow_inner = self.brow_inner + _BROW * (max(0.7 * nod_inner, rise) - self.brow_inner)
        return Prosody(
            speaking=speaking,
            lively=self.lively + _LIVELY * (speaking - self.lively),
            nod=self.nod + _NOD * (nod_inner - self.nod),
            brow=self.brow + _BROW * (brow_inner - self.brow),
            pause=self.pause.next(opening > SPEAKING_OPENING, level - slow > ONSET_RANGE),
            fast=fast,
            slow=slow,
            voice=voice,
            nod_inner=nod_inner,
            brow_inner=brow_inner,
            phrase=phrase,
        )

    def towards(self, other: "Prosody", part: float) -> "Prosody":
        """Between this step and the *other*: *part* 0 is here, 1 is there."""
        return Prosody(
            speaking=self.speaking + part * (other.speaking - self.speaking),
            lively=self.lively + part * (other.lively - self.lively),
            nod=self.nod + part * (other.nod - self.nod),
            brow=self.brow + part * (other.brow - self.brow),
            pause=self.pause.towards(other.pause, part),
            fast=self.fast,
            slow=self.slow,
            voice=self.voice,
            nod_inner=self.nod_inner,
            brow_inner=self.brow_inner,
            phrase=self.phrase,
        )


def level_of(pairs: FloatArray) -> FloatArray:
    """Level of each step from the network's input (steps, PAIR_BANDS): shape (steps,)."""
    return np.asarray(pairs.mean(axis=1), np.float32)

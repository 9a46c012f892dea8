"""How long phrases will sound and how long making them takes, learned from those that were made."""

import re
import threading
from dataclasses import dataclass
from typing import Final

from kiosk.speech.phrases import HANZI_WEIGHT
from kiosk.speech.sentences import HAN_LETTER

DIGIT_WEIGHT: Final = 4
"""A digit takes as long to say as this many Latin letters: ``7`` is *seven*."""

SECONDS_PER_WEIGHT: Final = 0.068
"""Of the neural voices, before anything was heard of them: about 15 Latin letters a second."""

COST_PER_SECOND: Final = 0.4
"""Seconds of work that a second of sound takes, before anything was measured."""

SILENCE_S: Final = 0.65
"""The neural voices make so much silence about each phrase, which is cut off: it costs as much as
speech."""

_SHARE: Final = 0.25
"""Of each new observation in what is believed."""

_DUREST: Final = 3.0
"""No observation counts for more than this many times what was believed, nor for less than its
inverse: a machine that slept for a moment is not slow."""

_NEARLY_TOO_SLOW: Final = 0.8
"""Seconds of work for a second of sound; what is slower is not to be helped by longer phrases."""

_DIGIT: Final = re.compile(r"\d")


def weight(text: str) -> int:
    """Length of *text* in Latin letters' worth of speaking time."""
    han, digits = len(HAN_LETTER.findall(text)), len(_DIGIT.findall(text))
    return len(text.strip()) + (HANZI_WEIGHT - 1) * han + (DIGIT_WEIGHT - 1) * digits


@dataclass(slots=True)
class _Learned:
    seconds_per_weight: float = SECONDS_PER_WEIGHT
    cost_per_second: float = COST_PER_SECOND


class Pace:
    """What is known of the voices' speed, by language. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_language: dict[str, _Learned] = {}

    def observe(self, language: str, text: str, sounded_s: float, made_s: float) -> None:
        """Learn from a phrase.

        Args:
            language: ISO 639-1 code.
            text: as it is written.
            sounded_s: how long it sounds, at rate 1.
            made_s: how long making it took.
        """
        if not (length := weight(text)) or sounded_s <= 0.0:
            return
        with self._lock:
            known = self._by_language.setdefault(language, _Learned())
            known.seconds_per_weight = _nearer(known.seconds_per_weight, sounded_s / length)
            cost = made_s / (sounded_s + SILENCE_S)
            known.cost_per_second = _nearer(known.cost_per_second, cost)

    def duration_s(self, language: str, text: str) -> float:
        """How long *text* will sound at rate 1."""
        return weight(text) * self._of(language).seconds_per_weight

    def cost_s(self, language: str, duration_s: float) -> float:
        """How long making *duration_s* of speech will take."""
        return (duration_s + SILENCE_S) * self._of(language).cost_per_second

    def sustained_s(self, language: str) -> float:
        """The length of phrases of which each sounds as long as making the next one takes."""
        cost = min(self._of(language).cost_per_second, _NEARLY_TOO_SLOW)
        return cost * SILENCE_S / (1.0 - cost)

    def _of(self, language: str) -> _Learned:
        with self._lock:
            return self._by_language.get(language, _Learned())


def _nearer(believed: float, seen: float) -> float:
    bounded = min(max(seen, believed / _DUREST), believed * _DUREST)
    return believed + _SHARE * (bounded - believed)

"""Speech of texts that are known beforehand (the touch topics), kept so that they sound at once.

Only those texts are kept, in memory alone: what visitors ask for is forgotten when it was said.
"""

import threading
from collections.abc import Iterable, Iterator
from typing import Final

from kiosk.speech import phrases
from kiosk.speech.registry import Voices
from kiosk.speech.voice import Speech

CAPACITY_BYTES: Final = 64 * 1024 * 1024
"""About eleven minutes of a neural voice."""

_Key = tuple[str, str, float]


class PreparedSpeech:
    """Spoken phrases of known texts, by voice and rate. Thread-safe."""

    def __init__(self, texts: Iterable[str] = (), capacity_bytes: int = CAPACITY_BYTES) -> None:
        """Nothing is spoken yet.

        Args:
            texts: the texts whose phrases are kept.
            capacity_bytes: samples kept at most; phrases beyond it are made anew each time.
        """
        self._texts = tuple(texts)
        self._capacity_bytes = capacity_bytes
        self._lock = threading.Lock()
        self._kept: dict[_Key, Speech] = {}
        self._kept_bytes = 0
        self._known: frozenset[str] | None = None
        self.hits = 0

    def get(self, voice: str, spoken: str, rate: float) -> Speech | None:
        """The phrase as *voice* speaks it, if it is kept."""
        with self._lock:
            speech = self._kept.get((voice, spoken, rate))
            self.hits += speech is not None
            return speech

    def put(self, voice: str, spoken: str, rate: float, speech: Speech) -> None:
        """Keep the phrase if it belongs to a known text and there is room."""
        with self._lock:
            key = (voice, spoken, rate)
            fits = self._kept_bytes + speech.samples.nbytes <= self._capacity_bytes
            if key not in self._kept and fits and spoken in self._phrases():
                self._kept[key] = speech
                self._kept_bytes += speech.samples.nbytes

    def prepare(self, voices: Voices, rate: float) -> Iterator[str]:
        """Speak the first phrase of every text; the others are kept when they are first said.

        Args:
            voices: who speaks.
            rate: speaking rate.

        Yields:
            Each phrase before it is spoken, so that the caller can wait or stop.
        """
        for text in self._texts:
            phrase = next(phrases.split(text), None)
            if phrase is not None:
                yield phrase.spoken
                voice = voices.for_language(phrase.language)
                if self.get(voice.info.name, phrase.spoken, rate) is None:
                    speech = voice.speak(phrase.spoken, rate)
                    self.put(voice.info.name, phrase.spoken, rate, speech)

    def _phrases(self) -> frozenset[str]:
        """All phrases of the texts; found when first asked for, since it loads the grammars."""
        if self._known is None:
            self._known = frozenset(
                phrase.spoken for text in self._texts for phrase in phrases.split(text)
            )
        return self._known

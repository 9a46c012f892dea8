"""Speech of texts that are known beforehand (the touch topics), kept so that they sound at once.

Only those texts are kept, in memory alone: what visitors ask for is forgotten when it was said.
"""

import threading
from collections.abc import Iterable, Iterator
from typing import Final

from kiosk.speech import phrases
from kiosk.speech.delivery import Delivery
from kiosk.speech.manner import Manner
from kiosk.speech.registry import Voices
from kiosk.speech.stop import StopSignal
from kiosk.speech.voice import Speech, VoiceError

CAPACITY_BYTES: Final = 64 * 1024 * 1024
"""About eleven minutes of a neural voice."""

_Key = tuple[str, str, Manner]


class PreparedSpeech:
    """Spoken phrases of known texts, by voice and manner. Thread-safe."""

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
        self._full = False
        self._stop = StopSignal()
        self._delivery = Delivery()
        self._known: frozenset[str] | None = None
        self.hits = 0

    def get(self, voice: str, spoken: str, manner: Manner) -> Speech | None:
        """The phrase as *voice* speaks it, if it is kept."""
        with self._lock:
            speech = self._kept.get((voice, spoken, manner.sound))
            self.hits += speech is not None
            return speech

    def put(self, voice: str, spoken: str, manner: Manner, speech: Speech) -> None:
        """Keep the phrase if it belongs to a known text and there is room.

        What another voice spoke in its stead is not: *voice* may be able to the next time.
        """
        if speech.stand_in:
            return
        with self._lock:
            key = (voice, spoken, manner.sound)
            if key in self._kept or spoken not in self._phrases():
                return
            self._full = self._kept_bytes + speech.samples.nbytes > self._capacity_bytes
            if not self._full:
                self._kept[key] = speech
                self._kept_bytes += speech.samples.nbytes

    def pause(self) -> None:
        """Give way: whatever is being prepared is broken off, and made later."""
        self._stop.set()

    def prepare(
        self, voices: Voices, manner: Manner, *, beginnings_only: bool = False
    ) -> Iterator[str]:
        """Speak all phrases of the texts, the beginnings of all texts first.

        Args:
            voices: who speaks.
            manner: how they speak.
            beginnings_only: nothing but the beginnings: the rest can be made while they sound.

        Yields:
            Each phrase before it is spoken, so that the caller can wait or stop.
        """
        split = [list(phrases.split(text)) for text in self._texts]
        beginnings = [text[0] for text in split if text]
        rest = [] if beginnings_only else [phrase for text in split for phrase in text[1:]]
        for phrase in beginnings + rest:
            tried = False
            while not (tried or self._made(voices, phrase, manner)):
                yield phrase.spoken
                tried = self._make(voices, phrase, manner)

    def _made(self, voices: Voices, phrase: phrases.Phrase, manner: Manner) -> bool:
        name = voices.for_language(phrase.language).info.name
        with self._lock:
            return self._full or (name, phrase.spoken, manner.sound) in self._kept

    def _make(self, voices: Voices, phrase: phrases.Phrase, manner: Manner) -> bool:
        """Speak *phrase* and keep it; whether it was spoken, not broken off."""
        voice = voices.for_language(phrase.language)
        self._stop = stop = StopSignal()
        try:
            speech = self._delivery.speak(voice, phrase.spoken, manner, stop)
        except VoiceError:
            if stop.is_set:
                return False
            raise
        self.put(voice.info.name, phrase.spoken, manner, speech)
        return True

    def _phrases(self) -> frozenset[str]:
        """All phrases of the texts; found when first asked for, since it loads the grammars."""
        if self._known is None:
            self._known = frozenset(
                phrase.spoken for text in self._texts for phrase in phrases.split(text)
            )
        return self._known

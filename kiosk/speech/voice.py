"""What every voice offers, and the speech it gives."""

from dataclasses import dataclass
from typing import Protocol

from engine.media import FloatArray


@dataclass(frozen=True, slots=True)
class WordTime:
    """When a word sounds, for captions that follow the voice."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class PhonemeTime:
    """When a phoneme (IPA symbol) sounds."""

    symbol: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Speech:
    """One spoken phrase."""

    text: str
    """The phrase as the caller wrote it: what the captions show."""
    samples: FloatArray
    """Mono, full scale ±1.0."""
    sample_rate_hz: int
    words: tuple[WordTime, ...] = ()
    phonemes: tuple[PhonemeTime, ...] = ()
    stand_in: bool = False
    """Spoken by another voice than was asked, which could not."""

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate_hz


@dataclass(frozen=True, slots=True)
class VoiceInfo:
    """Who is speaking."""

    name: str
    """Unique among all voices, e.g. ``af_heart``."""
    engine: str
    """``kokoro``, ``piper``, ``espeak``; ``wyoming`` or ``openai``: another machine."""
    languages: tuple[str, ...]
    """ISO 639-1 codes it reads, best first, e.g. ``("en",)``."""
    gender: str
    """``female``, ``male`` or ``unknown``."""
    licence: str
    """SPDX identifier."""


class Voice(Protocol):
    """A text-to-speech voice. Blocking and thread-safe; called from the speech thread."""

    @property
    def info(self) -> VoiceInfo:
        """Who is speaking."""
        ...

    def speak(self, text: str, rate: float = 1.0) -> Speech:
        """Speak one phrase in one language.

        Args:
            text: a phrase as returned by ``phrases.split``.
            rate: speaking rate, 0.5 to 2.0; 1.0 is the voice's own.

        Raises:
            VoiceError: the phrase cannot be spoken, with the remedy.
        """
        ...


class VoiceError(Exception):
    """A voice is missing or failed; the message names the remedy."""

"""Has any voice speak in a manner: by its own means, or else by working its sound."""

import logging
from dataclasses import replace
from typing import Final, Protocol, runtime_checkable

from kiosk.speech import loudness, reshape
from kiosk.speech.manner import Manner
from kiosk.speech.stop import StopSignal, speak
from kiosk.speech.voice import Speech, Voice

_log: Final = logging.getLogger(__name__)


@runtime_checkable
class MannerVoice(Protocol):
    """A voice that speaks in a manner by its own means."""

    @property
    def moves_pitch(self) -> bool:
        """Whether pitch and pitch range are among them."""
        ...

    def speak_as(self, text: str, manner: Manner, stop: StopSignal) -> Speech:
        """As ``StoppableVoice.speak_until``, in a *manner*; pauses and loudness are not its own."""
        ...


class Delivery:
    """Speaks phrases in a manner; remembers of whom it has said what they cannot do."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def speak(self, voice: Voice, text: str, manner: Manner, stop: StopSignal) -> Speech:
        """Have *voice* speak *text*.

        Args:
            voice: who speaks.
            text: one phrase.
            manner: how; its pause lies between phrases and is left to the caller.
            stop: gives the work up when set.

        Raises:
            VoiceError: it was stopped, or the phrase cannot be spoken.
        """
        if isinstance(voice, MannerVoice):
            speech = voice.speak_as(text, manner, stop)
            moved = voice.moves_pitch
        else:
            speech = speak(voice, text, manner.rate, stop)
            moved = False
        if manner.moves_pitch and not moved:
            self._tell(voice)
            speech = _pitched(speech, manner.pitch_semitones)
        return _louder(speech, manner.loudness_db)

    def _tell(self, voice: Voice) -> None:
        info = voice.info
        if info.name not in self._told:
            self._told.add(info.name)
            remedy = "kiosk voices fetch" if info.engine == "kokoro" else "a kokoro voice"
            _log.warning(
                "voice %s cannot move its melody: pitch_semitones shifts its finished sound and "
                "pitch_range is ignored; remedy: %s",
                info.name,
                remedy,
            )


def _pitched(speech: Speech, semitones: float) -> Speech:
    if semitones == 0.0:
        return speech
    moved = reshape.pitched(speech.samples, speech.sample_rate_hz, semitones)
    faded = loudness.fade(loudness.limit(moved, speech.sample_rate_hz), speech.sample_rate_hz)
    return replace(speech, samples=faded)


def _louder(speech: Speech, loudness_db: float) -> Speech:
    if loudness_db == 0.0:
        return speech
    samples = loudness.louder(speech.samples, speech.sample_rate_hz, loudness_db)
    return replace(speech, samples=samples)

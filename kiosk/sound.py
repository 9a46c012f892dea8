"""Speech as one stretch of sound, for work that is not live."""

import asyncio
from pathlib import Path

import numpy as np

from engine.media import FloatArray
from kiosk.config import SpeechSettings
from kiosk.sources import piece_of
from kiosk.speech.decode import AudioFileError, decode
from kiosk.speech.manner import Wish
from kiosk.speech.registry import Voices
from kiosk.speech.speaker import Speaker


def from_file(path: Path) -> FloatArray:
    """The sound of a file, mono at the master rate.

    Raises:
        AudioFileError: it cannot be read, is no sound file, or has no sound.
    """
    try:
        return _joined(list(decode(path.read_bytes())))
    except OSError as error:
        reason = error.strerror or error
        raise AudioFileError(f"{path}: {reason}: give a sound file that can be read") from error
    except AudioFileError as error:
        raise AudioFileError(f"{path}: {error}") from error


def spoken(text: str, voice: str | None, settings: SpeechSettings) -> FloatArray:
    """*text* as it sounds when spoken, mono at the master rate, with its pauses.

    Args:
        text: what to say.
        voice: who says it; None: the configured voices.
        settings: how it is said.

    Raises:
        VoiceError: the voice is unknown, or failed.
        SpeechTextError: there is nothing to say in *text*, or too much.
    """
    return asyncio.run(_speak(text, voice, settings))


async def _speak(text: str, voice: str | None, settings: SpeechSettings) -> FloatArray:
    voices = Voices(settings.voices_path, settings.threads, settings.voices)
    speaker = Speaker(voices, max_characters=settings.max_characters)
    manner = Wish().over(settings.manner, settings.style)
    try:
        request = speaker.say(text, voice=voice, manner=manner)
        return _joined([piece_of(phrase).samples async for phrase in request])
    finally:
        speaker.close()


def _joined(chunks: list[FloatArray]) -> FloatArray:
    return np.concatenate([np.zeros(0, np.float32), *chunks])

"""Speech as one stretch of sound."""

import asyncio
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from engine.timeline import SAMPLE_RATE_HZ
from kiosk import sound
from kiosk.config import SpeechSettings
from kiosk.speech.decode import AudioFileError
from kiosk.speech.manner import STYLES, Manner
from kiosk.speech.speaker import SpokenPhrase
from kiosk.speech.voice import Speech


def test_a_file_becomes_mono_at_the_master_rate(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    time_s = np.arange(8000) / 16_000
    tone = (8000 * np.sin(2 * np.pi * 440 * time_s)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(np.repeat(tone, 2).tobytes())
    samples = sound.from_file(path)
    assert samples.dtype == np.float32
    assert samples.ndim == 1
    assert len(samples) == pytest.approx(0.5 * SAMPLE_RATE_HZ, abs=100)
    crossings = np.count_nonzero(np.diff(np.signbit(samples[2400:21600])))
    assert crossings == pytest.approx(2 * 440 * 0.4, abs=3)


def test_bad_files_are_told(tmp_path: Path) -> None:
    path = tmp_path / "broken.wav"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(AudioFileError, match=r"broken\.wav: the file is not a sound file"):
        sound.from_file(path)
    for missing in (tmp_path / "absent.wav", tmp_path):
        with pytest.raises(AudioFileError, match=f"{missing}: .*: give a sound file"):
            sound.from_file(missing)


class FakeSpeaker:
    """Speaks each word as a second of ones, with half a second of pause after it."""

    asked: tuple[str, str | None, Manner] | None = None
    closed = False

    def __init__(self, voices: object, **_: object) -> None:
        FakeSpeaker.closed = False

    def say(self, text: str, voice: str | None, manner: Manner) -> AsyncIterator[SpokenPhrase]:
        FakeSpeaker.asked = (text, voice, manner)
        return self._phrases(text)

    async def _phrases(self, text: str) -> AsyncIterator[SpokenPhrase]:
        for index, word in enumerate(text.split()):
            await asyncio.sleep(0)
            speech = Speech(word, np.ones(SAMPLE_RATE_HZ, np.float32), SAMPLE_RATE_HZ)
            yield SpokenPhrase(speech, 0, len(word), pause_s=0.5, index=index, final=False)

    def close(self) -> None:
        FakeSpeaker.closed = True


def test_spoken_phrases_are_joined_with_their_pauses(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sound, "Speaker", FakeSpeaker)
    settings = SpeechSettings(rate=1.5, style="gentle", voices_dir=str(tmp_path))
    samples = sound.spoken("one two", "am_adam", settings)
    assert len(samples) == 3 * SAMPLE_RATE_HZ
    assert np.count_nonzero(samples > 0.5) == pytest.approx(2 * SAMPLE_RATE_HZ, abs=1000)
    assert FakeSpeaker.asked == ("one two", "am_adam", Manner(1.5).then(STYLES["gentle"]))
    assert FakeSpeaker.closed

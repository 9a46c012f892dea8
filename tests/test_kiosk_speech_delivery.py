"""Whoever speaks, the manner is kept: by the voice, or by working its sound."""

import logging

import numpy as np
import pytest

from kiosk.speech import loudness
from kiosk.speech.delivery import Delivery, MannerVoice
from kiosk.speech.manner import Manner
from kiosk.speech.stop import StopSignal
from kiosk.speech.voice import Speech, VoiceInfo

RATE_HZ = 24_000


class Tone:
    """A voice that hums, and knows no manners."""

    def __init__(self, engine: str = "piper") -> None:
        self.info = VoiceInfo("hum", engine, ("en",), "female", "CC0-1.0")
        self.rates: list[float] = []

    def speak(self, text: str, rate: float = 1.0) -> Speech:
        self.rates.append(rate)
        times_s = np.arange(RATE_HZ) / RATE_HZ
        sound = 0.14 * np.sin(2 * np.pi * 220.0 * times_s).astype(np.float32)
        return Speech(text, loudness.fade(sound, RATE_HZ), RATE_HZ)


class Singer(Tone):
    """A voice that is told the manner."""

    moves_pitch = True

    def __init__(self) -> None:
        super().__init__("kokoro")
        self.manners: list[Manner] = []

    def speak_as(self, text: str, manner: Manner, stop: StopSignal) -> Speech:
        self.manners.append(manner)
        return self.speak(text, manner.rate)


def said(voice: Tone, manner: Manner) -> Speech:
    return Delivery().speak(voice, "Hello.", manner, StopSignal())


def test_a_plain_manner_leaves_the_sound_alone() -> None:
    voice = Tone()
    assert np.array_equal(said(voice, Manner()).samples, voice.speak("Hello.").samples)


def test_a_voice_that_can_is_told_the_manner() -> None:
    voice = Singer()
    assert isinstance(voice, MannerVoice)
    manner = Manner(0.8, -1.0, 0.9, 2.0)
    assert np.array_equal(said(voice, manner).samples, voice.speak("Hello.").samples)
    assert voice.manners == [manner]


def test_another_voice_is_moved_and_it_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    voice, delivery = Tone(), Delivery()
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            made = delivery.speak(voice, "Hello.", Manner(0.8, -2.0), StopSignal())
    assert voice.rates == [0.8, 0.8]
    spectrum = np.abs(np.fft.rfft(made.samples, 1 << 17))
    expected_hz = 220.0 * 2 ** (-2 / 12)
    assert np.argmax(spectrum) * RATE_HZ / (1 << 17) == pytest.approx(expected_hz, rel=0.01)
    assert len(made.samples) == RATE_HZ
    assert [record.message.count("hum") for record in caplog.records] == [1]


def test_an_old_model_is_told_how_to_be_made_anew(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        said(Tone("kokoro"), Manner(pitch_range=0.8))
    assert "kiosk voices fetch" in caplog.text


@pytest.mark.parametrize("loudness_db", [-12.0, 2.0, 6.0])
def test_it_is_louder_without_clipping(loudness_db: float) -> None:
    plain, made = said(Tone(), Manner()), said(Tone(), Manner(loudness_db=loudness_db))
    change = loudness.active_rms(made.samples, RATE_HZ) / loudness.active_rms(
        plain.samples, RATE_HZ
    )
    assert 20 * np.log10(change) == pytest.approx(loudness_db, abs=0.1)
    assert np.abs(made.samples).max() <= loudness.PEAK_LIMIT + 1e-6
    assert made.words == plain.words

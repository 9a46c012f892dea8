"""Known texts are spoken once; what visitors say is not kept."""

from dataclasses import replace

import numpy as np

from kiosk.speech.manner import Manner
from kiosk.speech.prepared import PreparedSpeech
from kiosk.speech.speaker import Speaker
from kiosk.speech.stop import StopSignal
from kiosk.speech.voice import Speech
from tests.speech_utils import FakeVoice, FakeVoices

PLAIN = Manner()
TOPIC = "Welcome to the hall. We open at 9:00."


async def say(speaker: Speaker, text: str, manner: Manner = PLAIN) -> list[str]:
    return [phrase.speech.text async for phrase in speaker.say(text, manner=manner)]


async def test_a_known_text_is_spoken_once_for_each_manner_that_sounds_otherwise() -> None:
    voice = FakeVoice("af_heart", "en")
    voice.gate.set()
    speaker = Speaker(FakeVoices(voice), prepared=PreparedSpeech([TOPIC]))
    first = await say(speaker, TOPIC)
    made = len(voice.spoken)
    assert await say(speaker, TOPIC) == first
    assert len(voice.spoken) == made
    for number, manner in enumerate((Manner(1.5), Manner(pitch_range=0.9), Manner(loudness_db=3))):
        await say(speaker, TOPIC, manner)
        assert len(voice.spoken) == (number + 2) * made
    await say(speaker, TOPIC, Manner(1.5, pause=2.0))
    assert len(voice.spoken) == 4 * made, "pauses are no part of the sound"
    speaker.close()


async def test_a_visitors_words_are_made_anew_each_time() -> None:
    voice = FakeVoice("af_heart", "en")
    voice.gate.set()
    speaker = Speaker(FakeVoices(voice), prepared=PreparedSpeech([TOPIC]))
    await say(speaker, "My name is a secret.")
    await say(speaker, "My name is a secret.")
    assert voice.spoken == ["My name is a secret."] * 2
    speaker.close()


def test_beginnings_are_prepared_one_at_a_time() -> None:
    voice = FakeVoice("af_heart", "en")
    voice.gate.set()
    prepared = PreparedSpeech([TOPIC, "Goodbye.", "..."])
    steps = prepared.prepare(FakeVoices(voice), PLAIN)
    assert next(steps) == "Welcome to the hall."
    assert voice.spoken == [], "the caller decides when"
    assert list(steps) == ["Goodbye.", "We open at nine o'clock."], "beginnings come first"
    assert len(voice.spoken) == 3
    assert prepared.get("af_heart", "Goodbye.", PLAIN) is not None
    assert list(prepared.prepare(FakeVoices(voice), PLAIN)) == []


def test_preparing_gives_way_and_goes_on_later() -> None:
    voice = FakeVoice("af_heart", "en")
    voice.gate.set()
    prepared = PreparedSpeech(["Goodbye."])
    steps = prepared.prepare(FakeVoices(voice), PLAIN)
    next(steps)
    voice.on_speak = prepared.pause
    assert next(steps) == "Goodbye.", "broken off: it is tried again"
    voice.on_speak = lambda: None
    assert list(steps) == []
    assert prepared.get("af_heart", "Goodbye.", PLAIN) is not None


class FarVoice(FakeVoice):
    """Another voice speaks for it while it is away."""

    away = True

    def speak_until(self, text: str, rate: float, stop: StopSignal) -> Speech:
        return replace(super().speak_until(text, rate, stop), stand_in=self.away)


async def test_what_another_voice_spoke_is_not_kept() -> None:
    voice = FarVoice("far", "en")
    prepared = PreparedSpeech(["Goodbye."])
    voices = FakeVoices(voice)
    assert list(prepared.prepare(voices, PLAIN)) == ["Goodbye."], "and not again and again"
    speaker = Speaker(voices, prepared=prepared)
    for away, spoken in ((True, 2), (False, 3), (False, 3)):
        voice.away = away
        await say(speaker, "Goodbye.")
        assert len(voice.spoken) == spoken
    speaker.close()


def test_what_does_not_fit_is_not_kept() -> None:
    prepared = PreparedSpeech(["Hello. Goodbye."], capacity_bytes=500)
    speech = Speech("Hello.", np.zeros(100, np.float32), 24_000)
    prepared.put("v", "Hello.", PLAIN, speech)
    prepared.put("v", "Goodbye.", PLAIN, speech)
    assert prepared.get("v", "Hello.", PLAIN) is speech
    assert prepared.get("v", "Goodbye.", PLAIN) is None

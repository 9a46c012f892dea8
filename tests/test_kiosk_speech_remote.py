"""Voices of other machines: when they fail, somebody here speaks, and it is told once."""

import logging
import math

import numpy as np
import pytest

from engine.media import FloatArray
from kiosk.speech import loudness
from kiosk.speech.delivery import Delivery
from kiosk.speech.manner import Manner
from kiosk.speech.remote import Breaker, Counts, RemoteVoice, spread
from kiosk.speech.remote_link import RemoteError
from kiosk.speech.stop import StopSignal
from kiosk.speech.voice import Speech, VoiceError, VoiceInfo
from tests.speech_utils import FakeVoice

RATE_HZ = 16_000
INFO = VoiceInfo("far", "openai", ("en",), "female", "unknown")


class Far:
    """A server: speaks a tone, or fails."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.sound = self.tone(1.0)
        self.asked: list[tuple[str, float]] = []

    @staticmethod
    def tone(duration_s: float) -> FloatArray:
        times_s = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
        return (0.02 * np.sin(2 * np.pi * 200 * times_s)).astype(np.float32)

    def __call__(self, text: str, rate: float, stop: StopSignal) -> tuple[FloatArray, int]:
        self.asked.append((text, rate))
        if self.error:
            raise self.error
        return self.sound, RATE_HZ


class Bench:
    """A remote voice with all that it needs."""

    def __init__(self, takes_rate: bool = True) -> None:
        self.now_s = 0.0
        self.far, self.here, self.counts = Far(), FakeVoice("near", "en"), Counts()
        self.breaker = Breaker("http://far", 30.0, lambda: self.now_s)
        self.voice = RemoteVoice(
            INFO,
            self.far,
            lambda text: self.here,
            self.breaker,
            self.counts,
            takes_rate=takes_rate,
        )

    def say(self, text: str = "Hello there.", manner: Manner | None = None) -> Speech:
        return self.voice.speak_as(text, manner or Manner(), StopSignal())


def test_what_the_server_sends_is_as_loud_as_every_voice_and_has_word_times() -> None:
    bench = Bench()
    speech = bench.say("Hello there, guest.")
    assert loudness.active_rms(speech.samples, RATE_HZ) == pytest.approx(
        loudness.TARGET_RMS, rel=0.1
    )
    assert [word.text for word in speech.words] == ["Hello", "there", "guest"]
    assert speech.words[-1].end_s == pytest.approx(speech.duration_s)
    assert bench.counts.read() == {"spoken": 1} and not speech.stand_in
    assert bench.here.spoken == []


def test_a_server_that_takes_the_rate_is_asked_for_it() -> None:
    bench = Bench(takes_rate=True)
    assert bench.say(manner=Manner(0.5)).duration_s == pytest.approx(1.0, abs=0.02)
    assert bench.far.asked == [("Hello there.", 0.5)]


def test_for_one_that_does_not_the_sound_is_slowed() -> None:
    bench = Bench(takes_rate=False)
    assert bench.say(manner=Manner(0.5)).duration_s == pytest.approx(2.0, abs=0.02)


@pytest.mark.parametrize("fault", ["timeout", "refused", "broken"])
def test_a_failure_is_spoken_here_and_counted(fault: str) -> None:
    bench = Bench()
    bench.far.error = RemoteError(fault, "it is ill")  # type: ignore[arg-type]
    speech = bench.say()
    assert speech.text == "Hello there." and speech.stand_in
    assert bench.here.spoken == ["Hello there."]
    assert bench.counts.read() == {fault: 1}


@pytest.mark.parametrize("sound", [[], [0.0] * 800, [math.nan] * 800])
def test_silence_is_no_speech(sound: list[float]) -> None:
    bench = Bench()
    bench.far.sound = np.array(sound, np.float32)
    bench.say()
    assert bench.here.spoken == ["Hello there."]
    assert bench.counts.read() == {"broken": 1}


def test_a_server_that_failed_is_left_alone_for_a_while_and_then_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = Bench()
    bench.far.error = RemoteError("timeout", "it does not answer in time")
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            bench.say()
        assert len(bench.far.asked) == 1
        bench.now_s = 31.0
        bench.say()
        assert len(bench.far.asked) == 2
        bench.now_s, bench.far.error = 62.0, None
        bench.say()
        bench.say()
    assert len(bench.here.spoken) == 4
    assert bench.counts.read() == {"timeout": 2, "resting": 2, "spoken": 2}
    told = [record.message for record in caplog.records]
    assert len(told) == 2, "once when it failed, once when it came back"
    assert "http://far" in told[0] and "in time" in told[0] and "again" in told[1]
    assert not any("Hello" in line for line in told), "what is said is not logged"


def test_who_stands_in_keeps_the_rate_and_the_pitch_is_laid_on_once() -> None:
    bench = Bench()
    bench.far.error = RemoteError("refused", "no")
    manner = Manner(2.0, -1.0, loudness_db=6.0)
    plain = bench.here.speak("Hello there.", 2.0)
    assert bench.say(manner=manner).duration_s == plain.duration_s
    speech = Delivery().speak(bench.voice, "Hello there.", manner, StopSignal())
    assert speech.duration_s == plain.duration_s


def test_a_stop_is_no_failure() -> None:
    bench = Bench()
    bench.far.error = VoiceError("stopped")
    with pytest.raises(VoiceError, match="stopped"):
        bench.say()
    assert bench.here.spoken == [] and not bench.breaker.resting
    assert bench.counts.read() == {}


def test_when_nobody_here_speaks_it_is_an_error_with_a_remedy() -> None:
    bench = Bench()
    bench.far.error = RemoteError("refused", "no")
    bench.here.error = VoiceError("no voice reads 'en'; remedy: make setup")
    with pytest.raises(VoiceError, match="make setup"):
        bench.say()


def test_words_are_spread_by_their_letters() -> None:
    words = spread("I am here, John-Paul's!", 1.6)
    assert [word.text for word in words] == ["I", "am", "here", "John-Paul's"]
    lengths = [word.end_s - word.start_s for word in words]
    assert lengths == pytest.approx([1.6 * n / 18 for n in (1, 2, 4, 11)])
    assert words[0].start_s == 0.0 and words[-1].end_s == pytest.approx(1.6)


def test_chinese_is_spread_by_characters_and_marks_take_no_time() -> None:
    words = spread("请到3号，OK。", 1.0)
    assert [word.text for word in words] == ["请", "到", "3", "号", "OK"]
    assert [word.text for word in spread("〇八豈", 1.0)] == ["〇", "八", "豈"]
    assert spread("…!", 1.0) == ()

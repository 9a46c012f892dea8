import pytest

from kiosk.speech import espeak
from kiosk.speech.loudness import TARGET_RMS, active_rms
from kiosk.speech.voice import VoiceError

needs_espeak = pytest.mark.skipif(
    not espeak.installed(), reason="the optional extra sonic-kiosk[espeak] is not installed"
)


def test_a_word_lasts_until_the_next() -> None:
    words = espeak._word_times("Hello, you!", [(0, 0.0), (7, 0.4)], 1.0)
    assert [(word.text, word.start_s, word.end_s) for word in words] == [
        ("Hello", 0.0, 0.4),
        ("you", 0.4, 1.0),
    ]
    assert espeak._word_times("", [], 1.0) == ()


def test_pauses_are_no_phonemes() -> None:
    phonemes = espeak._phoneme_times([("h", 0.0), ("a", 0.1), ("_:", 0.3)], 0.5)
    assert [(p.symbol, p.start_s, p.end_s) for p in phonemes] == [("h", 0.0, 0.1), ("a", 0.1, 0.3)]


@needs_espeak
@pytest.mark.parametrize(
    ("index", "text", "words"),
    [
        (0, "Hello, can't you?", ["Hello", "can't", "you"]),
        (1, "您好，请到。", ["您好", "请", "到"]),
    ],
)
def test_a_real_voice_speaks(index: int, text: str, words: list[str]) -> None:
    voice = espeak.EspeakVoice(espeak.installed()[index])
    speech = voice.speak(text)
    assert [word.text for word in speech.words] == words
    assert active_rms(speech.samples, speech.sample_rate_hz) == pytest.approx(TARGET_RMS, rel=0.25)
    assert speech.phonemes
    assert voice.speak(text, 2.0).duration_s < speech.duration_s
    with pytest.raises(VoiceError):
        voice.speak("!!!")

import importlib.util
from dataclasses import dataclass

import numpy as np
import pytest

from kiosk.speech import piper
from kiosk.speech.loudness import TARGET_RMS, active_rms
from kiosk.speech.voice import VoiceError

needs_piper = pytest.mark.skipif(
    importlib.util.find_spec("piper") is None or not piper.installed(),
    reason="the optional extra sonic-kiosk[piper] is not installed",
)


@dataclass
class Alignment:
    phoneme: str
    num_samples: int


@dataclass
class Chunk:
    phoneme_alignments: list[Alignment] | None


def test_phonemes_and_their_edges() -> None:
    chunk = Chunk([Alignment(p, 100) for p in ("^", "h", "ˈ", "a", " ", "b", "$")])
    assert piper._symbols([chunk]) == (" hˈa b ", [0, 100, 200, 300, 400, 500, 600, 700])


def test_without_alignments_there_are_no_times() -> None:
    assert piper._symbols([Chunk(None)]) == ("", [0])
    assert piper._words("Hello", "", [0.0]) == ()


def test_words_take_the_times_of_their_phonemes() -> None:
    times_s = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
    words = piper._words("Hi, a!", "ha, b", times_s)
    assert [(word.text, word.start_s, word.end_s) for word in words] == [
        ("Hi", 0.0, 0.2),
        ("a", 0.4, 0.5),
    ]


def test_words_that_do_not_match_share_the_time() -> None:
    [word] = piper._words("one two three", "ab cd", [0.0, 0.1, 0.2, 0.3, 0.4, 0.5])
    assert (word.text, word.start_s, word.end_s) == ("one two three", 0.0, 0.5)


@needs_piper
def test_a_real_voice_speaks() -> None:
    [(info, paths)] = piper.installed().items()
    voice = piper.PiperVoice(info, paths)
    voice.warmup()
    speech = voice.speak("Hello there, come in.")
    assert [word.text for word in speech.words] == ["Hello", "there", "come", "in"]
    assert active_rms(speech.samples, speech.sample_rate_hz) == pytest.approx(TARGET_RMS, rel=0.2)
    assert float(np.abs(speech.samples).max()) < 1.0
    assert speech.phonemes[0].symbol == "h"
    with pytest.raises(VoiceError):
        voice.speak("!!!")

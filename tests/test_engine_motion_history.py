import numpy as np
import pytest

from engine.media import FloatArray
from engine.motion import history
from engine.motion.history import History, Step
from engine.motion.lips import SPEECH
from engine.motion.prosody import Prosody


def mouth(value: float) -> FloatArray:
    return np.full(len(SPEECH), value, np.float32)


def filled(count: int) -> History:
    past = History(0)
    for i in range(count):
        past.append(Step(960 * i, mouth(i), Prosody(speaking=i)))
    return past


def test_empty_history_is_a_shut_mouth() -> None:
    past = History(500)
    assert past.start_pts == past.end_pts == 500
    assert not past.at(500).speech.any()


def test_between_steps_is_interpolated() -> None:
    step = filled(5).at(960 * 2 + 480)
    assert step.speech[0] == pytest.approx(2.5)
    assert step.prosody.speaking == pytest.approx(2.5)


def test_before_the_oldest_is_the_oldest() -> None:
    past = filled(200)
    past.trim(960 * 150)
    assert past.start_pts == 960 * 150
    assert past.at(0).speech[0] == 150


def test_cut_forgets_what_follows() -> None:
    past = filled(10)
    past.cut(960 * 4 + 1)
    assert past.end_pts == 960 * 4 + 1


def test_same_instant_replaces() -> None:
    past = filled(3)
    past.append(Step(1920, mouth(9.0), Prosody(), generation=1))
    assert len(past) == 3
    assert past.at(1920).generation == 1


def test_bound_counts_what_it_drops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "LIMIT_STEPS", 100)
    past = filled(301)
    assert len(past) <= 101
    assert past.dropped == 301 - len(past)

"""How long speech will sound and cost, learned."""

import pytest

from kiosk.speech.pace import COST_PER_SECOND, SILENCE_S, Pace, weight


def test_weights_are_letters_worth_of_time() -> None:
    assert weight(" hello ") == 5
    assert weight("您好") == 6
    assert weight("A1") == 5
    assert weight("") == 0


def test_what_is_believed_comes_near_what_is_seen() -> None:
    pace = Pace()
    believed_s = pace.duration_s("en", "ten letters")
    for _ in range(30):
        pace.observe("en", "ten letters", 2.0, 1.0)
    assert pace.duration_s("en", "ten letters") == pytest.approx(2.0, rel=0.01)
    assert pace.cost_s("en", 2.0) == pytest.approx(1.0, rel=0.01)
    assert pace.duration_s("zh", "ten letters") == believed_s
    assert pace.cost_s("zh", 1.0) == pytest.approx(COST_PER_SECOND * (1.0 + SILENCE_S))


def test_one_slow_phrase_does_not_make_the_machine_slow() -> None:
    pace = Pace()
    pace.observe("en", "ten letters", 0.7, 60.0)
    assert pace.cost_s("en", 1.0) < 2 * COST_PER_SECOND * (1.0 + SILENCE_S)


def test_nothing_is_learned_from_nothing() -> None:
    pace = Pace()
    pace.observe("en", " ", 1.0, 1.0)
    pace.observe("en", "word", 0.0, 1.0)
    assert pace.cost_s("en", 1.0) == Pace().cost_s("en", 1.0)


def test_a_slow_machine_needs_longer_phrases_to_keep_up() -> None:
    pace = Pace()
    usual_s = pace.sustained_s("en")
    assert pace.cost_s("en", usual_s) == pytest.approx(usual_s)
    for _ in range(60):
        pace.observe("en", "ten letters", 1.0, 2.0)
    assert usual_s < pace.sustained_s("en") < 5.0

import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs the train extra")

from engine.motion.lips import SPEECH, opening
from engine.motion.stream import WEIGHTS
from engine.train import evaluate
from engine.train.corpus import Utterance
from engine.train.teacher import Phone
from tests.motion_utils import silence, speech_like

PHONES = tuple(Phone(s, 0.4 + 0.1 * i, 0.5 + 0.1 * i) for i, s in enumerate("apafamava"))


def spoken(voice: str = "anna") -> Utterance:
    return Utterance(speech_like(), PHONES, voice, "en")


def test_curves_have_a_step_every_20_ms() -> None:
    shown = evaluate.curves(speech_like())
    assert shown.shape == (len(speech_like()) // 960, len(SPEECH))
    assert opening(shown).max() > 0.2
    assert opening(evaluate.curves(silence(1.0))).max() < 0.05


def test_the_lengths_of_the_pushes_make_no_difference() -> None:
    assert evaluate.stream_error(speech_like()) < 1e-4


def test_a_voice_that_shows_the_teacher_is_perfect_and_another_is_not() -> None:
    both = [spoken("anna"), spoken("bob")]
    taught = both[0].targets()
    r = evaluate.opening_r([taught, np.zeros_like(taught)], both)
    assert r["anna"] == pytest.approx(1.0)
    assert r["bob"] == 0.0


def test_shares_have_no_key_for_what_was_never_said() -> None:
    vowel = Utterance(speech_like(), (Phone("a", 0.4, 0.6),), "anna", "en")
    assert evaluate.contact_shares([vowel.targets()], [vowel]) == {}
    assert evaluate.contact_shares([spoken().targets()], [spoken()]) == {
        "closure": 1.0,
        "contact": 1.0,
    }


def test_lips_that_show_the_past_are_late() -> None:
    late = spoken().targets(-0.03)
    assert evaluate.lag_ms([late], [spoken()]) == pytest.approx(30.0, abs=3.0)


def test_parameters_are_counted_one_by_one() -> None:
    assert 50_000 < evaluate.parameters() < WEIGHTS.stat().st_size // 2


def test_speed_is_told_in_parts() -> None:
    assert {"ms_per_frame", "mel_ms", "ms_per_at"} == evaluate.speed_ms(rounds=3).keys()

import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs the train extra")

from engine.media import FloatArray
from engine.motion.lips import SPEECH, SPEECH_INDEX, opening
from engine.train import evaluate
from engine.train.teacher import Phone, curves
from tests.motion_utils import silence, speech_like

PHONES = [Phone(s, 0.4 + 0.1 * i, 0.5 + 0.1 * i) for i, s in enumerate("apafamava")]


def taught() -> FloatArray:
    return curves(PHONES, np.arange(0, 2, 0.02, dtype=np.float32))


def test_the_teacher_itself_makes_every_contact() -> None:
    assert evaluate.closures(taught(), PHONES) == [True] * 2
    assert evaluate.contacts(taught(), PHONES) == [True] * 2


def test_a_mouth_that_hangs_open_makes_none() -> None:
    still = np.zeros((100, len(SPEECH)), np.float32)
    still[:, SPEECH_INDEX["jawOpen"]] = 0.3
    assert evaluate.closures(still, PHONES) == [False] * 2
    assert evaluate.contacts(still, PHONES) == [False] * 2


def test_correlation_of_a_still_mouth_is_none() -> None:
    assert evaluate.correlation(np.zeros(9, np.float32), np.arange(9, dtype=np.float32)) == 0.0
    assert evaluate.correlation(np.arange(9.0), 2 * np.arange(9.0)) == pytest.approx(1.0)  # type: ignore[arg-type]  # any floats


def test_peak_is_found_between_the_lags() -> None:
    fits = [-((lag - 0.0123) ** 2) for lag in evaluate.LAGS_S.tolist()]
    assert evaluate._peak(fits) == pytest.approx(0.0123, abs=1e-6)


def test_curves_have_a_step_every_20_ms() -> None:
    shown = evaluate.curves(speech_like())
    assert shown.shape == (len(speech_like()) // 960, len(SPEECH))
    assert opening(shown).max() > 0.2
    assert opening(evaluate.curves(silence(1.0))).max() < 0.05

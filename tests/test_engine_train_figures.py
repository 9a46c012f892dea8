import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs the train extra")

from engine.media import FloatArray
from engine.motion.lips import SPEECH, SPEECH_INDEX
from engine.train.figures import LAGS_S, best_lag, closures, contacts, correlation, peak_s
from engine.train.teacher import Phone, curves

PHONES = [Phone(s, 0.4 + 0.1 * i, 0.5 + 0.1 * i) for i, s in enumerate("apafamava")]


def taught() -> FloatArray:
    return curves(PHONES, np.arange(0, 2, 0.02, dtype=np.float32))


def test_the_teacher_itself_makes_every_contact() -> None:
    assert closures(taught(), PHONES) == [True] * 2
    assert contacts(taught(), PHONES) == [True] * 2


def test_a_mouth_that_hangs_open_makes_none() -> None:
    still = np.zeros((100, len(SPEECH)), np.float32)
    still[:, SPEECH_INDEX["jawOpen"]] = 0.3
    assert closures(still, PHONES) == [False] * 2
    assert contacts(still, PHONES) == [False] * 2


def test_correlation_of_a_still_mouth_is_none() -> None:
    rising = np.arange(9, dtype=np.float32)
    assert correlation(np.zeros(9, np.float32), rising) == 0.0
    assert correlation(rising, 2 * rising) == pytest.approx(1.0)


def test_peak_is_found_between_the_lags() -> None:
    fits = [-((lag - 0.0123) ** 2) for lag in LAGS_S.tolist()]
    assert peak_s(fits) == pytest.approx(0.0123, abs=1e-6)


@pytest.mark.parametrize(("shift", "found"), [(0, True), (2, True), (-2, True), (5, False)])
def test_best_lag_looks_no_further_than_it_may(shift: int, found: bool) -> None:
    wave = np.random.default_rng(0).standard_normal(200).astype(np.float32)
    r = best_lag(np.roll(wave, shift), wave)
    assert (r > 0.99) == found

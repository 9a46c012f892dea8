import numpy as np
import pytest

from engine.media import FloatArray
from engine.motion.coefficients import INDEX
from engine.motion.lips import (
    GAP,
    HARDLY_OPEN,
    SEAL_AT,
    SEAL_FROM,
    SPEECH,
    SPEECH_INDEX,
    TOUCH_AT,
    TOUCH_FROM,
    TOUCHING,
    gather,
    opening,
    seal,
    spread,
)


def one(**values: float) -> FloatArray:
    out = np.zeros(len(SPEECH), np.float32)
    for name, value in values.items():
        out[SPEECH_INDEX[name]] = value
    return out


def test_spread_moves_both_sides() -> None:
    whole = spread(one(mouthSmile=0.3, jawOpen=0.2))
    assert whole[INDEX["mouthSmile_L"]] == whole[INDEX["mouthSmile_R"]] == np.float32(0.3)
    assert whole[INDEX["jawOpen"]] == np.float32(0.2)
    assert np.count_nonzero(whole) == 3


def test_gather_undoes_spread() -> None:
    speech = np.random.default_rng(0).random((7, len(SPEECH))).astype(np.float32)
    assert np.abs(gather(spread(speech)) - speech).max() < 1e-6


def test_opening_of_known_shapes() -> None:
    assert opening(one()) == 0.0
    assert opening(one(jawOpen=0.45, mouthLowerDown=0.3, mouthUpperUp=0.1)) == pytest.approx(
        1, abs=0.1
    )
    assert opening(one(jawOpen=0.03, mouthClose=0.03, mouthPress=0.3)) == 0.0


def test_every_speech_coefficient_has_a_gap() -> None:
    assert set(GAP) == set(SPEECH)


def test_half_a_closure_is_sealed_and_an_open_mouth_left_alone() -> None:
    open_mouth = one(jawOpen=0.3, mouthLowerDown=0.2, mouthPress=SEAL_FROM)
    half = one(jawOpen=0.1, mouthLowerDown=0.1, mouthPress=SEAL_AT)
    sealed = seal(np.stack((open_mouth, half)))
    assert np.array_equal(sealed[0], open_mouth)
    assert opening(sealed[1]) == 0.0
    assert opening(half) > 0.1


def test_seal_is_gradual_and_keeps_rounding() -> None:
    shapes = np.stack([one(jawOpen=0.3, mouthPucker=0.5, mouthPress=p / 200) for p in range(60)])
    sealed = seal(shapes)
    assert np.abs(np.diff(opening(sealed))).max() < 0.1
    assert (sealed[:, SPEECH_INDEX["mouthPucker"]] == 0.5).all()
    assert (sealed[:, SPEECH_INDEX["mouthPress"]] >= shapes[:, SPEECH_INDEX["mouthPress"]]).all()


def test_lips_far_apart_are_not_drawn_together() -> None:
    wide = one(jawOpen=0.4, mouthPress=SEAL_AT)
    assert np.array_equal(seal(wide[None])[0], wide)


def test_a_lower_lip_near_the_teeth_touches_them() -> None:
    away, near = one(mouthRollLower=TOUCH_FROM), one(jawOpen=0.06, mouthRollLower=TOUCH_AT)
    sealed = seal(np.stack((away, near)))
    assert np.array_equal(sealed[0], away)
    assert sealed[1, SPEECH_INDEX["mouthRollLower"]] == TOUCHING
    assert sealed[1, SPEECH_INDEX["jawOpen"]] == np.float32(0.06)


def test_lips_that_hardly_part_stay_shut() -> None:
    shapes = np.stack([one(jawOpen=jaw) for jaw in np.linspace(0.0, 0.12, 25)])
    gaps, before = opening(seal(shapes)), opening(shapes)
    assert (np.diff(gaps) >= 0.0).all()
    assert gaps[before < 0.06].max() < 0.04
    assert np.array_equal(gaps[before > HARDLY_OPEN], before[before > HARDLY_OPEN])

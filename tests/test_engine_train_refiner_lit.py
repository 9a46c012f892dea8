"""Light in the mouth."""

import numpy as np
import pytest

from engine.media import ByteArray
from engine.motion.coefficients import COEFFICIENTS, INDEX
from engine.synthesis.framing import frame
from engine.train.refiner.inside import Style, build
from engine.train.refiner.lit import Lamp, LitMouth
from tests.portrait_utils import ada, laid

RECT = (440, 520, 590, 640)
STILL = np.zeros(len(COEFFICIENTS), np.float32)


@pytest.fixture(scope="module")
def mouth() -> LitMouth:
    return lit_by(Lamp((0.0, -0.3, 0.95), 1.0))


def lit_by(lamp: Lamp) -> LitMouth:
    framing = frame((1024, 1024), ada().pivot_px[0], 1024, 1024)
    return LitMouth(ada(), framing, 1024, build(laid(), ada().cavity_box, Style()), lamp)


def opening(top: int, bottom: int) -> ByteArray:
    seen = np.zeros((RECT[3] - RECT[1], RECT[2] - RECT[0]), np.uint8)
    seen[top:bottom, 25:-25] = 255
    return seen


def test_a_wide_opening_lets_more_light_in(mouth: LitMouth) -> None:
    wide, slit = (
        mouth.colours(RECT, opening(20, 100), STILL),
        mouth.colours(RECT, opening(40, 46), STILL),
    )
    assert wide[41:45, 60:90].mean() > slit[41:45, 60:90].mean() + 3


def test_it_is_darker_right_under_the_upper_lip(mouth: LitMouth) -> None:
    drawn = mouth.colours(RECT, opening(30, 100), STILL).astype(float)
    top = mouth.colours(RECT, opening(10, 100), STILL).astype(float)
    under = np.s_[31:34, 50:100]
    assert drawn[under].mean() < top[under].mean() - 5


def test_lower_teeth_go_down_with_the_jaw(mouth: LitMouth) -> None:
    weights = STILL.copy()
    weights[INDEX["jawOpen"]] = 0.5
    shut = mouth.colours(RECT, opening(0, 120), STILL)[..., 1].astype(float)
    wide = mouth.colours(RECT, opening(0, 120), weights)[..., 1].astype(float)
    changed = np.abs(shut - wide).mean(1)
    assert changed[70:].max() > 15  # the lower row
    assert changed[:15].max() < 6  # the upper one stays


def test_dim_light_dims_everything() -> None:
    bright = lit_by(Lamp((0.0, -0.3, 0.95), 1.0)).colours(RECT, opening(10, 110), STILL)
    dim = lit_by(Lamp((0.0, -0.3, 0.95), 0.5)).colours(RECT, opening(10, 110), STILL)
    assert dim.mean() == pytest.approx(bright.mean() / 2, rel=0.08)


def test_what_is_hidden_is_left_as_it_was(mouth: LitMouth) -> None:
    shape = (RECT[3] - RECT[1], RECT[2] - RECT[0])
    luma = np.full(shape, 120, np.uint8)
    chroma = np.full((2, shape[0] // 2, shape[1] // 2), 128, np.uint8)
    hole = opening(40, 80)
    mouth.draw((luma, chroma[0], chroma[1]), RECT, hole, hole, STILL, None)  # type: ignore[arg-type]
    assert (luma[:39] == 120).all() and (luma[81:] == 120).all()
    assert (luma[45:75, 40:110] != 120).mean() > 0.9

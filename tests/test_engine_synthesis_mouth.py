"""The inside of the mouth."""

import numpy as np

from engine.media import Pose
from engine.motion.coefficients import COEFFICIENTS, INDEX
from engine.synthesis.framing import frame
from engine.synthesis.mouth import Mouth
from engine.synthesis.warp import turn
from tests.portrait_utils import ada

FRAMING = frame((1024, 1024), ada().pivot_px[0], 1024, 1024)
RECT = (440, 530, 590, 630)


def drawn(open_rows: int, **values: float) -> np.ndarray:
    weights = np.zeros(len(COEFFICIENTS), np.float32)
    for name, value in values.items():
        weights[INDEX[name]] = value
    shape = (RECT[3] - RECT[1], RECT[2] - RECT[0])
    hole = np.zeros(shape, np.uint8)
    hole[25 : 25 + open_rows, 20:-20] = 255
    luma = np.full(shape, 120, np.uint8)
    chroma = np.full((2, shape[0] // 2, shape[1] // 2), 128, np.uint8)
    Mouth(ada(), FRAMING, 1024, 1024).draw(
        (luma, chroma[0], chroma[1]), RECT, hole, hole, weights, turn(Pose(), 200.0)
    )
    assert (luma[:24] == 120).all()
    return luma[25 : 25 + open_rows, 20:-20]


def test_a_wide_opening_is_lighter_inside_than_a_slit() -> None:
    assert drawn(40)[:3].mean() > drawn(3).mean() + 3


def test_lower_teeth_go_down_with_the_jaw() -> None:
    shut, wide = drawn(60), drawn(60, jawOpen=0.6)
    assert wide[15:35].mean() < shut[15:35].mean()


def test_rounded_lips_keep_light_out() -> None:
    assert drawn(40, mouthFunnel=1.0).mean() < 0.9 * drawn(40).mean()


def test_teeth_on_a_lower_lip_turned_in_stand_in_the_light() -> None:
    slit, tucked = drawn(4), drawn(4, mouthRollLower=0.5)
    assert np.median(tucked) > 1.25 * np.median(slit)

"""Rounded and tucked lips."""

import numpy as np

from engine.motion.coefficients import COEFFICIENTS, INDEX
from engine.portrait import shaping
from engine.portrait.flows import node_centres
from engine.portrait.lips import Floats, LipLine

BOX = (0, 0, 300, 200)
LEFT, RIGHT, SEAM = 80.0, 220.0, 100.0
OPENED_PX = 20.0


def line(smile_px: float = 0.0) -> LipLine:
    xs = np.linspace(LEFT, RIGHT, 71)
    ys = SEAM - smile_px * ((xs - 150) / 70) ** 2
    return LipLine(LEFT, RIGHT, xs, ys, above_px=60, below_px=60, hole_px=30)


def shaped(name: str, opened: str = "flat", smile_px: float = 0.0) -> tuple[Floats, Floats]:
    """What is added to the lower and the upper flow of one coefficient that opens the mouth."""
    xs, ys = node_centres(BOX)
    lower = np.zeros((len(COEFFICIENTS), *xs.shape, 2))
    upper = np.zeros_like(lower)
    if opened == "pointed":
        lower[INDEX[name], ..., 1] = OPENED_PX * np.clip(1 - np.abs(xs - 150) / 70, 0, 1)
    shaping.apply(lower, upper, line(smile_px), (xs, ys))
    others = [k for k in range(len(COEFFICIENTS)) if k != INDEX[name] and k not in ROUND]
    assert not lower[others].any() and not upper[others].any()
    return lower[INDEX[name]], upper[INDEX[name]]


ROUND = [INDEX[name] for name in ("mouthFunnel", "mouthPucker", "mouthRollLower")]


def at(flow: Floats, x: float, y: float) -> Floats:
    return np.asarray(flow[int(y // 5), int(x // 5)])


def opening(lower: Floats, upper: Floats, x: float) -> float:
    return float(at(lower, x, SEAM + 3)[1] - at(upper, x, SEAM - 3)[1])


def test_corners_come_in_and_far_skin_stays() -> None:
    for name in ("mouthFunnel", "mouthPucker"):
        for flow in shaped(name):
            assert at(flow, LEFT, SEAM)[0] > 2
            assert at(flow, RIGHT, SEAM)[0] < -2
            assert abs(at(flow, 152, SEAM)[0]) < 0.2
            assert np.abs(flow[..., 0][0]).max() < 1
            # Nowhere so steep that the flow folds.
            assert np.diff(flow[..., 0], axis=1).min() / 5 > -0.2


def test_a_pointed_opening_becomes_round() -> None:
    lower, upper = shaped("mouthFunnel", "pointed")
    middle = opening(lower, upper, 150)
    assert abs(middle - OPENED_PX) < 4
    straight = OPENED_PX * (1 - 30 / 70)
    assert opening(lower, upper, 120) > straight + 1.5
    assert opening(lower, upper, 180) > straight + 1.5


def test_the_sides_of_rounded_lips_press_on_each_other() -> None:
    lower, upper = shaped("mouthPucker")
    sealed = 150 + 70 * shaping.SEALED_AT
    assert opening(lower, upper, sealed) < -4
    assert abs(opening(lower, upper, 150)) < 0.1


def test_rounding_takes_a_smile_away() -> None:
    level, smiling = shaped("mouthPucker"), shaped("mouthPucker", smile_px=12)
    for flat, curved in zip(level, smiling, strict=True):
        assert at(curved, LEFT, SEAM - 12)[1] > at(flat, LEFT, SEAM)[1] + 2


def test_a_lower_lip_turned_in_leaves_the_teeth_free() -> None:
    lower, upper = shaped("mouthRollLower")
    assert opening(lower, upper, 150) > 6
    assert abs(opening(lower, upper, LEFT - 5)) < 0.5
    assert at(lower, 150, SEAM + 30)[1] < 0.5, "its outer edge is left to the prior"

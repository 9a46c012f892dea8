"""The mouth's corners in the flows."""

import numpy as np

from engine.motion.coefficients import COEFFICIENTS, INDEX
from engine.portrait import corners
from engine.portrait.flows import node_centres
from engine.portrait.lips import LipLine
from engine.portrait.prior import PRIOR_68
from tests.portrait_utils import landmarks, synthetic_fit

BOX = (350, 400, 680, 700)
NODES = node_centres(BOX)


def line() -> LipLine:
    xs = np.linspace(440, 584, 73)
    return LipLine(440, 584, xs, np.full(73, 554.0), above_px=60, below_px=60, hole_px=30)


def test_how_far_from_the_corner() -> None:
    xs = np.array([400.0, 440.0, 476.0, 512.0, 548.0, 600.0])
    np.testing.assert_allclose(corners.from_corner(line(), xs), [0, 0, 0.5, 1, 0.5, 0])


def test_flows_are_one_at_the_corners_and_two_in_the_middle() -> None:
    lower = np.full((1, *NODES[0].shape, 2), 10.0)
    upper = np.full_like(lower, -6.0)
    corners.meet(lower, upper, line(), NODES)
    row = int((554 - BOX[1]) // 5)
    apart = (lower - upper)[0, row, :, 1]
    at = [int((x - BOX[0]) // 5) for x in (440, 512, 584)]
    assert apart[at[0]] < 1
    assert apart[at[2]] < 1
    assert apart[at[1]] > 15.9
    assert np.abs(lower[0, 0] - 10).max() < 1e-6, "far above, nothing changes"


def test_corners_go_as_far_as_the_priors() -> None:
    fit, points = synthetic_fit(), landmarks()
    shape = (len(COEFFICIENTS), *NODES[0].shape, 2)
    # As baking leaves them: a fifth short.
    wanted = np.stack([fit.deltas_px[:, PRIOR_68[list(pair)], :2].mean(1)
                       for pair in corners.POINTS_68])  # fmt: skip
    lower = np.zeros(shape) + 0.8 * wanted[1][:, None, None]
    upper = lower.copy()
    corners.hold(lower, upper, fit, points, NODES)
    smile = INDEX["mouthSmile_L"]
    assert np.abs(wanted[1, smile]).max() > 5
    for pair, aim in zip(corners.POINTS, wanted, strict=True):
        x, y = points[list(pair), :2].mean(0)
        row, column = int((y - BOX[1]) // 5), int((x - BOX[0]) // 5)
        for flow in (lower, upper):
            np.testing.assert_allclose(flow[smile, row, column], aim[smile], atol=0.3)

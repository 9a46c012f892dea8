"""The skin's flows at an output size."""

import numpy as np

from engine.media import Pose
from engine.motion.coefficients import COEFFICIENTS, INDEX
from engine.synthesis.blend import Scratch
from engine.synthesis.framing import frame
from engine.synthesis.skin import Skin, cell_px
from engine.synthesis.warp import turn
from tests.portrait_utils import ada

FRAMING = frame((1024, 1024), ada().pivot_px[0], 512, 512)


def skin() -> Skin:
    cell = cell_px(FRAMING.scale)
    return Skin(ada(), FRAMING, FRAMING.rect(ada().box, 512, 512, even=cell), cell)


def weights(**values: float) -> np.ndarray:
    out = np.zeros(len(COEFFICIENTS), np.float32)
    for name, value in values.items():
        out[INDEX[name]] = value
    return out


def test_rest_is_still() -> None:
    lower, upper = skin().flows(weights(), turn(Pose(), 100.0))
    assert np.abs(lower).max() < 1e-4
    assert np.abs(upper).max() < 1e-4


def test_flows_are_linear_in_the_coefficients() -> None:
    one = skin()
    still = turn(Pose(), 100.0)
    half = one.flows(weights(jawOpen=0.4), still)[0].copy()
    full = one.flows(weights(jawOpen=0.8), still)[0]
    assert np.allclose(full, 2 * half, atol=1e-3)


def test_the_chin_goes_down_with_the_jaw() -> None:
    one = skin()
    lower, upper = one.flows(weights(jawOpen=1.0), turn(Pose(), 100.0))
    x, y = FRAMING.to_output(*ada().chin_px)
    cell = one.grid.cell_px
    row, column = int((y - 6 - one.rect[1]) / cell), int((x - one.rect[0]) / cell)
    assert lower[row, column, 1] > 15
    x, y = FRAMING.to_output(512, 500)
    row = int((y - one.rect[1]) / cell)
    assert abs(lower[row, column, 1]) < 3
    assert np.allclose(lower[row - 3, column], upper[row - 3, column])


def test_the_cells_over_a_box_follow_it() -> None:
    one = skin()
    box = (200, 200, 260, 260)
    rest = one.cells_over(box, one.flows(weights(), turn(Pose(), 100.0))[0])
    moved = one.cells_over(box, one.flows(weights(), turn(Pose(x=0.4), 100.0))[0])
    assert moved[0] - rest[0] == 40 // one.grid.cell_px
    assert moved[1] == rest[1]


def test_maps_at_rest_are_the_places_themselves() -> None:
    one = skin()
    maps = one.maps(one.flows(weights(), turn(Pose(), 100.0))[0], (4, 5, 20, 21))
    x, _ = maps.full(Scratch(), "t")
    cell = one.grid.cell_px
    inner = slice(cell, -cell)
    expected = np.arange(4 * cell, 20 * cell)[None, inner]
    assert np.abs(x[inner, inner] - expected).max() < 0.05
    half_x, _ = maps.half(Scratch(), "t")
    assert np.abs(half_x[inner, inner] - np.arange(2 * cell, 10 * cell)[None, inner]).max() < 0.05

"""The graph's flows are the skin's."""

import cv2
import numpy as np
import pytest

from engine.media import Pose
from engine.motion.coefficients import COEFFICIENTS
from engine.runtime.tape import Tape, join
from engine.synthesis.graph_skin import (
    CUBIC,
    LINEAR,
    Pixels,
    SkinGraph,
    counted,
    crossed,
    sample,
    scalar,
    spread,
    weighted,
)
from engine.synthesis.graph_tensors import frame_tensors, rig_tensors
from engine.synthesis.synthesizer import OutputFormat, Synthesizer
from engine.synthesis.warp import bounded, turn
from tests import graph_utils
from tests.graph_utils import numbers, persona, run
from tests.portrait_utils import motion

FRAME = motion(
    Pose(yaw_deg=7, pitch_deg=-4, roll_deg=5, x=0.1), jawOpen=0.6, mouthSmile=0.4, mouthUpperUp=0.3
)


def test_flows_inverses_cells_and_places_are_the_skins() -> None:
    output = OutputFormat(512, 512)
    cpu = Synthesizer(persona("ada"), output)
    tape = Tape()
    number = numbers(tape)
    graph = SkinGraph(tape, number, graph_utils.turn(tape))
    lower, upper = graph.flows(tape.input("coefficients", ["batch", len(COEFFICIENTS)]))
    back, cells = graph.back(lower), graph.cells_over("head_cells", lower, margin=2)
    at = Pixels(counted(tape, 512), counted(tape, 512))
    places = graph.places(back, cells, at)
    sides = join(1, *(scalar(v) for v in (cells.left, cells.top, cells.right, cells.bottom)))
    given = rig_tensors(cpu) | frame_tensors([cpu], [FRAME])
    got = run(tape, given, lower=lower, upper=upper, back=back, sides=sides,
              grid=places.grid, mask=places.mask)  # fmt: skip

    skin = cpu._skin
    pose = turn(bounded(FRAME.pose), cpu._eye_px)
    want_lower, want_upper = (f.copy() for f in skin.flows(FRAME.coefficients, pose))
    np.testing.assert_allclose(got["lower"][0].transpose(1, 2, 0), want_lower, atol=1e-4)
    np.testing.assert_allclose(got["upper"][0].transpose(1, 2, 0), want_upper, atol=1e-4)
    want_cells = skin.cells_over(cpu._head_box, want_lower)
    assert got["sides"].ravel().astype(int).tolist() == list(want_cells)
    maps = skin.maps(want_lower, want_cells)
    x, y = maps.full(cpu._scratch, "test")
    x0, y0, x1, y1 = maps.rect
    drawn = got["grid"][0, y0:y1, x0:x1]
    np.testing.assert_allclose(drawn[..., 0] - skin.rect[0], x, atol=5e-3)
    np.testing.assert_allclose(drawn[..., 1] - skin.rect[1], y, atol=5e-3)
    mask = got["mask"][0, 0]
    assert mask[y0:y1, x0:x1].all()
    assert mask.sum() == (y1 - y0) * (x1 - x0)


def test_a_turn_is_undone() -> None:
    tape = Tape()
    turned = graph_utils.turn(tape)
    point = tape.constant([[[[3.0]]]], "float32"), tape.constant([[[[-7.0]]]], "float32")
    there = turned.turned(*point)
    pose = turn(bounded(Pose(yaw_deg=12, pitch_deg=5, roll_deg=-20, scale=1.2)), 100.0)
    given = {"turn": np.column_stack([pose.matrix, pose.shift])[None]}
    got = run(tape, given, there=join(1, *there), back=join(1, *turned.back(*there)))
    np.testing.assert_allclose(got["there"].ravel(), pose.matrix[:, :2] @ (3, -7), rtol=1e-5)
    np.testing.assert_allclose(got["back"].ravel(), (3, -7), rtol=1e-5)


@pytest.mark.parametrize(
    ("way", "mode", "border"),
    [
        (cv2.INTER_LINEAR, LINEAR, True),
        (cv2.INTER_LINEAR, LINEAR, False),
        (cv2.INTER_CUBIC, CUBIC, False),
    ],
)
def test_samples_are_opencvs(way: int, mode: str, border: bool) -> None:
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (30, 40)).astype(np.uint8)
    x, y = (rng.uniform(-4, 44, (20, 25)).astype(np.float32) for _ in "xy")
    tape = Tape()
    got = run(
        tape, {"p": picture[None, None].astype(np.float32), "g": np.dstack([x, y])[None]},
        drawn=sample(tape.input("p", [1, 1, 30, 40]), tape.input("g", [1, 20, 25, 2]), (40, 30),
                     mode=mode, border=border, whole=True),
    )["drawn"][0, 0]  # fmt: skip
    outside = cv2.BORDER_REPLICATE if border else cv2.BORDER_CONSTANT
    want = cv2.remap(picture, x, y, way, borderMode=outside).astype(float)
    assert mode == LINEAR or {0, 255} <= set(want.ravel()), "cubics swing beyond, and are cut off"
    # OpenCV before 5 rounds places to 1/32 of a pixel: in noise that is up to 8 grey levels.
    assert np.abs(got - want).max() <= (1 if int(cv2.__version__.split(".")[0]) >= 5 else 8)


def test_fields_are_spread_and_weighted() -> None:
    tape = Tape()
    field = np.arange(6, dtype=np.float32).reshape(1, 1, 2, 3)
    grid = tape.input("f", [1, 1, 2, 3])
    u, v = (tape.constant([[0.0, 0.5, 2.0]], "float32"), tape.constant([[0.0, 0.5]], "float32"))
    got = run(tape, {"f": field}, spread=spread(grid, u, v, (3, 2)),
              crossed=crossed(u, v), sums=weighted(grid.reshape(1, 1, 1, 2, 3), u))  # fmt: skip
    np.testing.assert_allclose(got["spread"][0, 0], [[0, 0.5, 2], [1.5, 2, 3.5]], atol=1e-6)
    assert got["crossed"][0, 1].tolist() == [[0.0, 0.5], [0.5, 0.5], [2.0, 0.5]]
    assert got["sums"].ravel().tolist() == [4.5, 12.0]

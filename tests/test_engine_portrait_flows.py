"""Dense flows."""

import numpy as np

from engine.motion.coefficients import COEFFICIENTS, INDEX
from engine.portrait import flows
from tests.portrait_utils import ada, landmarks, synthetic_rig


def test_relax_fills_smoothly_between_what_is_known() -> None:
    values = np.zeros((33, 40, 1))
    known = np.zeros((33, 40), bool)
    known[:, 0] = known[:, -1] = True
    values[:, -1] = 39.0
    filled = flows.relax(values, known, fixed_edges=False, rounds=400)
    assert np.abs(filled[16, :, 0] - np.arange(40)).max() < 1.0


def test_relax_keeps_what_is_known() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=(20, 21, 2))
    known = rng.random((20, 21)) > 0.5
    filled = flows.relax(values, known, fixed_edges=True)
    assert np.array_equal(filled[known], values[known])


def test_lips_part_at_the_seam_and_agree_away_from_it() -> None:
    rig = synthetic_rig()
    jaw = INDEX["jawOpen"]
    lower = rig.lower_flow[jaw].astype(np.float32)
    extra = np.zeros_like(lower)
    x0, y0, x1, y1 = rig.upper_cells
    extra[y0:y1, x0:x1] = rig.upper_flow[jaw]
    row = int((554 - rig.box[1]) / rig.step_px)
    column = int((512 - rig.box[0]) / rig.step_px)
    assert lower[row, column, 1] > 25
    assert lower[row, column, 1] + extra[row, column, 1] < 12
    assert np.abs(extra[: row - 25]).max() == 0
    assert np.abs(extra[:, : column - 20]).max() < 0.5


def test_every_coefficient_moves_something_of_ada() -> None:
    rig = ada()
    for k, name in enumerate(COEFFICIENTS):
        skin = np.abs(rig.lower_flow[k]).max()
        eyes = max(np.abs(rig.lid_motion[:, :, k]).max(), np.abs(rig.gaze_motion[:, k]).max())
        assert max(skin, eyes) > 0.05, name


def test_the_jaw_curve_runs_through_the_chin() -> None:
    points = landmarks()
    curve = flows.jaw_curve(points, 1024)
    assert abs(curve[int(points[152, 0])] - points[152, 1]) < 3
    assert np.isneginf(curve[10])


def test_flows_can_be_inverted_at_full_strength() -> None:
    rig = ada()
    for name in ("jawOpen", "mouthFunnel", "mouthSmile_L", "mouthPucker"):
        down = np.diff(rig.lower_flow[INDEX[name], ..., 1].astype(np.float32), axis=0) / rig.step_px
        assert down.min() > -1.0, name


def test_the_jaws_edge_is_held_and_the_skin_above_is_not() -> None:
    box = (100, 100, 300, 300)
    xs, ys = flows.node_centres(box)
    fields = np.full((*xs.shape, 2 * len(COEFFICIENTS)), -5.0)
    jaw = np.full(200, 250.0)
    jaw[:50] = -np.inf
    flows._hold_jaw(fields, jaw, box)
    smile = fields[..., 2 * INDEX["mouthSmile_L"] + 1]
    beside = xs > 160
    assert not smile[beside & (ys > 250)].any(), "the edge, and what is below"
    assert np.all(smile[beside & (ys < 250 - flows.JAW_HELD_PX)] == -5)
    assert np.all(smile[xs < 140] == -5), "where there is no jaw nothing is held"
    assert np.all(fields[..., 2 * INDEX["jawOpen"] + 1] == -5), "the jaw itself may rise"
    assert np.all(fields[..., 0::2] == -5), "sideways all slide"


def test_a_smile_does_not_lift_the_jaws_edge() -> None:
    rig, points = ada(), landmarks()
    x, y = points[152, :2]
    row, column = int((y - 4 - rig.box[1]) / rig.step_px), int((x - rig.box[0]) / rig.step_px)
    for name in ("mouthSmile_L", "mouthPress_L", "mouthShrugLower"):
        lifted = rig.lower_flow[INDEX[name], ..., 1].astype(np.float32)
        assert lifted[row, column] > -1.0, name
    assert rig.lower_flow[INDEX["mouthShrugLower"], row - 16, column, 1] < -4
    assert rig.lower_flow[INDEX["jawOpen"], row, column, 1] > 20, "the jaw takes it down"

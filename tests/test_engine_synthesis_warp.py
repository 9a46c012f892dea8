"""Poses and the inversion of flows."""

import numpy as np
import pytest

from engine.media import Pose
from engine.synthesis.warp import Grid, bounded, turn


@pytest.mark.parametrize(
    ("pose", "point", "moves"),
    [
        (Pose(yaw_deg=8), (0, 0, 100), (1, 0)),
        (Pose(pitch_deg=8), (0, 0, 100), (0, -1)),
        (Pose(roll_deg=8), (0, -100, 0), (1, 0)),
        (Pose(x=0.1), (0, 0, 0), (1, 0)),
        (Pose(y=0.1), (0, 0, 0), (0, 1)),
        (Pose(scale=1.1), (100, 0, 0), (1, 0)),
    ],
)
def test_poses_move_points_as_documented(
    pose: Pose, point: tuple[float, float, float], moves: tuple[int, int]
) -> None:
    at = np.array(turn(pose, 100.0).move(*point)) - point[:2]
    assert at @ np.array(moves) > 5
    across = at @ np.array([-moves[1], moves[0]])
    assert abs(across) < 2


def test_raised_is_up() -> None:
    assert turn(Pose(), 100.0).raised(3.0).move(0, 0, 0) == (0.0, -3.0)


def test_the_inverse_brings_every_node_back() -> None:
    grid = Grid(60, 50, 4)
    x, y = grid.nodes_px[..., 0], grid.nodes_px[..., 1]
    flow = np.stack([5 * np.sin(y / 30) + 3, 20 * np.exp(-(((y - 100) / 40) ** 2))], -1)
    back_x, back_y = grid.invert(flow.astype(np.float32), grid.whole())
    inner = (slice(12, -12), slice(6, -6))
    forth_x = back_x + 5 * np.sin(back_y / 30) + 3
    forth_y = back_y + 20 * np.exp(-(((back_y - 100) / 40) ** 2))
    assert np.abs(forth_x - x)[inner].max() < 0.3
    assert np.abs(forth_y - y)[inner].max() < 0.3


def test_a_part_of_the_grid_is_inverted_alike() -> None:
    grid = Grid(40, 30, 6)
    rng = np.random.default_rng(0)
    flow = (rng.normal(size=2) * np.ones((30, 40, 2)) * 4).astype(np.float32)
    whole = np.stack(grid.invert(flow, grid.whole())).copy()
    part = np.stack(grid.invert(flow, (10, 5, 30, 20)))
    assert np.allclose(part, whole[:, 5:20, 10:30], atol=1e-3)


def test_poses_are_held_within_bounds() -> None:
    wild = bounded(Pose(yaw_deg=90, pitch_deg=float("nan"), scale=float("inf"), breath=-1))
    assert wild == Pose(yaw_deg=20, pitch_deg=0, scale=1.0, breath=0)
    calm = Pose(yaw_deg=5, x=0.1, scale=1.05, breath=0.5)
    assert bounded(calm) == calm

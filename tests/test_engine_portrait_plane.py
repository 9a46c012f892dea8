import numpy as np

from engine.portrait.plane import eye_distance, polygon, smoothstep


def test_the_eyes_are_apart_by_their_outer_corners() -> None:
    points = np.zeros((478, 3))
    points[263] = (30.0, 40.0, 99.0)
    assert eye_distance(points) == 50.0, "depth does not count"


def test_the_step_is_smooth_and_bounded() -> None:
    assert smoothstep(np.array([-3.0, 0.0, 0.5, 1.0, np.inf])).tolist() == [0, 0, 0.5, 1, 1]


def test_a_polygon_holds_its_corners_and_is_cut_at_the_edge() -> None:
    inside = polygon((20, 30), np.array([[5.0, 5, 7], [15, 5, 7], [15, 40, 7], [5, 40, 7]]))
    assert inside.shape == (20, 30)
    assert inside[5:, 5:16].all() and not inside[:5].any() and not inside[:, 16:].any()

"""The small rasteriser."""

import numpy as np

from engine.portrait.raster import rasterise

SQUARE = np.array([[1.0, 1, 0], [8, 1, 0], [1, 8, 0], [8, 8, 0]])
FRONT = np.array([[0, 2, 1], [1, 2, 3]])


def test_front_faces_cover_their_pixels_and_back_faces_none() -> None:
    cover = rasterise(SQUARE, FRONT, (0, 0, 10, 10))
    assert (cover.triangle >= 0).sum() == 64
    assert (rasterise(SQUARE, FRONT[:, ::-1], (0, 0, 10, 10)).triangle < 0).all()


def test_values_are_interpolated() -> None:
    cover = rasterise(SQUARE, FRONT, (0, 0, 10, 10))
    seen = cover.sample(SQUARE[:, :2], FRONT)
    assert np.allclose(seen[3, 5], [5, 3])
    assert np.allclose(seen[0, 0], 0)


def test_the_nearer_surface_is_seen() -> None:
    points = np.concatenate([SQUARE, SQUARE + np.array([0, 0, 5])])
    cover = rasterise(points, np.concatenate([FRONT + 4, FRONT]), (0, 0, 10, 10))
    assert set(np.unique(cover.triangle)) == {-1, 0, 1}
    assert cover.depth_px[4, 4] == 5


def test_the_box_shifts_and_clips() -> None:
    cover = rasterise(SQUARE, FRONT, (4, 4, 20, 20))
    assert (cover.triangle >= 0).sum() == 25

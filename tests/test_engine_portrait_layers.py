"""Parting the photo into layers."""

import numpy as np

from engine.portrait import layers, lips
from tests.portrait_utils import ada, landmarks, portrait


def test_what_is_far_from_everything_known_is_filled_too() -> None:
    image = np.full((90, 200, 3), 120.0)
    known = np.zeros((90, 200), bool)
    known[70:, :60] = True
    assert np.abs(layers.fill(image, known) - 120).max() < 1


def test_fill_keeps_what_is_known_and_stays_within_it() -> None:
    image = np.zeros((64, 80, 3))
    image[:, 40:] = 100.0
    known = np.zeros((64, 80), bool)
    known[:, :20] = known[:, 60:] = True
    filled = layers.fill(image, known)
    assert np.abs(filled[known] - image[known]).max() < 1e-3
    assert filled.min() >= -1e-3
    assert filled.max() <= 100.001


def test_head_over_plate_is_the_photo() -> None:
    rig = ada()
    x0, y0, x1, y1 = rig.box
    alpha = rig.head[..., 3:] / 255.0
    scene = rig.head[..., :3] * alpha + rig.plate[y0:y1, x0:x1] * (1 - alpha)
    off = np.abs(scene - portrait()[y0:y1, x0:x1]).mean(-1)
    mouth = (slice(505 - y0, 600 - y0), slice(430 - x0, 600 - x0))
    off[mouth] = 0
    assert off.mean() < 0.6
    assert np.quantile(off, 0.999) < 16


def test_the_matte_of_an_unknown_photo_is_sharp_at_the_jaw_and_soft_elsewhere() -> None:
    photo, points = portrait(), landmarks()
    matte = layers.head_matte(photo, points, ada().box)
    chin = int(points[152, 1])
    assert matte[450, 512] > 0.99
    assert matte[200, 512] > 0.99
    assert matte[chin - 8, 512] > 0.99
    assert matte[chin + 8, 512] < 0.01
    assert matte[40, 40] == 0
    assert np.abs(np.diff(matte[300])).max() < 0.05


def test_the_plate_of_an_unknown_photo_is_the_photo_with_a_longer_neck() -> None:
    photo, points = portrait(), landmarks()
    plate = layers.behind_head(photo, points)
    chin = int(points[152, 1])
    assert np.array_equal(plate[: chin - 200], photo[: chin - 200])
    below, above = plate[chin + 20, 512], plate[chin - 30, 512]
    assert np.abs(below - above).max() < 40


def test_the_hole_lies_above_the_seam_between_the_corners() -> None:
    line = lips.find(portrait(), landmarks())
    hole = ada().hole
    x0, y0, *_ = ada().upper_box
    rows, columns = np.nonzero(hole > 128)
    assert (rows + y0).max() < line.ys.max()
    assert columns.min() + x0 > line.left_px - 1
    assert columns.max() + x0 < line.right_px + 1


def test_the_matte_is_whole_where_the_eyes_are_drawn_even_in_a_turned_face() -> None:
    at = landmarks().copy()
    right = at[:, 0] > at[1, 0]
    at[right, 0] = at[1, 0] + (at[right, 0] - at[1, 0]) * 0.4  # the far half, foreshortened
    alpha = layers.head_matte(portrait(), at, ada().box)
    ends = at[[263, 362], :2]
    (x, y), half = ends.mean(0), abs(float(ends[0, 0] - ends[1, 0])) / 2
    x0, x1 = int(x - half - layers.EYE_PATCH_PX), int(x + half + layers.EYE_PATCH_PX)
    assert alpha[int(y) - 10 : int(y) + 10, x0:x1].min() > 0.99

"""Teeth, gums and tongue as surfaces."""

import cv2
import numpy as np

from engine.train.refiner.inside import FINE, Inside, Style, build
from tests.portrait_utils import ada, laid


def inside(style: Style | None = None) -> Inside:
    return build(laid(), ada().cavity_box, style or Style())


def test_teeth_stand_where_the_rig_draws_them() -> None:
    made = inside()
    for surface, layer in ((made.upper, ada().upper_teeth), (made.lower, ada().lower_teeth)):
        rows, columns = layer.shape[:2]
        alpha = cv2.resize(surface.alpha, (columns, rows), interpolation=cv2.INTER_AREA)
        bright = layer[..., :3].mean(-1) > 90
        assert bright.sum() > 500
        assert alpha[bright].mean() > 0.95
    size = ada().cavity_box[3] - ada().cavity_box[1], ada().cavity_box[2] - ada().cavity_box[0]
    assert made.upper.alpha.shape == (size[0] * FINE, size[1] * FINE)


def test_normals_are_unit_and_turn_aside_with_the_row() -> None:
    upper = inside().upper
    assert np.allclose(np.linalg.norm(upper.normal, axis=-1), 1, atol=1e-4)
    row = np.argwhere(upper.alpha > 0.9)[:, 0].max() - 8
    columns = np.flatnonzero(upper.alpha[row] > 0.9)
    left, right = upper.normal[row, columns[3], 0], upper.normal[row, columns[-4], 0]
    assert left < -0.3 and right > 0.3


def test_the_tongue_lies_deeper_than_the_front_teeth() -> None:
    made = inside()
    seen = made.tongue.alpha > 0.9
    middle = seen.shape[1] // 2
    assert made.upper.depth_cm[:, middle].min() < made.lower.depth_cm[:, middle].min()
    assert np.median(made.tongue.depth_cm[seen]) > made.lower.depth_cm[:, middle].min()


def test_a_style_colours_its_own_part_only() -> None:
    plain = inside()
    other = inside(Style(tongue=(40.0, 40.0, 220.0)))
    assert np.array_equal(plain.upper.albedo, other.upper.albedo)
    assert other.tongue.albedo[..., 0].mean() < 0.5 * plain.tongue.albedo[..., 0].mean()


def test_one_seed_gives_one_mouth() -> None:
    uneven = Style(uneven=0.05, seed=3)
    assert np.array_equal(inside(uneven).upper.albedo, inside(uneven).upper.albedo)
    other = inside(Style(uneven=0.05, seed=4))
    assert not np.array_equal(inside(uneven).upper.albedo, other.upper.albedo)

"""The person cut out of the portrait."""

import functools

import cv2
import numpy as np
import pytest

from engine.portrait.rig import Rig
from engine.synthesis.matte import Person, composed, guided, own_colours, person
from tests.portrait_utils import ada


@functools.cache
def cut() -> tuple[Rig, Person]:
    return ada(), person(ada())


def test_the_person_is_found_and_the_wall_is_not() -> None:
    rig, found = cut()
    x, y = (int(v) for v in rig.chin_px)
    for inside in ((y - 200, x), (y + 60, x), (1000, x), (1000, x - 300), (y - 330, x)):
        assert found.alpha[inside] == 1.0, inside
    for outside in ((10, 10), (10, 512), (500, 40), (500, 980), (60, 512)):
        assert found.alpha[outside] == 0.0, outside


def test_head_over_body_is_the_person_at_rest() -> None:
    rig, found = cut()
    x0, y0, x1, y1 = rig.box
    head = np.zeros(found.alpha.shape)
    head[y0:y1, x0:x1] = found.head[..., 3] / 255
    both = 1 - (1 - head) * (1 - found.body[..., 3] / 255)
    assert np.abs(both - found.alpha).max() < 0.02


def test_no_rim_of_the_body_stays_where_the_head_moves_away() -> None:
    """Just inside the hair's outline at the head's sides, nothing may stand still."""
    rig, found = cut()
    row = int(rig.irises[0, 1])
    solid = np.flatnonzero(found.alpha[row] > 0.5)
    for edge in (solid[0], solid[-1]):
        assert found.body[row, edge - 8 : edge + 9, 3].max() < 12


def test_soft_edges_have_no_colour_of_the_old_background() -> None:
    """A red disc on green, its edge mixed of both: the disc alone is red."""
    alpha = np.zeros((160, 160), np.float32)
    cv2.circle(alpha, (80, 80), 50, 1.0, -1)
    alpha = cv2.GaussianBlur(alpha, (0, 0), 3).astype(np.float32)
    mixed = alpha[..., None] * np.array([20, 20, 220]) + (1 - alpha[..., None]) * [20, 220, 20]
    own = own_colours(np.rint(mixed).astype(np.uint8), alpha).astype(int)
    edge = (alpha > 0.3) & (alpha < 0.8)
    assert np.abs(own[edge] - [20, 20, 220]).mean() < 12
    assert np.abs(np.rint(mixed)[edge] - [20, 20, 220]).mean() > 50


def test_a_guided_filter_takes_the_guides_edge() -> None:
    guide = np.zeros((60, 60, 3), np.float32)
    guide[:, 32:] = 0.8
    rough = np.zeros((60, 60), np.float32)
    rough[:, 28:] = 1.0  # four pixels off
    fine = guided(guide, rough, 8, 1e-4)
    assert rough[30, 34] - rough[30, 31] == 0.0
    assert fine[30, 34] - fine[30, 31] > 0.35


def test_it_is_the_same_every_time() -> None:
    again = person(ada())
    assert np.array_equal(again.alpha, cut()[1].alpha)
    assert np.array_equal(again.body, cut()[1].body)


def test_composed_is_the_portrait() -> None:
    rig, _ = cut()
    assert composed(rig).shape == rig.plate.shape
    assert not np.array_equal(composed(rig), rig.plate)
    assert composed(rig).mean() == pytest.approx(rig.plate.mean(), rel=0.5)

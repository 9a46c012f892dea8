"""Where parts lie."""

import numpy as np

from engine.synthesis.framing import frame
from engine.synthesis.places import covered, hole, mouth_box, occupied
from tests.portrait_utils import ada


def test_what_is_occupied_is_a_rectangle_about_it() -> None:
    alpha = np.zeros((20, 30), np.uint8)
    alpha[4:9, 10:25] = 1
    assert occupied(alpha, (100, 200, 130, 220)) == (110, 204, 125, 209)


def test_the_head_covers_its_open_mouth_too() -> None:
    planes = [np.full((4, 6), value, np.uint8) for value in (9, 200, 100)]
    got = covered(planes, (2, 3, 8, 7), (12, 10))
    assert got.shape == (10, 12)
    assert (got[3:7, 2:8] == 255).all()
    assert got.sum() == 4 * 6 * 255


def test_the_hole_is_in_the_mouth() -> None:
    rig = ada()
    framing = frame((1024, 1024), rig.pivot_px[0], 512, 512)
    rect, upper = framing.rect(rig.box, 512, 512), framing.rect(rig.upper_box, 512, 512)
    cut = hole(rig, framing, rect, upper)
    assert cut.shape == (rect[3] - rect[1], rect[2] - rect[0])
    left, top, right, bottom = (v / 2 for v in mouth_box(rig))
    rows, columns = np.nonzero(cut > 128)
    assert left < columns.min() + rect[0] < columns.max() + rect[0] < right
    assert top < rows.min() + rect[1] < rows.max() + rect[1] < bottom + 30

"""Parted lips are closed; closed ones are left alone."""

import cv2
import numpy as np

from engine.portrait.closing import close
from engine.portrait.lips import INNER_LOWER, INNER_UPPER
from tests.portrait_utils import landmarks, portrait, with_teeth


def test_closed_lips_stay_as_they_are() -> None:
    photo, points = portrait(), landmarks()
    closed, moved = close(photo, points)
    assert closed is photo
    assert moved is points


def test_teeth_give_way_to_lips_and_a_seam() -> None:
    photo, points = with_teeth(), landmarks()
    closed, moved = close(photo, points)
    x, y = (int(v) for v in points[[13, 14], :2].mean(0))
    red = np.asarray(cv2.cvtColor(closed, cv2.COLOR_BGR2LAB), np.float64)[..., 1]
    before = np.asarray(cv2.cvtColor(photo, cv2.COLOR_BGR2LAB), np.float64)[..., 1]
    inside = (slice(y - 5, y + 6), slice(x - 25, x + 26))
    assert red[inside].mean() > before[inside].mean() + 8
    assert np.abs(moved[list(INNER_UPPER), :2] - moved[list(INNER_LOWER), :2]).max() == 0
    column = closed[y - 12 : y + 22, x].mean(-1)
    seam = moved[13, 1] - (y - 12)
    assert abs(int(column.argmin()) - seam) < 4


def test_only_the_mouth_changes() -> None:
    photo, points = with_teeth(), landmarks()
    closed, _ = close(photo, points)
    changed = np.argwhere(np.abs(closed.astype(int) - photo).max(-1) > 1)
    (top, left), (bottom, right) = changed.min(0), changed.max(0)
    mouth = points[[61, 291, 0, 17], :2]
    assert left > mouth[:, 0].min() - 12
    assert right < mouth[:, 0].max() + 12
    assert top > mouth[:, 1].min() - 12
    assert bottom < mouth[:, 1].max() + 12

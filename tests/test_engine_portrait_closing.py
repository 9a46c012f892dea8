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


def mislaid() -> np.ndarray:
    """Landmarks that take the lower lip's red for an opening."""
    points = landmarks()
    middle = points[78, 0], points[308, 0]
    half = (middle[1] - middle[0]) / 2
    side = (points[list(INNER_LOWER), 0] - np.mean(middle)) / half
    points[list(INNER_LOWER), 1] += 12 * np.clip(1 - side**2, 0, 1)
    return points


def test_lips_that_touch_are_not_closed_again_whatever_the_mesh_says() -> None:
    photo = portrait()
    closed, moved = close(photo, mislaid())
    assert closed is photo
    assert np.abs(moved[14, :2] - moved[13, :2]).max() < 3
    assert abs(moved[14, 1] - landmarks()[[13, 14], 1].mean()) < 4, "they meet at the dark line"


def test_a_dark_opening_is_closed() -> None:
    photo, points = portrait(), mislaid()
    x, y = (int(v) for v in points[[13, 14], :2].mean(0))
    cv2.ellipse(photo, (x, y), (44, 6), 0, 0, 360, (20, 16, 30), -1)
    closed, _ = close(photo, points)
    inside = (slice(y - 3, y + 3), slice(x - 20, x + 20))
    assert closed[inside].mean() > photo[inside].mean() + 30


def test_teeth_are_followed_beyond_the_mesh() -> None:
    """The mesh sees half of an opening: what stands above its edge goes too."""
    photo, points = with_teeth(), landmarks()
    x, y = (int(v) for v in points[[13, 14], :2].mean(0))
    closed, _ = close(photo, points)
    lab = np.asarray(cv2.cvtColor(closed, cv2.COLOR_BGR2LAB), np.float64)
    rim = lab[y - 8 : y - 3, x - 20 : x + 21]
    lips = lab[y + 14 : y + 18, x - 20 : x + 21]
    assert rim[..., 1].mean() > lips[..., 1].mean() - 8

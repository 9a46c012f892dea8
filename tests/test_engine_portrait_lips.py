"""Tracing the lips' seam."""

import cv2
import numpy as np

from engine.portrait import lips
from tests.portrait_utils import landmarks, portrait


def test_the_seam_is_found_on_a_drawn_line() -> None:
    photo = np.full((1024, 1024, 3), 160, np.uint8)
    points = landmarks()
    target = float(points[[13, 14], 1].mean()) - 2.0
    cv2.line(photo, (440, round(target)), (590, round(target)), (60, 50, 90), 2)
    middle = lips.find(photo, points).y(np.array([512.0]))
    assert abs(float(middle[0]) - target) < 1.2


def test_the_seam_of_the_portrait_lies_within_its_lips() -> None:
    points = landmarks()
    line = lips.find(portrait(), points)
    assert points[0, 1] < line.ys.min()
    assert line.ys.max() < points[17, 1]
    assert line.left_px < 470 < 560 < line.right_px


def test_the_reach_is_round_and_ends_at_the_corners() -> None:
    line = lips.find(portrait(), landmarks())
    middle = (line.left_px + line.right_px) / 2
    reach = line.reach(np.array([line.left_px - 5, line.left_px, middle, line.right_px + 5]))
    assert np.allclose(reach, [0, 0, 1, 0])

"""The square that becomes the portrait."""

import numpy as np
import pytest

from engine.portrait.crop import frame
from tests.portrait_utils import landmarks, portrait

EYES = [33, 263]


def eye_distance(points: np.ndarray) -> float:
    return float(np.linalg.norm(points[EYES[0], :2] - points[EYES[1], :2]))


@pytest.mark.parametrize("scale", [0.8, 1.0, 2.0])
@pytest.mark.parametrize("shift", [(0, 0), (1500, 900)])
def test_every_portrait_is_composed_alike(scale: float, shift: tuple[int, int]) -> None:
    at = landmarks()[:, :2] * scale + [600, 700] + shift
    crop = frame(at, 6000, 6000, 0.18)
    assert crop.room == pytest.approx(1, abs=0.01)
    inside = crop.moved(at, 1024)
    assert eye_distance(inside) == pytest.approx(203, abs=15)
    assert inside[EYES, 0].mean() == pytest.approx(512, abs=12)
    assert 560 < inside[152, 1] < 720, "the chin"


def test_a_larger_ratio_leaves_more_room() -> None:
    near, far = (frame(landmarks() + 900, 4000, 4000, ratio).side_px for ratio in (0.15, 0.2))
    assert far > near * 1.05


def test_where_the_photo_ends_the_square_stays_inside() -> None:
    for width, height in ((1024, 1024), (900, 1024), (1024, 700), (520, 1024)):
        crop = frame(landmarks(), width, height, 0.2)
        assert crop.left_px >= 0
        assert crop.top_px >= 0
        assert crop.left_px + crop.side_px <= width
        assert crop.top_px + crop.side_px <= height
    assert crop.room < 0.6


def test_what_is_cut_has_its_landmarks_on_it() -> None:
    crop = frame(landmarks(), 1024, 1024, 0.15)
    seen, at = crop.cut(portrait(), 1024), crop.moved(landmarks(), 1024)
    assert seen.shape == (1024, 1024, 3)
    x, y = (int(v) for v in at[468, :2])
    original = portrait()[int(landmarks()[468, 1]), int(landmarks()[468, 0])]
    assert np.abs(seen[y, x].astype(int) - original).max() < 30

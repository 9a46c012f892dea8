"""A person's outline out of a coarse mask."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.media import ByteArray
from engine.synthesis.outline import outline


def scene(person: tuple[int, int, int], wall: tuple[int, int, int]) -> tuple[ByteArray, ByteArray]:
    """A disc before a wall, with a little noise, and where it is."""
    true = np.zeros((400, 400), np.uint8)
    cv2.circle(true, (200, 200), 120, 1, -1)
    picture = np.where(true[..., None] == 1, person, wall).astype(np.float64)
    picture += np.random.default_rng(1).normal(0, 4, picture.shape)
    return np.clip(picture, 0, 255).astype(np.uint8), true


def coarse(true: ByteArray, by_px: int) -> ByteArray:
    """A small mask that reaches *by_px* too far, or as far too little."""
    disc = np.ones((2 * abs(by_px) + 1,) * 2, np.uint8)
    changed = cv2.dilate(true, disc) if by_px > 0 else cv2.erode(true, disc)
    return np.asarray(cv2.resize(255 * changed, (100, 100), interpolation=cv2.INTER_AREA), np.uint8)


def wrong(found: NDArray[Any], true: ByteArray) -> float:
    return float(np.abs(found.astype(np.float64) - true).mean())


def test_where_colours_differ_the_colours_decide() -> None:
    picture, true = scene((40, 60, 90), (200, 190, 180))
    for by_px in (7, -7):
        mask = coarse(true, by_px)
        before = wrong(cv2.resize(mask, (400, 400)) / 255, true)
        assert wrong(outline(mask, picture), true) < 0.25 * before


def test_where_colours_are_alike_the_mask_stands() -> None:
    picture, true = scene((120, 120, 120), (120, 120, 120))
    mask = coarse(true, 0)
    half_a_pixel = 0.5 * 2 * np.pi * 120 / true.size
    assert wrong(outline(mask, picture) > 0.5, true) < half_a_pixel


def test_far_from_the_outline_nothing_changes() -> None:
    picture, true = scene((40, 60, 90), (200, 190, 180))
    picture[190:210, 190:210] = (200, 190, 180)  # a spot on the person as the wall is
    picture[10:30, 10:30] = (40, 60, 90)
    found = outline(coarse(true, 0), picture)
    assert found[190:210, 190:210].min() == 1
    assert found[10:30, 10:30].max() == 0


def test_crumbs_are_not_person() -> None:
    picture, true = scene((40, 60, 90), (200, 190, 180))
    mask = coarse(true, 0)
    mask[95:, :8] = 255
    found = outline(mask, picture)
    assert found[370:, :40].max() == 0
    assert found[200, 200] == 1


def test_all_or_nothing_is_no_trouble() -> None:
    picture, _ = scene((40, 60, 90), (200, 190, 180))
    assert outline(np.full((64, 64), 255, np.uint8), picture).min() == 1
    assert outline(np.zeros((64, 64), np.uint8), picture).max() == 0

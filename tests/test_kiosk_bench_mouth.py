import cv2
import numpy as np
import pytest

from engine.media import ByteArray
from kiosk.bench.mouth import MOUTH, Box, first_above, mouth_change, steadied

SIDE = 128


def face(opening_px: int = 0, shift_px: tuple[float, float] = (0, 0), light: int = 0) -> ByteArray:
    """A face with brows, eyes, a nose and a mouth, shape (SIDE, SIDE)."""
    image = np.full((SIDE, SIDE), 150, np.uint8)
    for x in (50, 78):
        cv2.ellipse(image, (x, 48), (8, 3), 0, 0, 360, 40, -1)
        cv2.line(image, (x - 9, 40), (x + 9, 39), 70, 2)
    cv2.line(image, (64, 46), (61, 58), 110, 2)
    cv2.ellipse(image, (64, 70), (9, 1 + opening_px), 0, 0, 360, 60, -1)
    move = np.array([[1, 0, shift_px[0]], [0, 1, shift_px[1]]], np.float32)
    moved = cv2.warpAffine(image, move, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(np.clip(moved.astype(int) + light, 0, 255), np.uint8)


RESTING = np.stack([face() for _ in range(6)])


def test_a_box_is_cut_out_in_shares_of_the_side() -> None:
    rows, columns = Box(0.25, 0.5, 0.75, 1.0).of(100)
    assert (rows, columns) == (slice(50, 100), slice(25, 75))


def test_the_mouth_lies_below_the_middle() -> None:
    rows, columns = MOUTH.of(SIDE)
    assert rows.start < 70 < rows.stop
    assert columns.start < 64 < columns.stop


def test_a_head_that_moves_is_steadied() -> None:
    moved = face(shift_px=(3, -2))
    before = np.abs(moved.astype(float) - RESTING[0]).mean()
    after = np.abs(steadied(moved[None], RESTING[0])[0] - RESTING[0]).mean()
    assert after < before / 2


def test_an_opening_mouth_counts_and_a_moving_head_or_a_brighter_picture_hardly() -> None:
    still, nod, light, spoken = mouth_change(
        np.stack([face(), face(shift_px=(1, 1)), face(light=12), face(opening_px=5)]), RESTING
    )
    assert still == pytest.approx(0, abs=0.1)
    assert spoken > 3 * nod
    assert spoken > 10 * light


def test_the_wider_the_mouth_the_greater_the_change() -> None:
    changes = mouth_change(np.stack([face(opening_px=n) for n in (1, 3, 5)]), RESTING)
    assert changes[0] < changes[1] < changes[2]


def test_one_outlier_is_not_the_beginning() -> None:
    values = np.array([0.0, 5.0, 0.0, 0.0, 5.0, 5.0])
    assert first_above(values, 1.0) == 4
    assert first_above(values, 9.0) is None

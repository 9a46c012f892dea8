"""A sheet of mouths."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.media import ByteArray
from kiosk.bench.browser import BenchError
from kiosk.bench.refiner_sheet import COLUMNS, GAP_PX, MOST_BYTES, TILE_PX, check, sheet, write


def face(grey: int, side_px: int = 128) -> list[ByteArray]:
    return [np.full((side_px, side_px, 3), grey + k, np.uint8) for k in range(len(COLUMNS))]


def test_faces_stand_in_rows_of_two() -> None:
    picture = sheet([face(10), face(60), face(110)])
    row_px, strip_px = TILE_PX + GAP_PX, 4 * TILE_PX
    assert picture.shape == (2 * TILE_PX + GAP_PX, 2 * strip_px + GAP_PX, 3)
    middle = TILE_PX // 2
    assert [int(picture[middle, k * TILE_PX + middle, 0]) for k in range(4)] == [10, 11, 12, 13]
    assert picture[middle, strip_px + GAP_PX + middle, 0] == 60
    assert picture[row_px + middle, middle, 0] == 110
    assert picture[row_px + middle, strip_px + GAP_PX + middle, 0] == 255  # nobody
    assert picture[15, 15].min() > 200 > picture[row_px + 15, 15].max()  # names in the first row


@pytest.mark.parametrize("name", ["sheet.jpg", "sheet.png"])
def test_eight_faces_are_written_and_small_enough(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, [face(20 * k) for k in range(10)])
    data = (tmp_path / name).read_bytes()
    assert len(data) <= MOST_BYTES
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None and picture.shape[0] == 4 * TILE_PX + 3 * GAP_PX


@pytest.mark.parametrize("name", ["sheet", "sheet.txt", "nowhere/sheet.png"])
def test_what_cannot_be_written_is_told_beforehand(tmp_path: Path, name: str) -> None:
    check(tmp_path / "sheet.PNG")
    with pytest.raises(BenchError, match=r"call it .jpg or .png|name a folder to write to"):
        check(tmp_path / name)


def test_what_is_too_large_as_png_is_told(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    noisy = [[rng.integers(96, 128, (240, 240, 3), np.uint8) for _ in COLUMNS] for _ in range(8)]
    with pytest.raises(BenchError, match="jpg"):
        write(tmp_path / "sheet.png", noisy)
    write(tmp_path / "sheet.jpg", noisy)
    assert (tmp_path / "sheet.jpg").stat().st_size <= MOST_BYTES


def test_nobody_makes_no_sheet(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="--portraits"):
        write(tmp_path / "none.jpg", [])

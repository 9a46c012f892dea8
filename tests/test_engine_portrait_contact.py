from pathlib import Path

import cv2
import pytest

from engine import personas
from engine.portrait.contact import COLUMNS, TILE_PX, main


def test_portraits_lie_side_by_side(tmp_path: Path) -> None:
    out = tmp_path / "sheet.jpg"
    assert main([str(out), *(str(personas.path(name)) for name in ("ada", "lin"))]) == 0
    image = cv2.imread(str(out))
    assert image is not None
    assert image.shape == (2 * TILE_PX, len(COLUMNS) * TILE_PX, 3)
    rest, blink = image[:, 20:TILE_PX], image[:, TILE_PX + 20 : 2 * TILE_PX]
    assert abs(rest.astype(int) - blink).mean() > 0.2


def test_what_cannot_be_read_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "a.jpg"), str(tmp_path / "none.rig")]) == 1
    assert capsys.readouterr().err.startswith("contact: no rig at")

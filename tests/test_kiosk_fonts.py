from pathlib import Path

import pytest
from PIL import ImageFont

from kiosk.fonts import FOLDERS, font_for


def test_latin_needs_no_font_of_the_machine(tmp_path: Path) -> None:
    assert font_for("AI-generated", [str(tmp_path)]) == ""


def test_what_no_font_has_is_refused_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "NotoSansCJK-Regular.ttc").write_bytes(b"no font")
    with pytest.raises(ValueError, match=r"AI生成.*apt install fonts-noto-cjk"):
        font_for("AI生成", [str(tmp_path), str(tmp_path / "absent")])


def test_chinese_is_written_with_a_font_that_has_it() -> None:
    try:
        font = font_for("AI生成")
    except ValueError:
        pytest.skip(f"no Chinese font in {FOLDERS}")
    assert ImageFont.truetype(font, 20).getlength("生成") == pytest.approx(40, abs=2)

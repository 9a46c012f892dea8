"""The visible mark."""

import numpy as np
import pytest

from engine.media import ByteArray
from engine.synthesis.look import POSITIONS, Background, Look, Mark, Position
from engine.synthesis.mark import MarkError, Stamp, refuse_missing
from engine.synthesis.synthesizer import OutputFormat, Synthesizer
from tests.portrait_utils import ada, motion


def stamped(level: int, mark: Mark, width: int = 512, height: int = 512) -> ByteArray:
    luma = np.full((height, width), level, np.uint8)
    Stamp(mark, width, height).draw(luma, np.full((2, height // 2, width // 2), 128, np.uint8))
    return luma


@pytest.mark.parametrize("level", [16, 60, 128, 200, 235])
def test_letters_stand_out_on_any_background(level: int) -> None:
    x0, y0, x1, y1 = Stamp(Mark(), 512, 512).rect
    inside = stamped(level, Mark())[y0:y1, x0:x1].astype(int)
    letters, plate = np.quantile(inside, 0.99), np.quantile(inside, 0.3)
    assert letters - plate > 110


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("size", [(512, 512), (720, 1280), (1280, 720), (256, 256)])
def test_it_is_where_it_was_asked_for(position: Position, size: tuple[int, int]) -> None:
    luma = stamped(128, Mark(position=position), *size)
    ys, xs = np.nonzero(luma != 128)
    assert (ys.mean() < size[1] / 3) == position.startswith("top")
    assert (xs.mean() < size[0] / 2 - 20) == position.endswith("left")
    assert (xs.mean() > size[0] / 2 + 20) == position.endswith("right")
    assert min(ys.min(), xs.min()) >= 4 and xs.max() < size[0] - 4 and ys.max() < size[1] - 4
    assert len(set(ys)) < size[1] / 12  # it does not cover the face


def test_the_synthesizer_draws_it_unless_it_is_off() -> None:
    plain, marked = (
        Synthesizer(ada(), OutputFormat(256, 256), Look(mark=Mark(on=on))).render(motion())
        for on in (False, True)
    )
    ys, xs = np.nonzero(plain[:256] != marked[:256])
    assert len(ys) > 300 and ys.min() > 220 and xs.min() > 140


def test_it_is_opaque_enough_in_a_transparent_picture() -> None:
    look = Look(background=Background("transparent"), mark=Mark(position="top-left"))
    drawn = Synthesizer(ada(), OutputFormat(256, 256), look)
    drawn.render(motion())
    assert drawn.alpha is not None
    assert drawn.alpha[12, 30] > 120 and drawn.alpha[100, 5] == 0


def test_what_cannot_be_written_is_refused_with_the_remedy() -> None:
    with pytest.raises(MarkError, match=r"生成.*fonts-noto-cjk"):
        Stamp(Mark(text="AI生成"), 512, 512)
    with pytest.raises(MarkError, match="does not fit into 256 pixels"):
        Stamp(Mark(text="W" * 40), 256, 256)
    with pytest.raises(MarkError, match="cannot be read"):
        Stamp(Mark(font="/nowhere/font.ttf"), 512, 512)
    refuse_missing("AI-generated", "")

import numpy as np
import pytest

from engine.media import Pose
from engine.synthesis.shapes import SHAPES, labelled, motion, sheet, speech_like
from engine.synthesis.synthesizer import OutputFormat, Synthesizer
from tests.portrait_utils import ada


def test_names_without_a_side_mean_both() -> None:
    frame = motion({"mouthSmile": 0.5, "jawOpen": 0.2}, Pose())
    assert sorted(frame.coefficients[frame.coefficients > 0].round(2)) == pytest.approx(
        [0.2, 0.5, 0.5]
    )


def test_talk_moves_mouth_lids_and_head() -> None:
    frames = speech_like(80)
    moved = np.ptp([frame.coefficients for frame in frames], axis=0)
    assert (moved > 0.1).sum() >= 5
    assert len({frame.pose for frame in frames}) > 40


def test_a_label_stands_in_the_upper_left_corner_alone() -> None:
    plain = np.full((256, 256, 3), 90, np.uint8)
    drawn = labelled(plain.copy(), "oh")
    rows, columns = np.nonzero((drawn != plain).any(2))
    assert rows.min() == columns.min() == 0
    assert rows.max() < 64 and columns.max() < 96


def test_a_sheet_has_every_shape() -> None:
    drawn = sheet(Synthesizer(ada(), OutputFormat(256, 256)), columns=9)
    assert drawn.shape == (256 * len(SHAPES) // 9, 256 * 9, 3)

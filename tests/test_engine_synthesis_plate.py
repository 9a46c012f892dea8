"""The scene behind the head."""

import numpy as np

from engine.media import Pose
from engine.synthesis.framing import frame, opaque
from engine.synthesis.plate import Plate
from engine.synthesis.warp import turn
from tests.portrait_utils import ada

FRAMING = frame((1024, 1024), ada().pivot_px[0], 512, 512)


def drawn(pose: Pose) -> tuple[np.ndarray, np.ndarray]:
    luma, chroma = np.empty((512, 512), np.uint8), np.empty((2, 256, 256), np.uint8)
    Plate(ada(), FRAMING, 512, 512).draw(luma, chroma, pose.breath, turn(pose, 100.0))
    return luma.astype(int), chroma.astype(int)


def test_rest_is_the_plate_to_its_edges() -> None:
    luma, chroma = drawn(Pose())
    whole = FRAMING.place(ada().plate, (0, 0, 1024, 1024), (0, 0, 512, 512))
    expected, expected_chroma = opaque(whole)
    assert np.abs(luma - expected).max() <= 1
    assert np.abs(chroma - expected_chroma.transpose(2, 0, 1)).max() <= 1


def test_breath_moves_neither_the_background_nor_the_bottom_edge() -> None:
    rest, full = drawn(Pose())[0], drawn(Pose(breath=1.0))[0]
    assert np.abs(rest[:300, :100] - full[:300, :100]).max() <= 1
    assert np.abs(rest[-1] - full[-1]).max() <= 6
    assert np.abs(rest[330:460] - full[330:460]).max() > 10


def test_the_neck_follows_the_head_and_the_lapels_do_not() -> None:
    rest, moved = drawn(Pose())[0], drawn(Pose(x=0.1))[0]
    assert np.abs(rest[320:345, 195:320] - moved[320:345, 195:320]).mean() > 0.5
    assert np.abs(rest[420:] - moved[420:]).max() <= 4


def test_numpy_numbers_draw_the_same() -> None:
    plain = drawn(Pose(breath=0.7, x=0.05))
    doubles = drawn(Pose(breath=np.float64(0.7), x=np.float64(0.05)))
    assert np.array_equal(plain[0], doubles[0])
    assert np.array_equal(plain[1], doubles[1])

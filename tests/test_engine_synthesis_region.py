"""The mouth's region: it goes with the head, and what is added comes down where it belongs."""

from dataclasses import replace

import numpy as np
import pytest

from engine.media import ByteArray, FloatArray, Pose
from engine.synthesis.framing import frame
from engine.synthesis.region import FADE, Region, fade, fold, unfold
from engine.synthesis.warp import Turn, bounded, turn
from tests.portrait_utils import ada

SIZE = 512


def region(side_px: int = 128) -> Region:
    rig = ada()
    return Region(rig, frame((1024, 1024), rig.pivot_px[0], SIZE, SIZE), side_px)


def turned(**pose: float) -> Turn:
    return turn(bounded(Pose(**pose)), ada().eye_distance_px / 2)


def picture(luma: float = 100, chroma: float = 128) -> tuple[ByteArray, ByteArray]:
    return (
        np.full((SIZE, SIZE), luma, np.uint8),
        np.full((2, SIZE // 2, SIZE // 2), chroma, np.uint8),
    )


def middle(plane: ByteArray, level: int) -> tuple[float, float]:
    rows, columns = np.nonzero(np.abs(plane.astype(int) - level) > 2)
    return float(columns.mean()), float(rows.mean())


def grey(value: float, side_px: int = 128) -> FloatArray:
    return np.full((6, side_px // 2, side_px // 2), value, np.float32)


@pytest.mark.parametrize("side_px", [15, 14, 33])
def test_other_sides_are_refused(side_px: int) -> None:
    with pytest.raises(ValueError, match="even and at least 16"):
        region(side_px)


def test_folding_is_undone_by_unfolding() -> None:
    rng = np.random.default_rng(0)
    luma, u, v = (rng.random(shape, np.float32) for shape in ((8, 12), (4, 6), (4, 6)))
    folded = fold(luma, u, v)
    assert folded.shape == (6, 4, 6)
    assert np.array_equal(folded[:4, 0, 0], luma[:2, :2].ravel())
    for got, want in zip(unfold(folded), (luma, u, v), strict=True):
        assert np.array_equal(got, want)


def test_the_fade_is_whole_in_the_middle_and_nothing_at_the_edge() -> None:
    line = fade(100)[50]
    assert line[int(100 * FADE) + 1 : 50] == pytest.approx(1)
    assert line[0] < 0.01
    assert (np.diff(line[:50]) >= 0).all()


def test_what_it_crops_is_the_mouth_wherever_the_head_goes() -> None:
    luma, chroma = picture()
    x0, y0, x1, y1 = (v // 2 for v in ada().mouth_px)
    luma[y0:y1, x0:x1] = 200
    at_rest = region().crop(luma, chroma, turned())
    assert at_rest.shape == (6, 64, 64)
    assert at_rest.dtype == np.float32
    assert at_rest[0].max() == pytest.approx((200 - 128) / 128)
    assert np.abs(at_rest[4:]).max() == 0
    x, y = 0.2, -0.1
    by = (np.array([x, y]) * ada().eye_distance_px / 2).round().astype(int)
    moved = np.roll(luma, (by[1], by[0]), (0, 1))
    gone_along = region().crop(moved, chroma, turned(x=x, y=y))
    assert np.abs(gone_along - at_rest).mean() < 0.02
    assert np.abs(region().crop(moved, chroma, turned()) - at_rest).mean() > 0.04


def test_beyond_the_picture_it_is_black() -> None:
    crop = region().crop(*picture(), turned(y=0.5, x=0.5, scale=1.25))
    assert crop[0].max() == pytest.approx((100 - 128) / 128)
    far = replace(turned(), shift=np.array([0, 900], np.float32))
    gone = region().crop(*picture(), far)
    assert gone[:4].max() == pytest.approx((16 - 128) / 128)
    assert np.abs(gone[4:]).max() == 0


def test_a_mask_lies_on_the_same_places_as_the_picture() -> None:
    luma, chroma = picture(16)
    x0, y0, x1, y1 = (v // 4 * 2 for v in ada().mouth_px)
    luma[y0:y1, x0:x1] = 144
    mask = np.full((y1 - y0, x1 - x0), 255, np.uint8)
    pose = turned(yaw_deg=8, roll_deg=6, x=0.1)
    got = region().crop_mask(mask, (x0, y0, x1, y1), pose)
    want = (region().crop(luma, chroma, pose)[:4].mean(0) + 0.875) / 1.0
    assert got.shape == (64, 64)
    assert got.max() == 1 and got.min() == 0
    assert np.abs(got - want).mean() < 0.01


@pytest.mark.parametrize("pose", [{}, {"yaw_deg": 10, "roll_deg": -8}, {"x": 0.2, "y": 0.1}])
def test_what_is_added_lands_where_it_was_cropped(pose: dict[str, float]) -> None:
    luma, chroma = picture()
    more = grey(0)
    more[:4, 20:30, 30:45], more[4, 20:30, 30:45] = 40, -20
    region().add(luma, chroma, more, turned(**pose))
    assert luma.max() == 140 and luma.min() == 100
    assert chroma[0].min() == 108 and chroma[1].min() == 128
    back = region().crop(luma, chroma, turned(**pose)) * 128 + 128
    assert back[0, 22:28, 32:43] == pytest.approx(140, abs=0.5)
    assert back[4, 22:28, 32:43] == pytest.approx(108, abs=0.5)
    assert back[0, 40:] == pytest.approx(100)
    # Luma and chroma came down in the same place.
    at, half = middle(luma, 100), middle(chroma[0], 128)
    assert at == pytest.approx(tuple(2 * v + 0.5 for v in half), abs=0.7)


def test_sums_are_rounded_and_end_at_black_and_white() -> None:
    for level, more, want in ((100, 0.6, 101), (100, 0.4, 100), (250, 40, 255), (20, -40, 0)):
        luma, chroma = picture(level)
        region().add(luma, chroma, grey(more), turned())
        assert want in (luma.max(), luma.min())


def test_nothing_is_added_out_of_the_picture() -> None:
    luma, chroma = picture()
    far = replace(turned(), shift=np.array([900, 0], np.float32))
    region().add(luma, chroma, grey(50), far)
    assert luma.min() == luma.max() == 100


def test_nothing_is_added_where_it_is_not_covered() -> None:
    luma, chroma = picture()
    cover = np.zeros((SIZE, SIZE), np.uint8)
    cover[:, : SIZE // 2] = 255
    cover[:, SIZE // 2 - 8 : SIZE // 2] = 51
    region().add(luma, chroma, grey(50), turned(), cover)
    assert (luma[:, SIZE // 2 :] == 100).all()
    assert (chroma[:, :, SIZE // 4 :] == 128).all()
    assert luma[:, : SIZE // 2 - 8].max() == 150
    assert luma[:, SIZE // 2 - 8 : SIZE // 2].max() == 110
    assert chroma[:, :, SIZE // 4 - 4 :].max() == 138

"""The mouth's region: cut out upright, laid back where the head is."""

import numpy as np
import pytest

from engine.media import ByteArray, FloatArray, Pose
from engine.synthesis.framing import frame
from engine.synthesis.region import Region, fade, fold, unfold
from engine.synthesis.warp import Turn, bounded, turn
from tests.portrait_utils import ada

SIZE, SIDE = 512, 128
TURNED = Pose(yaw_deg=8, pitch_deg=-4, roll_deg=6, x=0.1, scale=1.05)


def region(side: int = SIDE) -> Region:
    return Region(ada(), frame((1024, 1024), ada().pivot_px[0], SIZE, SIZE), side)


def turned(pose: Pose) -> Turn:
    return turn(bounded(pose), ada().eye_distance_px / 2)


def planes() -> tuple[ByteArray, ByteArray]:
    """A smooth picture, no two places of it alike."""
    ys, xs = np.mgrid[0:SIZE, 0:SIZE]
    luma = (40 + xs / 4 + ys / 8).astype(np.uint8)
    chroma = np.stack([luma[::2, ::2] // 2 + 60, 200 - luma[::2, ::2] // 2]).astype(np.uint8)
    return luma, chroma


def level(folded: FloatArray) -> FloatArray:
    return folded * 128 + 128


def test_folding_and_unfolding_give_the_same_back() -> None:
    luma, chroma = planes()
    back = unfold(fold(luma.astype(np.float32), *chroma.astype(np.float32)))
    for got, given in zip(back, (luma, *chroma), strict=True):
        assert np.array_equal(got, given)


@pytest.mark.parametrize("pose", [Pose(), TURNED], ids=["at rest", "turned"])
def test_the_lips_middle_is_in_the_same_place_whatever_the_pose(pose: Pose) -> None:
    left, top, right, bottom = ada().mouth_px
    framing = frame((1024, 1024), ada().pivot_px[0], SIZE, SIZE)
    depth = float(ada().depth_px[(top - ada().box[1]) // 5, (left - ada().box[0] + 60) // 5])
    at = np.array([(left + right) / 2, (top + bottom) / 2]) - ada().pivot_px
    x, y = at * framing.scale
    goes = turned(pose).move(float(x), float(y), depth * framing.scale)
    picture = np.array(goes) + framing.to_output(*ada().pivot_px)
    matrix = region().matrix(turned(pose)).astype(np.float64)
    found = np.linalg.solve(matrix[:, :2], picture - matrix[:, 2])
    assert found == pytest.approx((SIDE / 2, SIDE * (0.5 - 0.14 / 1.25)), abs=2.5)


@pytest.mark.parametrize("pose", [Pose(), TURNED], ids=["at rest", "turned"])
def test_a_cut_shows_what_is_there(pose: Pose) -> None:
    luma, chroma = planes()
    cut = level(region().crop(luma, chroma, turned(pose)))
    full, u, v = unfold(cut)
    matrix = region().matrix(turned(pose))
    for at in ((10, 20), (64, 64), (100, 37)):
        x, y = matrix @ (*at, 1)
        assert full[at[1], at[0]] == pytest.approx(40 + x / 4 + y / 8, abs=1.2)
    assert u.mean() == pytest.approx(60 + full.mean() / 2, abs=1.5)
    assert v.mean() == pytest.approx(200 - full.mean() / 2, abs=1.5)


def test_nothing_added_changes_nothing() -> None:
    luma, chroma = planes()
    before = luma.copy(), chroma.copy()
    region().add(luma, chroma, np.zeros((6, 64, 64), np.float32), turned(TURNED))
    assert np.array_equal(luma, before[0]) and np.array_equal(chroma, before[1])


@pytest.mark.parametrize("side", [128, 256])
@pytest.mark.parametrize("pose", [Pose(), TURNED], ids=["at rest", "turned"])
def test_what_is_added_comes_where_it_was_cut(pose: Pose, side: int) -> None:
    luma, chroma = planes()
    here, cut = region(side), np.s_[:, side // 8 : -side // 8, side // 8 : -side // 8]
    before = here.crop(luma, chroma, turned(pose))
    ys, xs = np.mgrid[0 : side // 2, 0 : side // 2] / (side / 2)
    wave = np.stack([20 * np.sin(6 * xs + k) * np.cos(5 * ys) for k in range(6)])
    wave[:4] = wave[0]
    here.add(luma, chroma, wave.astype(np.float32), turned(pose))
    gained = (here.crop(luma, chroma, turned(pose)) - before)[cut] * 128
    assert np.abs(gained - wave[cut]).mean() < 1.2


def test_nothing_is_added_beyond_the_square_and_it_ends_softly() -> None:
    luma, chroma = planes()
    before = luma.copy()
    region().add(luma, chroma, np.full((6, 64, 64), 40, np.float32), turned(Pose()))
    changed = luma.astype(int) - before
    rows, columns = np.nonzero(changed)
    extent = 1.25 * ada().eye_distance_px / 2
    assert np.ptp(rows) <= extent and np.ptp(columns) <= extent
    assert np.abs(np.diff(changed, axis=1)).max() <= 6
    assert changed.max() == 40


def test_grey_levels_stop_at_their_ends() -> None:
    luma, chroma = planes()
    region().add(luma, chroma, np.full((6, 64, 64), 400, np.float32), turned(Pose()))
    assert luma.max() == 255
    region().add(luma, chroma, np.full((6, 64, 64), -900, np.float32), turned(Pose()))
    assert luma.min() == 0


def test_a_head_out_of_the_picture_is_no_error() -> None:
    luma, chroma = planes()
    before = luma.copy()
    away = Turn(turned(Pose()).matrix, np.array([5000.0, 0.0], np.float32))
    assert level(region().crop(luma, chroma, away))[0].max() == pytest.approx(16)
    region().add(luma, chroma, np.full((6, 64, 64), 40, np.float32), away)
    assert np.array_equal(luma, before)


def test_a_mask_is_cut_as_the_picture_is() -> None:
    mask = np.zeros((SIZE, SIZE), np.uint8)
    x, y = (int(v) for v in region().matrix(turned(TURNED)) @ (64, 64, 1))
    mask[y - 12 : y + 12, x - 12 : x + 12] = 255
    cut = region().crop_mask(mask, (0, 0, SIZE, SIZE), turned(TURNED))
    assert cut.shape == (64, 64)
    assert cut[32, 32] == 1 and cut[5, 5] == 0
    part = region().crop_mask(
        mask[y - 20 :, x - 20 :], (x - 20, y - 20, SIZE, SIZE), turned(TURNED)
    )
    assert np.abs(part - cut).max() < 0.02


def test_the_fade_is_whole_in_the_middle_and_nothing_at_the_edge() -> None:
    window = fade(64)
    assert window[32, 32] == 1 and window[0].max() < 0.05 and window[:, -1].max() < 0.05
    assert np.array_equal(window, window.T)


@pytest.mark.parametrize("side", [0, 15, 129])
def test_an_odd_or_tiny_side_is_refused(side: int) -> None:
    with pytest.raises(ValueError, match="even and at least 16"):
        region(side)

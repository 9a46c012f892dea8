"""The refiner's shards, and how their samples are varied."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the train extra")

import torch

from engine.motion.coefficients import INDEX
from engine.synthesis.region import fold, unfold
from engine.train.refiner import data
from engine.train.refiner.network import Conditions
from tests.refiner_utils import TINY, conditions, write_shards


def batch(count: int) -> data.Batch:
    return data.Batch(conditions(TINY, count), torch.randn(count, 6, TINY.grid, TINY.grid))


def test_mirrored_twice_is_the_same() -> None:
    once = batch(4)
    twice = data.mirrored(data.mirrored(once))
    for one, two in zip((*once.given, once.residual), (*twice.given, twice.residual), strict=True):
        assert torch.equal(one, two)


def test_mirrored_is_the_mirrored_picture() -> None:
    once = batch(1)
    luma, u, v = unfold(once.given.picture[0].numpy())
    wanted = fold(luma[:, ::-1], u[:, ::-1], v[:, ::-1])
    assert np.array_equal(data.mirrored(once).given.picture[0].numpy(), wanted)


def test_mirrored_swaps_the_sides_of_a_face() -> None:
    given = conditions(TINY, 1)
    coefficients = torch.zeros(1, 55)
    coefficients[0, [INDEX["mouthSmile_L"], INDEX["jawRight"], INDEX["jawOpen"]]] = 1.0
    once = data.Batch(given._replace(coefficients=coefficients), given.picture)
    other = data.mirrored(once).given.coefficients[0]
    assert {name for name, i in INDEX.items() if other[i]} == {"mouthSmile_R", "jawLeft", "jawOpen"}


def test_another_light_keeps_the_truth_true() -> None:
    """Picture plus residual goes the way of the picture."""
    once = batch(2)
    gain, shift = torch.full((2, 6), 1.1), torch.full((2, 6), 0.05)
    other = data.toned(once, gain, shift)
    truth = once.given.picture + once.residual / 4
    wanted = truth * 1.1 + 0.05
    assert torch.allclose(other.given.picture + other.residual / 4, wanted, atol=1e-6)


def test_frames_of_a_pair_are_varied_alike() -> None:
    one = batch(8)
    same = [each[0::2].repeat_interleave(2, 0) for each in (*one.given, one.residual)]
    alike = data.varied(
        data.Batch(Conditions(*same[:4]), same[4]), torch.Generator().manual_seed(3)
    )  # fmt: skip
    for each in (*alike.given, alike.residual):
        assert torch.equal(each[0::2], each[1::2])
    changed = (alike.residual - same[4]).abs().amax((1, 2, 3))
    assert (changed > 0).all()


def test_shards_are_read_in_the_networks_units(tmp_path: Path) -> None:
    write_shards(tmp_path, 2, 6, (32,))
    one, two = (data.load(path, 32) for path in data.paths(tmp_path).values())
    read = data.batch_of([(one, 3), (two, 0)])
    assert (one.name, one.pairs) == ("face_000", 3)
    assert torch.allclose(read.given.picture[0] * 128 + 128, torch.from_numpy(one.picture[3]) * 1.0)
    assert torch.allclose(read.given.neutral[1] * 128 + 128, torch.tensor(two.neutral[0]) * 1.0)
    assert read.given.mask.max() == 1.0
    assert torch.allclose(read.residual[0] * 32, torch.from_numpy(one.residual[3]) / 16)


def test_a_shard_may_have_each_sample_its_own_rest(tmp_path: Path) -> None:
    write_shards(tmp_path, 1, 4, (32,))
    path = data.paths(tmp_path)["face_000"]
    with np.load(path) as stored:
        parts = dict(stored)
    parts["neutral_32"] = np.stack([parts["neutral_32"] // k for k in (1, 2, 3, 4)])
    np.savez(path, **parts)
    one = data.load(path, 32)
    read = data.batch_of([(one, 2)]).given.neutral[0]
    assert torch.allclose(read * 128 + 128, torch.from_numpy(parts["neutral_32"][2]) * 1.0)


def test_a_feed_gives_neighbouring_frames_and_the_same_again(tmp_path: Path) -> None:
    write_shards(tmp_path, 2, 6, (32,))
    portraits = [data.load(path, 32) for path in data.paths(tmp_path).values()]
    first, again = (next(data.feed(portraits, 3, seed=5)) for _ in range(2))
    assert len(first.residual) == 6
    assert torch.equal(first.residual, again.residual)
    coefficients = first.given.coefficients
    assert torch.equal(coefficients[0::2], coefficients[1::2])  # as the shards have them


def test_judges_are_of_all_portraits(tmp_path: Path) -> None:
    write_shards(tmp_path, 3, 6, (32,))
    portraits = [data.load(path, 32) for path in data.paths(tmp_path).values()]
    neutral = data.judges(portraits, 6).given.neutral
    assert len(neutral) == 6 and len(torch.unique(neutral, dim=0)) == 3


@pytest.mark.parametrize(("count", "places"), [(1, [3]), (3, [3]), (5, [1, 4]), (6, [1, 4])])
def test_judges_are_enough_and_from_the_middle_of_clips(
    tmp_path: Path, count: int, places: list[int]
) -> None:
    write_shards(tmp_path, 3, 6, (32,))
    portraits = [data.load(path, 32) for path in data.paths(tmp_path).values()]
    wanted = data.batch_of([(who, at) for who in portraits for at in places])
    assert torch.equal(data.judges(portraits, count).given.picture, wanted.given.picture)


def test_spread_is_the_residuals_root_mean_square(tmp_path: Path) -> None:
    write_shards(tmp_path, 2, 6, (32,))
    portraits = [data.load(path, 32) for path in data.paths(tmp_path).values()]
    everything = torch.cat([data.batch_of([(p, i) for i in range(6)]).residual for p in portraits])
    assert data.spread(portraits) == pytest.approx(float(everything.square().mean().sqrt()), 1e-4)


def test_what_is_no_shard_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="make the refiner's data first"):
        data.paths(tmp_path)
    write_shards(tmp_path, 1, 2, (32,))
    with pytest.raises(ValueError, match=r"no shard of the refiner's .*picture_64"):
        data.load(tmp_path / "face_000.npz", 64)
    with pytest.raises(ValueError, match="no pair of frames"):
        next(data.feed([], 2, 0))


def test_all_pictures_move_together_and_back() -> None:
    given = batch(2)
    there = data.moved(given, 2, -1)
    assert torch.equal(there.residual[..., 2:, :-1], given.residual[..., :-2, 1:])
    assert torch.equal(there.given.mask[..., 2:, :-1], given.given.mask[..., :-2, 1:])
    assert torch.equal(there.given.coefficients, given.given.coefficients)
    back = data.moved(there, -2, 1)
    for one, two in zip((*back.given, back.residual), (*given.given, given.residual), strict=True):
        assert torch.equal(one, two)

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs the train extra")
pytest.importorskip("pyworld", reason="needs the train extra")

from engine.train import lip_fit, revoice
from engine.train.corpus import load
from engine.train.data import Take
from tests.motion_utils import silence, vowel
from tests.test_engine_train_corpus import shard

pytestmark = pytest.mark.filterwarnings("ignore:pkg_resources:UserWarning")


def sound() -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    whole = np.concatenate((silence(0.3), vowel("a", 0.5), silence(0.3)))[::3]
    return np.asarray(whole, np.float32)


def test_another_voice_speaks_at_the_same_times() -> None:
    given = sound()
    for seed in range(4):
        new = revoice.revoiced(np.random.default_rng(seed), given)
        assert new.shape == given.shape
        assert np.isfinite(new).all()
        middle, ends = new[6_400:11_000], np.concatenate((new[:3_000], new[-3_000:]))
        assert np.std(middle) > 10 * np.std(ends)
        assert abs(np.corrcoef(new, given)[0, 1]) < 0.9


def test_chance_repeats() -> None:
    first, again, other = (
        revoice.revoiced(np.random.default_rng(seed), sound()) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_silence_stays_finite() -> None:
    new = revoice.revoiced(np.random.default_rng(0), np.zeros(8_000, np.float32))
    assert np.isfinite(new).all()


def test_a_shard_keeps_its_labels(tmp_path: Path) -> None:
    revoice.revoice(shard(tmp_path / "a.npz"), tmp_path / "b.npz")
    before, after = load(tmp_path / "a.npz"), load(tmp_path / "b.npz")
    assert [p.symbol for p in after.phones] == [p.symbol for p in before.phones]
    assert after.voice == "me (WORLD)"
    assert abs(len(after.samples) - len(before.samples)) < 10


def test_recorded_lips_get_more_voices(tmp_path: Path) -> None:
    jaw = np.full((110, 13), 0.25, np.float32)
    take = Take(sound(), jaw, np.ones(110, np.float32), np.full(110, -1))
    lip_fit.write(tmp_path / "lips.npz", [take])
    revoice.revoice_lips(tmp_path / "lips.npz", tmp_path / "more.npz")
    takes = lip_fit.load(tmp_path / "more.npz")
    assert len(takes) == 1 + revoice.COPIES
    assert all(np.array_equal(t.curves, takes[0].curves) for t in takes)
    assert not np.array_equal(takes[0].samples, takes[1].samples)

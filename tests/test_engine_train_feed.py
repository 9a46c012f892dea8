from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs the train extra")

from engine.motion.layout import PAIR_BANDS
from engine.train import lip_fit
from engine.train.data import Take
from engine.train.feed import BATCH, Feed, Sources, batches, shards
from tests.test_engine_train_corpus import shard


def sources(folder: Path) -> Sources:
    (folder / "corpus").mkdir()
    shard(folder / "corpus" / "a.npz")
    return Sources(folder / "corpus", None, 1)


def test_batches_repeat_with_the_seed(tmp_path: Path) -> None:
    given = sources(tmp_path)
    first, again = next(batches(given)), next(batches(given))
    assert first.pairs.shape[0] == BATCH
    assert first.pairs.shape[2] == PAIR_BANDS
    assert np.array_equal(first.pairs, again.pairs)


def test_shards_may_lie_in_folders(tmp_path: Path) -> None:
    given = sources(tmp_path)
    (given.corpus / "other").mkdir()
    shard(given.corpus / "other" / "b.npz")
    assert [path.name for path in shards(given.corpus)] == ["a.npz", "b.npz"]


def test_recorded_lips_join_in(tmp_path: Path) -> None:
    given = sources(tmp_path)
    jaw = np.full((300, 13), 0.123, np.float32)
    take = Take(np.zeros(48_000, np.float32), jaw, np.ones(300, np.float32), np.full(300, -1))
    lip_fit.write(tmp_path / "real.npz", [take])
    batch = next(batches(Sources(given.corpus, tmp_path / "real.npz", 1)))
    recorded = (np.abs(batch.targets - 0.123) < 1e-3).all(axis=2).any(axis=1)
    assert 0 < recorded.sum() < BATCH // 2


def test_the_process_beside_gives_the_same(tmp_path: Path) -> None:
    given = sources(tmp_path)
    feed = Feed(given)
    try:
        assert np.array_equal(feed.next().pairs, next(batches(given)).pairs)
    finally:
        feed.close()


def test_a_dead_process_is_named(tmp_path: Path) -> None:
    feed = Feed(Sources(tmp_path, tmp_path / "none.npz", 1))
    with pytest.raises(RuntimeError, match="has ended"):
        feed.next()
    feed.close()

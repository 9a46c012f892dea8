"""Batches of training examples, made by a process beside the one that trains."""

import multiprocessing
import queue
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.media import FloatArray
from engine.train import lip_fit
from engine.train.corpus import load
from engine.train.data import Example, Examples, Take, take_of

BATCH: Final = 32
REAL_SHARE: Final = 0.3
"""Part of the examples whose lips were recorded."""

AHEAD: Final = 6
"""Batches that wait at most."""

ROUND: Final = 50
"""After so many batches the corpus is looked through again: it may still be growing."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Examples side by side."""

    pairs: FloatArray
    """Shape (BATCH, CROP_STEPS + LOOKAHEAD_STEPS, PAIR_BANDS)."""
    targets: FloatArray
    """Shape (BATCH, CROP_STEPS, len(SPEECH))."""
    weights: FloatArray
    """Shape (BATCH, CROP_STEPS)."""
    labels: NDArray[np.int64]
    """Shape (BATCH, CROP_STEPS)."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where examples come from."""

    corpus: Path
    """A folder of shards, or of folders of them."""
    real: Path | None
    """What ``engine.train.lip_fit`` wrote; none, no recorded lips."""
    seed: int


def shards(corpus: Path) -> list[Path]:
    """The shards of a folder and of the folders in it, in name order."""
    return sorted([*corpus.glob("*.npz"), *corpus.glob("*/*.npz")])


def joined(examples: list[Example]) -> Batch:
    """Examples as one batch."""
    return Batch(
        np.stack([e.pairs for e in examples]),
        np.stack([e.targets for e in examples]),
        np.stack([e.weights for e in examples]),
        np.stack([e.labels for e in examples]),
    )


def batches(sources: Sources) -> Iterator[Batch]:
    """Batches without end."""
    rng = np.random.default_rng(sources.seed)
    real = lip_fit.load(sources.real) if sources.real else []
    takes: dict[Path, Take] = {}
    for round_ in range(1_000_000):
        for path in shards(sources.corpus):
            if path not in takes:
                takes[path] = take_of(load(path))
        made = Examples(list(takes.values()), sources.seed * 1000 + 2 * round_)
        lips = Examples(real, sources.seed * 1000 + 2 * round_ + 1)
        for _ in range(ROUND):
            chosen = rng.random(BATCH) < (REAL_SHARE if real else 0.0)
            yield joined([(lips if is_real else made).draw() for is_real in chosen])


def _serve(sources: Sources, out: "Queue[Batch]") -> None:
    """Make batches for as long as somebody trains."""
    parent = multiprocessing.parent_process()
    for batch in batches(sources):
        while parent is None or parent.is_alive():
            try:
                out.put(batch, timeout=5.0)
                break
            except queue.Full:
                continue
        else:
            return


class Feed:
    """A process that makes batches ahead of time."""

    def __init__(self, sources: Sources) -> None:
        context = multiprocessing.get_context("spawn")
        self._queue: Queue[Batch] = context.Queue(AHEAD)
        self._process = context.Process(target=_serve, args=(sources, self._queue), daemon=True)
        self._process.start()

    def next(self) -> Batch:
        """The next batch.

        Raises:
            RuntimeError: the process has died; its own output says why.
        """
        while True:
            try:
                return self._queue.get(timeout=5.0)
            except queue.Empty:
                if not self._process.is_alive():
                    raise RuntimeError("the process that makes examples has ended") from None

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.join()

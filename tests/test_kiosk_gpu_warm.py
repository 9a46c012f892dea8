"""Every size of batch is run before the first that counts."""

from pathlib import Path

import numpy as np

from engine.runtime.runner import BATCH_MOST, Tensors
from engine.synthesis.networks import REFINERS, RefinerNetwork, network
from kiosk.gpu_warm import warm
from tests.refiner_onnx_utils import refiner
from tests.test_engine_synthesis_kept_rigs import Joined, Rowed


class Watched(Rowed):
    """Takes rows, and keeps what it made for the card."""

    saved = 0

    def save_cache(self) -> None:
        self.saved += 1


def test_a_whole_picture_is_run_with_a_persona_and_what_was_made_is_kept() -> None:
    runner = Watched()
    warm(runner, network("fast-256x256"), "fp16")
    assert [len(rows) for rows in runner.rows] == list(range(1, BATCH_MOST + 1))
    rows = runner.rows[-1]
    assert rows[0]["head_luma"].dtype == np.float16 and rows[0]["head_luma"].any()
    assert all(row is rows[0] for row in rows), "one rig, sent once"
    assert runner.saved == 1 and runner.given == []


class Warmed(Joined):
    """A refiner's runner."""

    warmed = 0

    def warmup(self) -> None:
        self.warmed += 1


def test_a_refiner_is_run_on_zeros(tmp_path: Path) -> None:
    (tmp_path / REFINERS["refiner-small"]).write_bytes(refiner())
    runner = Warmed()
    runner.inputs = {"picture": (None, 6, 8, 8), "time": (None, 1)}
    warm(runner, RefinerNetwork("refiner-small", tmp_path), "fp16")
    given: list[Tensors] = runner.given
    assert runner.warmed == 1
    assert [each["time"].shape for each in given] == [(n, 1) for n in range(1, BATCH_MOST + 1)]
    assert {each["picture"].dtype for each in given} == {np.dtype(np.float32)}

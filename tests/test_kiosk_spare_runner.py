"""The spare steps in, is counted, and steps back."""

import logging
from pathlib import Path

import numpy as np
import pytest

from engine.runtime.runner import RunnerError
from kiosk.metrics import Metrics
from kiosk.spare_runner import SpareRunner
from tests.fake_network import Doubler

X = {"x": np.ones((1, 2), np.float32)}


def test_it_falls_back_and_returns(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    first, spare, metrics = tmp_path / "first", tmp_path / "spare", Metrics()
    runner = SpareRunner(Doubler(first), Doubler(spare), metrics)

    def fallbacks() -> float | None:
        return metrics.registry.get_sample_value("kiosk_gpu_fallbacks_total", {"to": "cpu"})

    with caplog.at_level(logging.INFO):
        runner.run(X)
        assert not fallbacks()
        first.write_text("refuse")
        for _ in range(3):
            assert runner.run(X)["y"].tolist() == [[2.0, 2.0]]
        assert fallbacks() == 3
        first.unlink()
        spare.write_text("refuse")
        assert runner.run(X)["y"].tolist() == [[2.0, 2.0]]
        assert fallbacks() == 3
    told = [record.levelname for record in caplog.records]
    assert told == ["WARNING", "INFO"], "once each way"
    first.write_text("refuse")
    with pytest.raises(RunnerError):
        runner.run(X)


def test_the_spare_is_made_ready_and_speaks_for_both(tmp_path: Path) -> None:
    first, spare = tmp_path / "first", tmp_path / "spare"
    first.write_text("no start")
    runner = SpareRunner(Doubler(first), Doubler(spare), Metrics())
    runner.warmup()
    assert runner.inputs == {"x": (None, 2)} and runner.metadata == {"what": "doubles"}
    spare.write_text("no start")
    with pytest.raises(RunnerError):
        runner.warmup()

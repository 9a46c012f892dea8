"""What is told when the CPU stands in."""

import logging

import pytest

from engine.runtime.runner import RunnerError
from kiosk.fallbacks import Fallbacks
from kiosk.metrics import Metrics


def test_each_pass_is_counted_and_each_row_of_them_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    metrics = Metrics()
    fallbacks = Fallbacks(metrics)
    with caplog.at_level(logging.INFO):
        fallbacks.worked()
        for _ in range(2):
            fallbacks.failed(RunnerError("the GPU's process died"))
            fallbacks.failed(RunnerError("the GPU's process is being started again"))
            fallbacks.worked()
            fallbacks.worked()
    found = metrics.registry.get_sample_value("kiosk_gpu_fallbacks_total", {"to": "cpu"})
    assert found == 4
    told = [record.getMessage() for record in caplog.records]
    assert told == ["the GPU's process died", "the GPU draws again"] * 2

"""A stage that stands still is counted each time and told of now and then."""

import asyncio
import logging

import pytest

from kiosk.metrics import Metrics
from kiosk.stalls import WARN_EVERY_S, Stalls
from tests.fakes import run_virtual


def test_all_are_counted_and_few_are_told(caplog: pytest.LogCaptureFixture) -> None:
    metrics = Metrics()

    async def work() -> None:
        stalls = Stalls("lobby", metrics)
        for _ in range(3):
            stalls.note(1.25)
        await asyncio.sleep(WARN_EVERY_S + 1.0)
        stalls.note(0.5)

    with caplog.at_level(logging.WARNING):
        run_virtual(work)
    assert [record.message for record in caplog.records] == [
        "stage lobby stood still for 1.25 s",
        "stage lobby stood still for 0.50 s",
    ]
    assert "kiosk_stalls_total 4.0" in metrics.exposition().decode()

"""Work that fails begins again, is counted, and ends when it is told to."""

import asyncio

import pytest

from kiosk.keep_going import PAUSE_S, keep_going
from kiosk.metrics import Metrics
from tests.fakes import run_virtual


def test_failed_work_begins_again_after_a_pause(caplog: pytest.LogCaptureFixture) -> None:
    begun: list[float] = []

    async def work() -> None:
        begun.append(asyncio.get_running_loop().time())
        if len(begun) < 3:
            raise RuntimeError("broken")
        await asyncio.Event().wait()

    async def main() -> bytes:
        metrics = Metrics()
        task = asyncio.create_task(keep_going("the pacer", work, metrics))
        await asyncio.sleep(10.0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()
        return metrics.exposition()

    figures = run_virtual(main).decode()
    assert begun == pytest.approx([0.0, PAUSE_S, 2 * PAUSE_S])
    assert "kiosk_faults_total 2.0" in figures
    assert caplog.text.count("the pacer failed and starts again") == 2

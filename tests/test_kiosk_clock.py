"""The media clock in virtual time."""

import asyncio

import pytest

from kiosk.clock import MediaClock
from tests.fakes import run_virtual


def test_samples_follow_the_loops_time() -> None:
    async def work() -> None:
        clock = MediaClock()
        await clock.sleep_until(48_000)
        assert clock.now_pts == pytest.approx(48_000, abs=2)
        assert clock.late_s(24_000) == pytest.approx(0.5, abs=1e-4)
        assert clock.late_s(72_000) == pytest.approx(-0.5, abs=1e-4)

    run_virtual(work)


def test_waiting_for_the_past_yields_and_returns() -> None:
    async def work() -> None:
        clock = MediaClock()
        await asyncio.sleep(1.0)
        await clock.sleep_until(100)
        assert clock.now_pts == pytest.approx(48_000, abs=2)

    run_virtual(work)


def test_reanchoring_makes_a_sample_due_now() -> None:
    async def work() -> None:
        clock = MediaClock()
        await asyncio.sleep(5.0)
        clock.reanchor(48_000)
        assert clock.now_pts == pytest.approx(48_000, abs=2)
        assert clock.reanchored_count == 1

    run_virtual(work)

"""The media clock in virtual time."""

import asyncio
import time

import pytest

from kiosk.clock import NTP_EPOCH_S, MediaClock
from tests.fakes import VirtualTimeLoop, run_virtual


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


def test_it_goes_on_from_where_it_stood_only_after_a_real_stall() -> None:
    async def work() -> None:
        clock = MediaClock()
        await asyncio.sleep(0.4)
        assert clock.catch_up(0) == 0.0 and clock.reanchored_count == 0
        await asyncio.sleep(2.0)
        assert clock.catch_up(960) == pytest.approx(2.38, abs=1e-3)
        assert clock.now_pts == pytest.approx(960, abs=2)

    run_virtual(work)


def test_a_day_of_slots_without_drift() -> None:
    """24 h of deadlines, every timer late by 200 ppm: no error gathers, to the sample."""

    async def work() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        loop.slowness = 200e-6
        clock = MediaClock()
        worst_s = 0.0
        for second in range(1, 86_401):
            await clock.sleep_until(second * 48_000)
            worst_s = max(worst_s, abs(clock.late_s(second * 48_000)))
        assert worst_s < 0.001
        month = 31 * 86_400 * 48_000
        assert clock.time_s(month + 1) - clock.time_s(month) == pytest.approx(1 / 48_000, rel=0.01)

    run_virtual(work)


def test_the_ntp_time_of_a_sample_is_wall_time_that_is_never_set() -> None:
    async def work() -> None:
        clock = MediaClock()
        first = clock.ntp_time(0)
        assert first / 2**32 - NTP_EPOCH_S == pytest.approx(time.time(), abs=2.0)
        assert (clock.ntp_time(48_000) - first) / 2**32 == pytest.approx(1.0, abs=1e-6)
        await asyncio.sleep(100.0)
        assert clock.ntp_time(0) == first
        clock.reanchor(48_000)
        assert (clock.ntp_time(48_000) - first) / 2**32 == pytest.approx(100.0, abs=1e-3)

    run_virtual(work)

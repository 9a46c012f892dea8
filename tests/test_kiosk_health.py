"""The watchdog's judgment and the notification of systemd."""

import asyncio
import socket
from dataclasses import dataclass
from pathlib import Path

import pytest

from kiosk.health import FlowCheck, feed_watchdog, notify, watchdog_interval_s


@dataclass
class FakeStage:
    name: str = "s"
    viewer_count: int = 1
    video_emitted_count: int = 0


def test_a_watched_stage_without_pictures_is_stalled() -> None:
    check, stage = FlowCheck(), FakeStage()
    assert check.stalled([stage], 0.0) == []
    assert check.stalled([stage], 2.9) == []
    assert check.stalled([stage], 3.1) == ["s"]
    stage.video_emitted_count = 1
    assert check.stalled([stage], 3.2) == []


def test_nobody_watching_is_no_stall() -> None:
    check, stage = FlowCheck(), FakeStage(viewer_count=0)
    assert [check.stalled([stage], t) for t in (0.0, 5.0, 10.0)] == [[], [], []]
    stage.viewer_count = 1
    assert check.stalled([stage], 10.1) == []


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> socket.socket:
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    channel.bind(str(tmp_path / "notify"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    return channel


def test_systemd_is_told(systemd: socket.socket) -> None:
    with systemd:
        assert notify("READY=1")
        assert systemd.recv(100) == b"READY=1"


def test_without_systemd_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not notify("READY=1")


def test_a_dead_socket_is_survived(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    assert not notify("READY=1")


async def test_the_watchdog_is_fed_only_while_pictures_flow(systemd: socket.socket) -> None:
    stage = FakeStage()
    task = asyncio.create_task(feed_watchdog([stage], 0.01))
    await asyncio.sleep(0.05)
    task.cancel()
    with systemd:
        assert systemd.recv(100) == b"WATCHDOG=1"


@pytest.mark.parametrize(("limit", "interval_s"), [("10000000", 5.0), ("", None), ("x", None)])
def test_the_interval_is_half_of_systemds_limit(
    limit: str, interval_s: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", limit)
    assert watchdog_interval_s() == interval_s

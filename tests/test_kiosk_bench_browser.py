import os
import socket
from pathlib import Path

import pytest

from kiosk.bench.browser import BenchError, ServerProcess, find_chromium, free_port, usage


def test_the_usage_of_a_process_is_read_from_the_kernel() -> None:
    before = usage(os.getpid())
    ballast = bytearray(os.urandom(64 * 1024)) * (64 * 16)
    for _ in range(50):
        sum(ballast[:100_000])
    after = usage(os.getpid())
    assert after.rss_mb > before.rss_mb + 32
    assert after.cpu_s > before.cpu_s


def test_a_free_port_can_be_bound() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port()))


def test_without_chromium_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BenchError, match="apt install chromium"):
        find_chromium()


async def test_a_server_that_cannot_start_is_told_in_its_own_words(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path / "server.log", ["--fps", "17"])
    with pytest.raises(BenchError, match=r"(?s)the server ended.*17"):
        await server.start()

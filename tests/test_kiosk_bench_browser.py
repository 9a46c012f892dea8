import socket
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import pytest

from kiosk.bench.browser import BenchError, ServerProcess, find_chromium, free_port, usage

GROWS = """
print("small", flush=True)
input()
ballast = bytearray(b"x") * (64 << 20)
for _ in range(20):
    sum(ballast[: 1 << 20])
print("large", flush=True)
input()
"""


def test_the_usage_of_a_process_is_read_from_the_kernel() -> None:
    """Of one that is new: the tests' own process may take memory that it has had before."""
    command = [sys.executable, "-c", GROWS]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdin and process.stdout
        assert process.stdout.readline() == "small\n"
        before = usage(process.pid)
        print(file=process.stdin, flush=True)
        assert process.stdout.readline() == "large\n"
        after = usage(process.pid)
        print(file=process.stdin, flush=True)
    assert after.rss_mb > before.rss_mb + 48
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

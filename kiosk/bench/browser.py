"""The real client for measurements and tests: a server process, a headless Chromium, probes.

Nothing here is needed to run a kiosk; Playwright and Chromium are asked for only when used.
"""

import asyncio
import base64
import contextlib
import os
import shutil
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from engine.media import ByteArray

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

CHROMIUM_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
READY_TIMEOUT_S: Final = 120.0
STOP_TIMEOUT_S: Final = 10.0
POLL_S: Final = 0.05

PROBE: Final = (Path(__file__).parent / "probe.js").read_text(encoding="utf-8")


TimeArray = NDArray[np.float64]


class BenchError(Exception):
    """The measurement cannot be made; the message names the remedy."""


def find_chromium() -> Path:
    """The installed Chromium.

    Raises:
        BenchError: there is none.
    """
    for name in CHROMIUM_NAMES:
        if found := shutil.which(name):
            return Path(found)
    raise BenchError(
        "no Chromium was found (tried: " + ", ".join(CHROMIUM_NAMES) + "): "
        "install it, on Debian and Ubuntu: apt install chromium"
    )


@contextlib.asynccontextmanager
async def open_browser(extra_flags: Sequence[str] = ()) -> AsyncIterator["Browser"]:
    """A headless Chromium of this machine.

    Raises:
        BenchError: Playwright or Chromium is missing.
    """
    try:
        from playwright.async_api import async_playwright
    except ImportError as error:
        raise BenchError(
            "Playwright, which drives the browser, is not installed: pip install -e '.[dev]'"
        ) from error
    executable = find_chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable, headless=True, args=[*CHROMIUM_FLAGS, *extra_flags]
        )
        try:
            yield browser
        finally:
            await browser.close()


async def until(page: "Page", expression: str, timeout_s: float = 15.0) -> object:
    """Wait until *expression* is true in *page*; returns its value.

    Playwright's own ``wait_for_function`` evaluates strings inside the page, which the page's
    content security policy forbids.

    Raises:
        TimeoutError: it did not become true.
    """
    deadline_s = time.monotonic() + timeout_s
    while not (value := await page.evaluate(expression)):
        if time.monotonic() > deadline_s:
            state = await page.evaluate("JSON.stringify([window.kiosk?.state, document.title])")
            raise TimeoutError(f"not true within {timeout_s:.0f} s: {expression} (page: {state})")
        await asyncio.sleep(POLL_S)
    return value


def free_port() -> int:
    """A TCP port of loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used so far."""

    cpu_s: float
    rss_mb: float


def usage(pid: int) -> Usage:
    """Read Linux's account of process *pid* (proc(5))."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    fields = stat.rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    pages = int(fields[21])
    megabyte = 1024 * 1024
    return Usage(
        cpu_s=ticks / os.sysconf("SC_CLK_TCK"),
        rss_mb=pages * os.sysconf("SC_PAGE_SIZE") / megabyte,
    )


class ServerProcess:
    """``kiosk serve`` as a process of its own, on a free port of loopback."""

    def __init__(
        self,
        log: Path,
        arguments: Sequence[str] = (),
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """Remember how to start it.

        Args:
            log: file for what it writes.
            arguments: further flags of ``kiosk serve``.
            variables: further environment variables.
        """
        self._log_path = log
        self.port = free_port()
        self._arguments = list(arguments)
        self._variables = dict(variables or {})
        self._process: asyncio.subprocess.Process | None = None
        self._log: IO[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start it, or start it again, and wait until it is ready.

        Raises:
            BenchError: it ended or did not become ready; the end of its log is in the message.
        """
        self._log = self._log_path.open("ab")
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "kiosk",
            "serve",
            f"--port={self.port}",
            *self._arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=self._log,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, **self._variables},
        )
        deadline_s = time.monotonic() + READY_TIMEOUT_S
        while not await asyncio.to_thread(_answers, f"{self.url}/readyz"):
            ended = self._process.returncode is not None
            if ended or time.monotonic() > deadline_s:
                await self.stop()
                fate = "ended" if ended else f"was not ready within {READY_TIMEOUT_S:.0f} s"
                raise BenchError(f"the server {fate}; it wrote:\n{_tail(self._log_path)}")
            await asyncio.sleep(POLL_S)

    async def settled(self) -> None:
        """Wait until it makes nothing ready any more: topics are prepared after the start."""
        deadline_s = time.monotonic() + READY_TIMEOUT_S
        url = f"{self.url}/readyz"
        while not await asyncio.to_thread(_answers, url, b'"detail":""'):
            if time.monotonic() > deadline_s:
                return
            await asyncio.sleep(POLL_S)

    def usage(self) -> Usage:
        """CPU time and resident memory of the process."""
        return usage(self.pid)

    async def stop(self) -> None:
        """Ask it to end, and insist."""
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """End it without a farewell."""
        await self._end(signal.SIGKILL)

    async def _end(self, how: signal.Signals) -> None:
        process, log = self._process, self._log
        self._process = self._log = None
        if process is not None and process.returncode is None:
            process.send_signal(how)
            try:
                await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
            except TimeoutError:
                process.kill()
                await process.wait()
        if log is not None:
            log.close()


def _tail(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-2000:].strip()


def _answers(url: str, holding: bytes = b"") -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return response.status == 200 and holding in response.read()
    except (urllib.error.URLError, OSError):
        return False


@dataclass(frozen=True, slots=True)
class Heard:
    """Loudness of the page's sound."""

    at_ms: TimeArray
    """Shape (n,): the page's time."""
    rms: TimeArray
    """Shape (n,): full scale 1.0."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Pictures as the page shows them."""

    at_ms: TimeArray
    """Shape (n,): the page's time."""
    grey: ByteArray
    """Shape (n, PROBE_PX, PROBE_PX): the upper, square part of the picture."""


PROBE_PX: Final = 128


async def install_probe(page: "Page") -> None:
    """Begin to record what *page* shows and sounds; needs a playing stream."""
    await page.evaluate(PROBE)


async def record(page: "Page") -> tuple[Heard, Seen]:
    """What was heard and seen since the last call, at most the last few seconds."""
    taken = await page.evaluate("window.kioskProbe.take()")
    frames = np.frombuffer(base64.b64decode(taken["frames"]), np.uint8)
    heard = Heard(np.array(taken["heardMs"], np.float64), np.array(taken["rms"], np.float64))
    seen = Seen(np.array(taken["seenMs"], np.float64), frames.reshape(-1, PROBE_PX, PROBE_PX))
    return heard, seen

"""The real page with the slate, recorded: what ``kiosk bench sync`` judges."""

import asyncio
import json
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kiosk.bench.browser import BenchError, ServerProcess, free_port, until
from kiosk.bench.live import talk
from kiosk.bench.slate_tape import SlateTape

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

VIEWPORT: Final = (1280, 720)
SETTLE_S: Final = 12.0
"""From the first picture until the long runs begin: the browser's buffers find their size."""

TAKE_EVERY_S: Final = 3.0
READY: Final = "window.kiosk?.state === 'ready' || window.kiosk?.state === 'speaking'"
PROBE: Final = Path(__file__).parent / "slate_probe.js"

# Keeps the page's connections, to ask the browser itself what it concealed.
WATCH_PEERS: Final = """(() => {
  const Real = window.RTCPeerConnection;
  window.slatePeers = [];
  window.RTCPeerConnection = class extends Real {
    constructor(...given) { super(...given); window.slatePeers.push(this); }
  };
})();"""
CONCEALED: Final = """async () => {
  for (const entry of (await window.slatePeers.at(-1).getStats()).values()) {
    if (entry.type === 'inbound-rtp' && entry.kind === 'audio') {
      return [entry.concealmentEvents, entry.concealedSamples / 48];
    }
  }
  return [0, 0];
}"""

REPORTS: Final = "kiosk.history.map(r => [r.at_ms, r.audio_buffer_ms, r.video_buffer_ms])"


class Watch:
    """A page whose slate is recorded."""

    def __init__(self, page: "Page", url: str) -> None:
        self.page = page
        self.tape = SlateTape()
        self.estimates: list[tuple[float, float]] = []
        self.begun_ms = 0.0
        self._url = url

    def begin(self) -> None:
        """Judge only what comes from now on."""
        self.tape, self.estimates = SlateTape(), []

    async def record(self, seconds: float) -> None:
        """Record for *seconds*."""
        end_s = time.monotonic() + seconds
        while (left_s := end_s - time.monotonic()) > 0:
            await asyncio.sleep(min(TAKE_EVERY_S, left_s))
            taken = await self.page.evaluate(
                "({...slateProbe.take(), sync: kiosk.sync ?? [],"
                " playout: kiosk.stats().playout_delay_ms, broken: window.slateError})"
            )
            if taken["broken"]:
                raise BenchError(f"the page's sound cannot be read ({taken['broken']})")
            self.tape.add(taken, taken["playout"])
            known = self.estimates[-1][0] if self.estimates else self.begun_ms
            self.estimates += [(at, value) for at, value in taken["sync"] if at > known]

    async def now_ms(self) -> float:
        """The page's time."""
        return float(await self.page.evaluate("performance.now()"))

    async def reports(self) -> list[tuple[float, ...]]:
        """What the page told twice a second: when, and the ms of sound and of pictures in hand."""
        told = await self.page.evaluate(REPORTS)
        return [tuple(map(float, report)) for report in told]

    async def concealed(self) -> tuple[int, float]:
        """How often the browser had no sound to play, and for how many milliseconds in all."""
        events, gone_ms = await self.page.evaluate(CONCEALED)
        return int(events), float(gone_ms)

    async def inject(self, faults: str) -> None:
        """Make something go wrong, or right again."""
        await asyncio.to_thread(_post, f"{self._url}/v1/inject", {"faults": faults})

    async def ladder(self) -> tuple[int, int]:
        """Steps down and up so far."""
        sync = await self.page.evaluate("fetch('/v1/sync').then(answer => answer.json())")
        stages = sync["stages"]
        return sum(s["steps_down"] for s in stages), sum(s["steps_up"] for s in stages)


@asynccontextmanager
async def watching(
    browser: "Browser",
    faults: str,
    variables: Mapping[str, str] | None = None,
    settle_s: float = SETTLE_S,
) -> AsyncIterator[Watch]:
    """A kiosk with the slate and *faults*, and its page, on which she speaks."""
    quiet = {"KIOSK_SPEECH__PREPARE_TOPICS": "false", "KIOSK_SYNC__TERMINALS_FILE": "/dev/null"}
    with tempfile.TemporaryDirectory() as folder:
        flags = ["--slate", "--inject", faults, "--log-level", "error"]
        server = ServerProcess(Path(folder) / "log", flags, {**quiet, **(variables or {})})
        try:
            await server.start()
            await server.settled()
            async with open_page(browser, server.url) as page:
                watch = Watch(page, server.url)
                talking = asyncio.create_task(talk(page, server.url))
                if settle_s:
                    await watch.record(settle_s)
                    watch.begin()
                watch.begun_ms = await watch.now_ms()
                try:
                    yield watch
                finally:
                    talking.cancel()
                    await asyncio.gather(talking, return_exceptions=True)
        finally:
            await server.stop()


@asynccontextmanager
async def open_page(browser: "Browser", url: str) -> AsyncIterator["Page"]:
    """The page at *url*, showing its picture, with the slate's probe in it."""
    width, height = VIEWPORT
    context = await browser.new_context(
        viewport={"width": width, "height": height}, bypass_csp=True
    )
    try:
        page = await context.new_page()
        await page.add_init_script(WATCH_PEERS)
        await page.goto(url)
        await until(page, READY, 60)
        await page.evaluate(PROBE.read_text(encoding="utf-8"))
        yield page
    finally:
        await context.close()


@asynccontextmanager
async def plain_server() -> AsyncIterator[str]:
    """A server of plain aiortc tracks; its address."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "kiosk.bench.plain", str(port)
    )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline_s = time.monotonic() + 30.0
        while not await asyncio.to_thread(_answers, f"{url}/readyz"):
            if process.returncode is not None or time.monotonic() > deadline_s:
                raise BenchError("the plain server does not start: run python -m kiosk.bench.plain")
            await asyncio.sleep(0.1)
        yield url
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def _post(url: str, body: object) -> None:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=10) as response:
        response.read()

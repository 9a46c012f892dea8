"""``kiosk bench live``: the whole way, measured from outside: a server process and a browser.

She speaks English and Chinese without a pause for the given time while frames, freezes, the av
offset, CPU and memory are watched; then she is asked a few times from silence, to see how soon
the page sounds and the mouth moves. The browser's window is 1280 × 720 and draws without a GPU.
"""

import asyncio
import itertools
import json
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from kiosk.bench.browser import (
    BenchError,
    Heard,
    Seen,
    ServerProcess,
    TimeArray,
    install_probe,
    open_browser,
    record,
    until,
)
from kiosk.bench.mouth import first_above, mouth_change

if TYPE_CHECKING:
    from playwright.async_api import Page

WIDTH_PX: Final = 1280
HEIGHT_PX: Final = 720
SETTLE_S: Final = 3.0
LATENCY_ROUNDS: Final = 7
TOPIC_ROUNDS: Final = 5
HEARD_S: Final = 1.5
"""Of an answer, before it is broken off: it sounds by then."""
INTERRUPT: Final = "fetch('/v1/interrupt', { method: 'POST' })"
QUEUE_AHEAD: Final = 2
QUEUE_POLL_S: Final = 0.5
REST_MS: Final = 2500.0
SPEECH_TIMEOUT_S: Final = 30.0
SOUND_RMS: Final = 0.003
"""-50 dB: quieter than any phoneme, louder than a codec's idea of silence."""

MOUTH_LEAD_MS: Final = 400.0
"""A mouth that moves longer than this before its sound smiles or breathes."""

MIN_PICTURES: Final = 5
MOUTH_FLOOR: Final = 0.5
"""Grey levels: below this the mouth does not visibly move."""

MOUTH_SHARE: Final = 0.2
"""Of its widest motion: from there on it is speaking, not breathing."""

SENTENCES: Final = (
    "Good morning, and welcome to the service hall. How may I help you today?",
    "您好，欢迎来到政务服务大厅，请问您要办理什么业务？",
    "Please bring your old card, one photo, and 12.50 in cash or by card.",
    "请携带身份证原件和复印件，到三号窗口办理。",
    "Desks seven to nine are on the second floor, behind the lifts.",
    "周一到周五上午九点到下午五点办公，周四延长到七点半。",
    "The wait is usually about fifteen minutes. Thank you for your patience.",
    "如果材料不齐，请不要着急，十四天之内补交就可以。",
)
PROMPTS: Final = ("All right.", "Our desk is open.", "I am here.")
"""They begin with an open mouth, so that sound and motion begin together."""


@dataclass(frozen=True, slots=True)
class LiveReport:
    """The figures; those that could not be measured are None."""

    fps: float
    """Frames per second that the browser decoded while she spoke."""
    freezes: int
    """Gaps of more than 200 ms between shown frames."""
    repeated: int
    """Slots in which the server sent the last picture again."""
    dropped: int
    """Pictures the server drew in vain, and slots lost."""
    cpu_cores: float | None
    """Of the server; None if it was not started here."""
    rss_start_mb: float | None
    rss_end_mb: float | None
    say_to_sound_ms: float | None
    """From the page's request to the first sound in the page, median, from silence."""
    say_to_mouth_ms: float | None
    """From the page's request to the first visible motion of the mouth, median."""
    topic_to_sound_ms: float | None
    """The same for a touch topic, whose beginning was made ready when the server started."""
    av_offset_p50_ms: float | None
    """As the page measures it and the server corrects it; positive: the picture is late."""
    av_offset_p95_ms: float | None
    """95th percentile of its absolute value."""

    def as_dict(self) -> dict[str, float | int | None]:
        """For JSON."""
        return asdict(self)


async def run(
    seconds: int, url: str | None = None, progress: Callable[[str], None] | None = None
) -> LiveReport:
    """Measure for *seconds* of continuous speech.

    Args:
        seconds: how long she speaks, at least 5.
        url: a kiosk that runs already; without it one is started here, and ended.
        progress: told what is being done, in a few words.

    Raises:
        BenchError: Playwright, Chromium or the server is missing; the message has the remedy.
    """
    if seconds < 5:
        raise BenchError(f"{seconds} s is too short to measure anything: ask for 5 or more")
    say = progress or (lambda _: None)
    async with _server(url, say) as server, open_browser() as browser:
        address = url or server.url
        page = await browser.new_page(viewport={"width": WIDTH_PX, "height": HEIGHT_PX})
        await page.goto(address)
        await until(page, "window.kiosk?.state === 'ready'", 60)
        await install_probe(page)
        await asyncio.sleep(SETTLE_S)
        say(f"speaking for {seconds} s")
        steady = await _steady(page, address, None if url else server, seconds)
        say(f"asking {LATENCY_ROUNDS} times from silence")
        sound_ms, mouth_ms = await _latencies(page, PROMPTS, LATENCY_ROUNDS)
        topics = await page.evaluate("fetch('/v1/page').then(r => r.json()).then(p => p.topics)")
        texts = [topic["text"] for topic in topics]
        topic_ms, _ = await _latencies(page, texts, TOPIC_ROUNDS) if texts else (None, None)
    latencies: dict[str, Any] = {"say_to_sound_ms": sound_ms, "say_to_mouth_ms": mouth_ms}
    return LiveReport(**steady, **latencies, topic_to_sound_ms=topic_ms)


@asynccontextmanager
async def _server(url: str | None, say: Callable[[str], None]) -> AsyncIterator[ServerProcess]:
    with tempfile.TemporaryDirectory() as folder:
        server = ServerProcess(Path(folder) / "server.log", ["--log-level", "warning"])
        try:
            if url is None:
                say("starting the server")
                await server.start()
                await server.settled()
            yield server
        finally:
            await server.stop()


async def _steady(
    page: "Page", address: str, server: ServerProcess | None, seconds: int
) -> dict[str, Any]:
    """She speaks without a pause; the figures of that time."""
    talking = asyncio.create_task(talk(page, address))
    await until(page, "window.kiosk.state === 'speaking'", 30)
    used = server.usage() if server else None
    counted, shown, start_s = await counters(address), await _stats(page), time.monotonic()
    await asyncio.sleep(seconds)
    elapsed_s, end_shown = time.monotonic() - start_s, await _stats(page)
    end_counted, end_used = await counters(address), server.usage() if server else None
    talking.cancel()
    await asyncio.gather(talking, return_exceptions=True)
    offsets = await page.evaluate(
        "since => kiosk.sync.filter(([at]) => at >= since).map(([, offset]) => offset)",
        shown["now_ms"],
    )
    decoded = end_shown["frames_decoded"] - shown["frames_decoded"]
    shown_s = (end_shown["now_ms"] - shown["now_ms"]) / 1000
    return {
        "fps": decoded / shown_s,
        "freezes": end_shown["freezes"] - shown["freezes"],
        "repeated": end_counted["repeated"] - counted["repeated"],
        "dropped": end_counted["dropped"] - counted["dropped"],
        "cpu_cores": (end_used.cpu_s - used.cpu_s) / elapsed_s if used and end_used else None,
        "rss_start_mb": used.rss_mb if used else None,
        "rss_end_mb": end_used.rss_mb if end_used else None,
        **_offset_figures(offsets),
    }


def _offset_figures(offsets_ms: list[float]) -> dict[str, float | None]:
    if not offsets_ms:
        return {"av_offset_p50_ms": None, "av_offset_p95_ms": None}
    return {
        "av_offset_p50_ms": float(np.median(offsets_ms)),
        "av_offset_p95_ms": float(np.percentile(np.abs(offsets_ms), 95)),
    }


async def _stats(page: "Page") -> dict[str, Any]:
    """The page's figures, with the frames decoded up to this very moment."""
    stats: dict[str, Any] = await page.evaluate(
        "async () => ({...kiosk.stats(), ...await kiosk.decoded(), now_ms: performance.now()})"
    )
    return stats


async def talk(page: "Page", address: str) -> None:
    """Keep a few sentences waiting, so that she never pauses."""
    stage = await page.evaluate("kiosk.stage")
    texts = itertools.cycle(SENTENCES)
    while True:
        if await _queued(address, stage) < QUEUE_AHEAD:
            await page.evaluate(SAY, [next(texts), False])
        else:
            await asyncio.sleep(QUEUE_POLL_S)


SAY: Final = """async ([text, interrupt]) => {
  const at = performance.now();
  const body = JSON.stringify({ text, stage: kiosk.stage, interrupt });
  const headers = { 'Content-Type': 'application/json' };
  const answer = await fetch('/v1/say', { method: 'POST', headers, body });
  if (!answer.ok) throw new Error(await answer.text());
  return at;
}"""


async def _queued(address: str, stage: str) -> int:
    stages = json.loads(await asyncio.to_thread(_get, f"{address}/v1/stages"))["stages"]
    return sum(each["queued"] for each in stages if each["stage"] == stage)


async def counters(address: str) -> dict[str, int]:
    """Pictures repeated and dropped so far by the kiosk at *address*."""
    text = (await asyncio.to_thread(_get, f"{address}/metrics")).decode()
    return {name: sum_of(text, f"kiosk_frames_{name}_total") for name in ("repeated", "dropped")}


def sum_of(exposition: str, metric: str) -> int:
    """The sum of *metric* over all labels in Prometheus' text format."""
    values = [
        float(line.rsplit(" ", 1)[1])
        for line in exposition.splitlines()
        if line.startswith((f"{metric} ", f"{metric}{{"))
    ]
    return round(sum(values))


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as response:
        return bytes(response.read())


async def _latencies(
    page: "Page", texts: Sequence[str], rounds: int
) -> tuple[float | None, float | None]:
    """Median milliseconds from asking, in silence, to sound and to the mouth's motion."""
    await page.evaluate(INTERRUPT)
    sounds, mouths = [], []
    for _, text in zip(range(rounds), itertools.cycle(texts), strict=False):
        await until(page, "window.kiosk.state === 'ready'", SPEECH_TIMEOUT_S)
        await asyncio.sleep(SETTLE_S)
        asked_ms = await page.evaluate(SAY, [text, True])
        await until(page, "window.kiosk.state === 'speaking'", SPEECH_TIMEOUT_S)
        await asyncio.sleep(HEARD_S)
        sound_ms, mouth_ms = latency(*await record(page), asked_ms)
        await page.evaluate(INTERRUPT)
        sounds.append(sound_ms)
        mouths.append(mouth_ms)
    return _median(sounds), _median(mouths)


def latency(heard: Heard, seen: Seen, asked_ms: float) -> tuple[float | None, float | None]:
    """Milliseconds from *asked_ms* until sound is heard and until the mouth moves.

    None for the sound if there was none, and for the mouth if it did not move or there was no
    picture of it at rest.
    """
    loud, since = heard.rms[heard.at_ms > asked_ms], heard.at_ms[heard.at_ms > asked_ms]
    sounding = first_above(loud, SOUND_RMS, run=3)
    if sounding is None:
        return None, None
    sound_ms = float(since[sounding] - asked_ms)
    resting = (seen.at_ms > asked_ms - REST_MS) & (seen.at_ms <= asked_ms)
    after = seen.at_ms > asked_ms + max(0.0, sound_ms - MOUTH_LEAD_MS)
    if resting.sum() < MIN_PICTURES or after.sum() < MIN_PICTURES:
        return sound_ms, None
    change = mouth_change(seen.grey, seen.grey[resting])
    moving = first_above(change[after], mouth_threshold(change[resting], change[after]))
    return sound_ms, None if moving is None else float(seen.at_ms[after][moving] - asked_ms)


def mouth_threshold(resting: TimeArray, speaking: TimeArray) -> float:
    """The change of a mouth, in grey levels, from which it speaks."""
    rest = float(resting.max())
    widest = float(np.percentile(speaking, 95))
    return rest + max(MOUTH_FLOOR, MOUTH_SHARE * (widest - rest))


def _median(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.median(known)) if known else None

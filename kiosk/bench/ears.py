"""``kiosk bench ears``: how soon live speech is heard and seen, and how soon a visitor is heard.

Everything that is called live goes the whole way: sound pushed in real time into a server process,
a page in a headless Chromium that shows and sounds it. Detectors and false alarms are judged on
sound that is made on the spot, faster than real time.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np

from engine.media import FloatArray
from kiosk.bench import ears_turns, speak_stream, vad_table
from kiosk.bench.browser import (
    PROBE,
    BenchError,
    ServerProcess,
    install_probe,
    open_browser,
    until,
)
from kiosk.bench.ears_live import through_socket
from kiosk.bench.ears_microphone import through_microphone
from kiosk.bench.ears_sound import click, script, words
from kiosk.bench.live import counters
from kiosk.speech.registry import Voices

KEYS: Final = (
    "mic_p50_ms",
    "mic_p95_ms",
    "interrupt_silence_ms",
    "interrupt_mouth_ms",
    "voice_to_interrupt_ms",
    "false_interrupts",
    "first_token_ms",
    "phrase_gap_ms",
    "underruns",
    "vad_table",
)
SCENARIOS: Final = ("live", "microphone", "interrupt", "barge_in", "text", "false", "vad")
SETTLE_S: Final = 8.0
"""From the first picture: the browser's buffers find their size."""

CLICKS: Final = 40
WORDS: Final = 16
INTERRUPTS: Final = 12
WORD_TEXTS: Final = ("Bob.", "Papa.", "Mama.", "Burn.")
"""Closed lips that open: sound and motion begin together."""

VISITOR_TEXTS: Final = ("Excuse me!", "Hello?", "Stop, please.", "Sorry, where is desk four?")
VISITOR_VOICES: Final = ("am_adam", "bf_emma", "af_bella", "bm_george")
VISITOR_LEVEL: Final = 10 ** (-6 / 20)
"""Of what the voices give (-20 dBFS): as from half a metre."""

VAD_SECONDS: Final = 240.0
FALSE_MINUTES: Final = 10.0
QUIET: Final = {"KIOSK_SPEECH__PREPARE_TOPICS": "false", "KIOSK_SYNC__TERMINALS_FILE": "/dev/null"}
PREVIEW: Final = {"KIOSK_LISTEN__MODE": "preview", "KIOSK_LISTEN__PAGE_MICROPHONE": "true"}

Figures = dict[str, Any]


async def run(
    scenarios: Sequence[str] = SCENARIOS, progress: Callable[[str], None] | None = None
) -> Figures:
    """Measure.

    Args:
        scenarios: which of ``SCENARIOS``; the figures of the others are None.
        progress: told what is being done and what was found, a line at a time.

    Raises:
        BenchError: Playwright, Chromium, a voice or the server is missing, or *scenarios* has an
            unknown one; the message has the remedy.
    """
    if unknown := set(scenarios) - set(SCENARIOS):
        raise BenchError(f"no scenario {', '.join(unknown)}: there are {', '.join(SCENARIOS)}")
    bench = _Bench(progress or (lambda _: None))
    for name in scenarios:
        bench.say(f"{name} ...")
        found = await getattr(bench, name)()
        bench.say(f"{name}: " + ", ".join(f"{k} {shown(v)}" for k, v in found.items()))
        bench.figures.update(found)
    return bench.figures


def shown(value: object) -> str:
    """A figure in few characters."""
    if value is None:
        return "not measured"
    return f"{value:.1f}" if isinstance(value, float) else str(value)


class _Bench:
    """The scenarios; each returns its figures."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.figures: Figures = dict.fromkeys(KEYS)
        self.say = say
        self._voices = Voices()

    async def live(self) -> Figures:
        """Sound pushed by ``/v1/audio``, to the page."""
        clicks = script([click()] * CLICKS, every_s=0.9, before_s=1.5)
        said = script(self._words(WORD_TEXTS, WORDS), every_s=1.8, before_s=1.5)
        async with _page(PREVIEW) as (page, url):
            repeated = await _repeated(url)
            delays = await through_socket(page, url, clicks, said)
            more = await _repeated(url) - repeated
            return {**delays.figures("pcm_"), "pcm_pictures_repeated": more}

    async def microphone(self) -> Figures:
        """The page's own microphone, by WHIP, to the same page."""
        said = script(self._words(WORD_TEXTS, WORDS), every_s=1.8, before_s=5.0)
        with tempfile.TemporaryDirectory() as folder:
            async with _server(PREVIEW) as server:
                delays = await through_microphone(server.url, said, Path(folder), PROBE)
        return delays.figures("mic_")

    async def interrupt(self) -> Figures:
        """She is told to stop, in the middle of a word."""
        async with _page({}) as (page, _):
            found = [await ears_turns.interruption(page) for _ in range(INTERRUPTS)]
        return {
            **_spread("interrupt_silence", [silence_ms for silence_ms, _ in found]),
            **_spread("interrupt_mouth", [mouth_ms for _, mouth_ms in found]),
        }

    async def barge_in(self) -> Figures:
        """A visitor speaks while she does."""
        spoken = self._words(VISITOR_TEXTS, 3 * len(VISITOR_TEXTS), VISITOR_VOICES)
        turns = []
        async with _page({}) as (page, url):
            for seed, word in enumerate(spoken):
                loud = np.asarray(VISITOR_LEVEL * word, np.float32)
                turns.append(await ears_turns.visitor_speaks(page, url, loud, seed))
        return {
            **_spread("voice_to_interrupt", [turn.interrupt_ms for turn in turns]),
            **_spread("voice_to_silence", [turn.silence_ms for turn in turns]),
            "voice_missed": sum(turn.interrupt_ms is None for turn in turns),
        }

    async def text(self) -> Figures:
        """A text that arrives token by token."""
        async with _server({}) as server:
            return dict(await speak_stream.measure(server.url))

    async def false(self) -> Figures:
        """Her own echo, and an office: nobody speaks to her."""
        found = await asyncio.to_thread(vad_table.false_interrupts, FALSE_MINUTES)
        return {
            "false_interrupts": sum(found[name] or 0 for name in ("echo", "office")),
            **{f"false_{name}": value for name, value in found.items()},
        }

    async def vad(self) -> Figures:
        """Both detectors, in one table."""
        return {"vad_table": await asyncio.to_thread(vad_table.vad_table, VAD_SECONDS)}

    def _words(
        self, texts: Sequence[str], count: int, names: Sequence[str | None] = (None,)
    ) -> list[FloatArray]:
        known = {info.name for info in self._voices.list()}
        turns = [
            (texts[i % len(texts)], names[(i // len(texts) + i) % len(names)]) for i in range(count)
        ]
        return words(
            [text for text, _ in turns],
            self._voices,
            [name if name in known else None for _, name in turns],
        )


def _spread(name: str, values: Sequence[float | None]) -> Figures:
    known = [value for value in values if value is not None]
    if not known:
        return {f"{name}_ms": None, f"{name}_p95_ms": None, f"{name}_rounds": 0}
    return {
        f"{name}_ms": float(np.median(known)),
        f"{name}_p95_ms": float(np.percentile(known, 95)),
        f"{name}_rounds": len(known),
    }


async def _repeated(url: str) -> int:
    """Pictures that were late, so far."""
    return (await counters(url))["repeated"]


@asynccontextmanager
async def _server(variables: Mapping[str, str]) -> AsyncIterator[ServerProcess]:
    with tempfile.TemporaryDirectory() as folder:
        server = ServerProcess(
            Path(folder) / "log", ["--log-level", "error"], {**QUIET, **variables}
        )
        try:
            await server.start()
            await server.settled()
            yield server
        finally:
            await server.stop()


@asynccontextmanager
async def _page(variables: Mapping[str, str]) -> AsyncIterator[tuple[Any, str]]:
    """A page of a server of its own, with the probe in it, and the server's address."""
    async with _server(variables) as server, open_browser() as browser:
        page = await browser.new_page(viewport={"width": 1280, "height": 720})
        await page.goto(server.url)
        await until(page, "window.kiosk?.state === 'ready'", 60)
        await install_probe(page)
        await asyncio.sleep(SETTLE_S)
        yield page, server.url

"""``kiosk bench sync``: lips against sound on the real page in a browser, judged by the slate.

She speaks without a pause while a test pattern is laid over picture and sound; what the page shows
and sounds is recorded and judged by flash against beep alone. Then things are made to go wrong, and
the time is taken until it is right again.
"""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from kiosk.bench.browser import BenchError, TimeArray, open_browser
from kiosk.bench.slate_tape import estimate_errors, overshoot_ms, recovered_s, seen_ms, within
from kiosk.bench.sync_page import SETTLE_S, Watch, open_page, plain_server, watching

if TYPE_CHECKING:
    from playwright.async_api import Browser

KEYS: Final = (
    "p50_ms",
    "p95_ms",
    "min_ms",
    "max_ms",
    "estimate_error_p95_ms",
    "step_recover_s",
    "step_overshoot_ms",
    "drift_p95_ms",
    "starved_audio_gaps",
    "starved_recover_s",
    "lossy_recover_s",
    "off_p95_ms",
    "plain_p95_ms",
)
SCENARIOS: Final = ("steady", "step", "drift", "starved", "lossy", "off", "plain")
STEP_S: Final = 15.0
"""How long each step of the delay is watched."""

STARVED_S: Final = 20.0
LOSSY_S: Final = 10.0
RECOVER_S: Final = 20.0
"""How long the way back is watched."""

FAR_MS: Final = 35.0
ABOUT_MS: Final = 4000.0
"""What the page told is shown this far about a beep beyond ``FAR_MS``, and about a click."""

Figures = dict[str, float | int | None]


async def run(
    seconds: int,
    scenarios: Sequence[str] = SCENARIOS,
    progress: Callable[[str], None] | None = None,
) -> Figures:
    """Measure.

    Args:
        seconds: of each of the long runs (steady, drift, off, plain); at least 10.
        scenarios: which of ``SCENARIOS``; the figures of the others are None.
        progress: told what is being done and what was found, a line at a time.

    Raises:
        BenchError: Playwright, Chromium or the server is missing, or *scenarios* has an unknown
            one; the message has the remedy.
    """
    if seconds < 10:
        raise BenchError(f"{seconds} s is too short to measure anything: ask for 10 or more")
    if unknown := set(scenarios) - set(SCENARIOS):
        raise BenchError(f"no scenario {', '.join(unknown)}: there are {', '.join(SCENARIOS)}")
    bench = _Bench(seconds, progress or (lambda _: None))
    async with open_browser() as browser:
        for name in scenarios:
            bench.say(f"{name} ...")
            found = await getattr(bench, name)(browser)
            bench.say(f"{name}: " + ", ".join(f"{k} {_short(v)}" for k, v in found.items()))
            bench.figures.update({key: value for key, value in found.items() if key in KEYS})
    return bench.figures


def _short(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


class _Bench:
    """The scenarios; each returns its figures, and some more that are only told."""

    def __init__(self, seconds: int, say: Callable[[str], None]) -> None:
        self.figures: Figures = dict.fromkeys(KEYS)
        self.say = say
        self._seconds = seconds

    async def steady(self, browser: "Browser") -> Figures:
        async with watching(browser, "") as watch:
            return await self._long(watch, "")

    async def off(self, browser: "Browser") -> Figures:
        async with watching(browser, "", {"KIOSK_SYNC__ENABLED": "false"}) as watch:
            return await self._long(watch, "off_")

    async def plain(self, browser: "Browser") -> Figures:
        async with plain_server() as url, open_page(browser, url) as page:
            watch = Watch(page, url)
            await watch.record(SETTLE_S)
            watch.begin()
            await watch.record(self._seconds)
            return _distribution(watch, "plain_")

    async def drift(self, browser: "Browser") -> Figures:
        async with watching(browser, "drift=200ppm") as watch:
            return await self._long(watch, "drift_")

    async def _long(self, watch: Watch, prefix: str) -> Figures:
        before, before_ms = await watch.concealed()
        await watch.record(self._seconds)
        gaps, gap_ms = await watch.concealed()
        self.say(f"  {gaps - before} gaps in the sound, {gap_ms - before_ms:.0f} ms in all")
        offsets, reports = watch.tape.offsets(), await watch.reports()
        far = offsets[np.abs(offsets[:, 1]) > FAR_MS]
        for name, at_ms in [(f"{late:.0f} ms", at) for at, late in far] + [
            ("click", at) for at in watch.tape.clicks
        ]:
            about = [row for row in reports if abs(row[0] - at_ms) < ABOUT_MS]
            hands = " ".join(f"{sound:.0f}/{picture:.0f}" for _, sound, picture in about)
            beeps = _row(within(offsets, at_ms - ABOUT_MS, at_ms + ABOUT_MS))
            since_s = (at_ms - watch.begun_ms) / 1000.0
            self.say(f"  {name} after {since_s:.1f} s: beeps {beeps}; sound/pictures held {hands}")
        return _distribution(watch, prefix)

    async def step(self, browser: "Browser") -> Figures:
        """Late by 150 ms from the start; then by 120 ms more, and less again."""
        recoveries: list[float | None] = []
        overshoots: list[float] = []
        async with watching(browser, "video-delay=150ms", settle_s=0.0) as watch:
            for delay, sign in (("", 1.0), ("video-delay=270ms", 1.0), ("video-delay=150ms", -1.0)):
                since_ms = await watch.now_ms()
                if delay:
                    await watch.inject(delay)
                await watch.record(STEP_S)
                offsets, until_ms = watch.tape.offsets(), await watch.now_ms()
                self.say(f"  {delay or 'start'}: {_row(within(offsets, since_ms, until_ms))}")
                # What counts is how long the visitor sees it, however late the browser shows it.
                shown_ms = seen_ms(offsets, since_ms, until_ms)
                self.say(f"  seen {(shown_ms - since_ms) / 1000:.1f} s after it began")
                recoveries.append(recovered_s(offsets, shown_ms, until_ms))
                overshoots.append(overshoot_ms(offsets, shown_ms, until_ms, sign))
            clicks = len(watch.tape.clicks)
            freezes = watch.tape.freezes(watch.begun_ms, until_ms)
        settled = [recovery for recovery in recoveries if recovery is not None]
        worst = max(settled) if len(settled) == len(recoveries) else None
        return {
            "step_recover_s": worst,
            "step_overshoot_ms": max(overshoots),
            "freezes": freezes,
            "clicks": clicks,
        }

    async def starved(self, browser: "Browser") -> Figures:
        async with watching(browser, "") as watch:
            before, before_ms = await watch.concealed()
            since_ms = await watch.now_ms()
            down, up = await watch.ladder()
            await watch.inject("cpu=0.5")
            await watch.record(STARVED_S)
            (gaps, gap_ms), until_ms = await watch.concealed(), await watch.now_ms()
            rate_hz = watch.tape.frame_rate_hz(since_ms, until_ms)
            await watch.inject("")
            await watch.record(RECOVER_S)
            offsets = watch.tape.offsets()
            end_down, end_up = await watch.ladder()
            self.say(f"  after: {_row(within(offsets, until_ms, math.inf))}")
            return {
                "starved_audio_gaps": gaps - before,
                "starved_gap_ms": gap_ms - before_ms,
                "starved_recover_s": recovered_s(offsets, until_ms, math.inf),
                "starved_fps": rate_hz,
                "steps_down": end_down - down,
                "steps_up": end_up - up,
            }

    async def lossy(self, browser: "Browser") -> Figures:
        async with watching(browser, "") as watch:
            connections = await watch.page.evaluate("window.slatePeers.length")
            await watch.inject("loss=20%,jitter=50ms")
            await watch.record(LOSSY_S)
            until_ms = await watch.now_ms()
            await watch.inject("")
            await watch.record(RECOVER_S)
            offsets = watch.tape.offsets()
            self.say(f"  after: {_row(within(offsets, until_ms, math.inf))}")
            fresh = await watch.page.evaluate("window.slatePeers.length") - connections
            recovery = recovered_s(offsets, until_ms, math.inf)
            return {"lossy_recover_s": None if fresh else recovery, "new_connections": fresh}


def _row(offsets: TimeArray) -> str:
    return " ".join(f"{offset:.0f}" for offset in offsets[:, 1])


def _distribution(watch: Watch, prefix: str) -> Figures:
    offsets = watch.tape.offsets()[:, 1]
    errors = estimate_errors(watch.tape.offsets(), np.array(watch.estimates).reshape(-1, 2))
    known = len(offsets) > 0
    figures: Figures = {
        "p50_ms": float(np.median(offsets)) if known else None,
        "p95_ms": float(np.percentile(np.abs(offsets), 95)) if known else None,
        "min_ms": float(offsets.min()) if known else None,
        "max_ms": float(offsets.max()) if known else None,
        "estimate_error_p95_ms": float(np.percentile(np.abs(errors), 95)) if len(errors) else None,
        "estimate_error_p50_ms": float(np.median(errors)) if len(errors) else None,
        "beeps": len(offsets),
        "clicks": len(watch.tape.clicks),
    }
    return {prefix + key: value for key, value in figures.items()}

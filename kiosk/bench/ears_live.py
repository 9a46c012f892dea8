"""How long live speech takes to be heard and seen in the browser."""

from typing import TYPE_CHECKING, Final

import numpy as np
from aiohttp import ClientSession

from engine.timeline import SAMPLE_RATE_HZ
from kiosk.bench.browser import Heard, Seen, TimeArray, record
from kiosk.bench.ears_sound import Script, page_clock_ms, send
from kiosk.bench.live import MOUTH_LEAD_MS, mouth_threshold
from kiosk.bench.mouth import first_above, mouth_change

if TYPE_CHECKING:
    from playwright.async_api import Page

CLICK_RMS: Final = 0.05
LATEST_MS: Final = 900.0
"""What comes later than this after its onset belongs to the next."""

EARLIEST_MS: Final = 20.0


async def through_socket(page: "Page", url: str, clicks: Script, words: Script) -> "Delays":
    """Send *clicks*, then *words*, by ``/v1/audio`` and watch the page."""
    stage = await page.evaluate("kiosk.stage")
    address = f"{url}/v1/audio?stage={stage}&rate={SAMPLE_RATE_HZ}&format=s16le&role=voice"
    async with ClientSession() as session, session.ws_connect(address) as socket:
        clock_ms = await page_clock_ms(page)
        await record(page)
        begun_s = await send(socket, clicks.sound)
        heard, _ = await record(page)
        at_ms = [1000.0 * (begun_s + onset_s) + clock_ms for onset_s in clicks.onsets_s]
        sound_ms = click_delays(heard, at_ms)
        begun_s = await send(socket, words.sound)
        _, seen = await record(page)
        at_ms = [1000.0 * (begun_s + onset_s) + clock_ms for onset_s in words.onsets_s]
        return Delays(sound_ms, mouth_delays(seen, at_ms))


class Delays:
    """Of one way in."""

    def __init__(self, sound_ms: list[float], mouth_ms: list[float]) -> None:
        """*sound_ms* of each click that was heard, *mouth_ms* of each word that was seen."""
        self.sound_ms, self.mouth_ms = sound_ms, mouth_ms

    def figures(self, prefix: str) -> dict[str, float | int | None]:
        """Medians and 95th percentiles; None where nothing came through."""
        return {
            f"{prefix}p50_ms": _at(self.sound_ms, 50),
            f"{prefix}p95_ms": _at(self.sound_ms, 95),
            f"{prefix}mouth_p50_ms": _at(self.mouth_ms, 50),
            f"{prefix}mouth_p95_ms": _at(self.mouth_ms, 95),
        }


def _at(values: list[float], percent: float) -> float | None:
    return float(np.percentile(values, percent)) if values else None


def click_delays(heard: Heard, at_ms: list[float]) -> list[float]:
    """How long after each of *at_ms* a click is heard; those that are not heard are left out."""
    found = []
    for click_ms in at_ms:
        near = _within(heard.at_ms, click_ms)
        first = first_above(heard.rms[near], CLICK_RMS, run=1)
        if first is not None:
            found.append(float(heard.at_ms[near][first] - click_ms))
    return found


def mouth_delays(seen: Seen, at_ms: list[float]) -> list[float]:
    """How long after each of *at_ms*, the beginnings of words, the mouth visibly moves."""
    found = []
    for word_ms in at_ms:
        resting = (seen.at_ms > word_ms - MOUTH_LEAD_MS) & (seen.at_ms <= word_ms + EARLIEST_MS)
        after = _within(seen.at_ms, word_ms)
        if resting.sum() < 4 or after.sum() < 4:
            continue
        change = mouth_change(seen.grey, seen.grey[resting])
        moving = first_above(change[after], mouth_threshold(change[resting], change[after]))
        if moving is not None:
            found.append(float(seen.at_ms[after][moving] - word_ms))
    return found


def _within(times_ms: TimeArray, since_ms: float) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    return (times_ms > since_ms + EARLIEST_MS) & (times_ms < since_ms + LATEST_MS)

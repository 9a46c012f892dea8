"""How soon she falls silent: when told to, and when a visitor speaks."""

import asyncio
import json
import time
from typing import TYPE_CHECKING, Final

import numpy as np
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

from engine.media import FloatArray
from engine.timeline import SAMPLE_RATE_HZ, samples
from kiosk.bench.browser import Heard, Seen, record, until
from kiosk.bench.ears_sound import onset, page_clock_ms, send
from kiosk.bench.live import SAY, SOUND_RMS
from kiosk.bench.mouth import mouth_change

if TYPE_CHECKING:
    from playwright.async_api import Page

SPEECH: Final = (
    "Please take a ticket from the machine beside the door and wait until your number appears on "
    "the large screen above the desks, then walk over to the desk whose number is shown."
)
CUT: Final = """async () => {
  const at = performance.now();
  await fetch('/v1/interrupt', { method: 'POST' });
  return at;
}"""
SPEAKS_S: Final = 2.2
QUIET_S: Final = 2.5
LOUD_RMS: Final = 0.02
"""She was in the middle of a word."""

LOUD_MS: Final = 60.0
WATCH_MS: Final = 1500.0
OPEN_MS: Final = 100.0
OPEN_LEVELS: Final = 3.0
"""A mouth that changes by fewer grey levels than this, from the interruption on, was closed."""

SHUT_MS: Final = (600.0, 1000.0)
"""After the interruption: the mouth has been closed for long, the head has hardly moved."""

SHUT_SHARE: Final = 0.2
MIN_PICTURES: Final = 5
ROOM_LEVEL: Final = 10 ** (-60 / 20)
EVENT_TIMEOUT_S: Final = 3.0


async def interruption(page: "Page") -> tuple[float | None, float | None]:
    """From a request to interrupt to silence and to the closed mouth, in ms, as the page has it.

    None where she was between two words, or her mouth was closed.
    """
    await until(page, "kiosk.state === 'ready'", 30)
    await asyncio.sleep(QUIET_S)
    await record(page)
    await page.evaluate(SAY, [SPEECH, True])
    await until(page, "kiosk.state === 'speaking'", 30)
    await asyncio.sleep(SPEAKS_S)
    cut_ms = float(await page.evaluate(CUT))
    await asyncio.sleep(QUIET_S)
    heard, seen = await record(page)
    return silence_ms(heard, cut_ms), closed_ms(seen, cut_ms)


def silence_ms(heard: Heard, cut_ms: float) -> float | None:
    """From *cut_ms* until no more is heard; None if she was not in the middle of a word."""
    about = np.abs(heard.at_ms - cut_ms - LOUD_MS) < LOUD_MS
    if not about.any() or heard.rms[about].max() < LOUD_RMS:
        return None
    after = (heard.at_ms > cut_ms) & (heard.at_ms < cut_ms + WATCH_MS)
    loud = heard.at_ms[after & (heard.rms > SOUND_RMS)]
    return float(loud[-1] - cut_ms) if len(loud) else 0.0


def closed_ms(seen: Seen, cut_ms: float) -> float | None:
    """From *cut_ms* until the mouth is as it stays; None if it was closed at that moment.

    It is compared with itself soon after, not with a mouth of some seconds before: the head turns.
    """
    since_ms = seen.at_ms - cut_ms
    after = (since_ms > SHUT_MS[0]) & (since_ms < SHUT_MS[1])
    if after.sum() < MIN_PICTURES:
        return None
    change = mouth_change(seen.grey, seen.grey[after])
    rest = float(change[after].max())
    about = change[(since_ms > -OPEN_MS) & (since_ms < OPEN_MS)]
    widest = float(about.max(initial=0.0))
    if widest - rest < OPEN_LEVELS:
        return None
    still = change < rest + SHUT_SHARE * (widest - rest)
    for index in np.flatnonzero((since_ms > 0) & still):
        if still[index : index + 2].all():
            return float(since_ms[index])
    return None


class Turn:
    """What came of one visitor's word."""

    def __init__(self, interrupt_ms: float | None, silence_ms: float | None) -> None:
        """Both from the word's first syllable; None: she went on."""
        self.interrupt_ms, self.silence_ms = interrupt_ms, silence_ms


async def visitor_speaks(page: "Page", url: str, word: FloatArray, noise_seed: int) -> Turn:
    """While she speaks, a visitor says *word* into a microphone in a quiet room."""
    await until(page, "kiosk.state === 'ready'", 30)
    stage = await page.evaluate("kiosk.stage")
    sound = np.concatenate([np.zeros(samples(SPEAKS_S), np.float32), word])
    rng = np.random.default_rng(noise_seed)
    sound += np.asarray(ROOM_LEVEL * rng.standard_normal(len(sound)), np.float32)
    address = f"{url}/v1/audio?stage={stage}&rate={SAMPLE_RATE_HZ}&format=s16le&role=visitor"
    events_address = f"{url}/v1/events?stage={stage}"
    async with (
        ClientSession() as session,
        session.ws_connect(events_address) as events,
        session.ws_connect(address) as microphone,
    ):
        await record(page)
        await page.evaluate(SAY, [SPEECH, True])
        await until(page, "kiosk.state === 'speaking'", 30)
        clock_ms = await page_clock_ms(page)
        interrupted = asyncio.create_task(_interrupted_s(events))
        begun_s = await send(microphone, sound)
        await asyncio.sleep(0.5)
        interrupted_s = await interrupted
        spoken_s = begun_s + SPEAKS_S + onset(word) / SAMPLE_RATE_HZ
        heard, _ = await record(page)
        quiet_ms = silence_ms(heard, 1000.0 * spoken_s + clock_ms)
    delay_ms = None if interrupted_s is None else 1000.0 * (interrupted_s - spoken_s)
    return Turn(delay_ms, quiet_ms if delay_ms is not None else None)


async def _interrupted_s(events: ClientWebSocketResponse) -> float | None:
    """When the interruption was told, by ``time.monotonic``; None if it never was."""
    try:
        async with asyncio.timeout(SPEAKS_S + EVENT_TIMEOUT_S):
            async for message in events:
                if message.type is WSMsgType.TEXT and is_interruption(json.loads(message.data)):
                    return time.monotonic()
    except TimeoutError:
        pass
    return None


def is_interruption(event: dict[str, object]) -> bool:
    """Whether an event of ``/v1/events`` says that an utterance was broken off."""
    return event.get("type") == "utterance" and event.get("event") == "interrupted"

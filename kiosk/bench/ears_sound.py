"""Sound that ``kiosk bench ears`` sends: known to the sample, in real time."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from engine.media import FloatArray
from engine.timeline import SAMPLE_RATE_HZ, samples
from kiosk.bench.mouth import first_above
from kiosk.speech.decode import to_master_rate
from kiosk.speech.registry import Voices

if TYPE_CHECKING:
    from playwright.async_api import Page

CHUNK_SAMPLES: Final = samples(0.02)
CLICK_SAMPLES: Final = samples(0.02)
CLICK_HZ: Final = 1000
CLICK_LEVEL: Final = 0.5
ONSET_LEVEL: Final = 0.02
"""A word begins where its level first rises above this."""

SCALE: Final = 32767


class Sends(Protocol):
    """Where the sound goes; aiohttp's client socket is one."""

    async def send_bytes(self, data: bytes) -> None:
        """Send one message."""
        ...


@dataclass(frozen=True, slots=True)
class Script:
    """What is sent, and when in it something happens."""

    sound: FloatArray
    """Shape (n,): mono at ``SAMPLE_RATE_HZ``."""
    onsets_s: tuple[float, ...]
    """Of each thing said, from the beginning."""


def click() -> FloatArray:
    """A burst of a tone: loud at once."""
    t = np.arange(CLICK_SAMPLES) / SAMPLE_RATE_HZ
    return np.asarray(CLICK_LEVEL * np.sin(2 * np.pi * CLICK_HZ * t), np.float32)


def words(texts: Iterable[str], voices: Voices, names: Iterable[str | None]) -> list[FloatArray]:
    """Each of *texts* spoken by a voice of *names*, at the master rate."""
    return [
        to_master_rate(voices.for_language("en", name).speak(text))
        for text, name in zip(texts, names, strict=False)
    ]


def script(parts: Iterable[FloatArray], every_s: float, before_s: float) -> Script:
    """Say *parts* one after the other, one each *every_s*, after a silence."""
    parts = list(parts)
    sound = np.zeros(samples(before_s + every_s * len(parts)), np.float32)
    onsets_s = []
    for number, part in enumerate(parts):
        begin = samples(before_s + number * every_s)
        part = part[: len(sound) - begin]
        sound[begin : begin + len(part)] = part
        onsets_s.append((begin + onset(part)) / SAMPLE_RATE_HZ)
    return Script(sound, tuple(onsets_s))


def onset(sound: FloatArray) -> int:
    """The sample at which *sound* is first as loud as ``ONSET_LEVEL`` over 5 ms; 0 if never."""
    block = samples(0.005)
    whole = len(sound) // block * block
    level = np.sqrt(np.mean(np.square(sound[:whole].reshape(-1, block)), axis=1))
    return (first_above(np.asarray(level, np.float64), ONSET_LEVEL, run=1) or 0) * block


async def send(sink: Sends, sound: FloatArray) -> float:
    """Send *sound* as s16le as fast as it would be spoken.

    Returns:
        When the first sample was spoken, by ``time.monotonic``: a chunk leaves with its last one.
    """
    begun_s = time.monotonic()
    data = np.rint(np.clip(sound, -1.0, 1.0) * SCALE).astype("<i2")
    for begin in range(0, len(data), CHUNK_SAMPLES):
        end = begin + CHUNK_SAMPLES
        await asyncio.sleep(max(0.0, begun_s + end / SAMPLE_RATE_HZ - time.monotonic()))
        await sink.send_bytes(data[begin:end].tobytes())
    return begun_s


async def page_clock_ms(page: "Page", rounds: int = 9) -> float:
    """What to add to ``1000 * time.monotonic()`` to have the page's time, to about 1 ms."""
    found = []
    for _ in range(rounds):
        before_s = time.monotonic()
        page_ms = float(await page.evaluate("performance.now()"))
        after_s = time.monotonic()
        found.append((after_s - before_s, page_ms - 500.0 * (before_s + after_s)))
    return min(found)[1]

"""How long speech takes from the page's own microphone to the same page's picture and sound.

The browser is given a recording as its microphone. When each word was captured is read in the page;
when it is heard, by the likeness of the levels before and after.
"""

import asyncio
import wave
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from engine.timeline import SAMPLE_RATE_HZ
from kiosk.bench.browser import Heard, TimeArray, open_browser, record, until
from kiosk.bench.ears_live import LATEST_MS, Delays, mouth_delays
from kiosk.bench.ears_sound import ONSET_LEVEL, SCALE, Script

if TYPE_CHECKING:
    from playwright.async_api import Page

TAP: Final = (Path(__file__).parent / "ears_tap.js").read_text(encoding="utf-8")
FLAGS: Final = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
STEP_MS: Final = 5.0
WORD_MS: Final = 500.0
REST_MS: Final = 300.0
ALIKE: Final = 0.6
"""Correlation of levels from which two sounds are the same word."""


async def through_microphone(url: str, words: Script, folder: Path, probe: str) -> Delays:
    """Let a visitor say *words* into the page's microphone; the kiosk must be in preview.

    Args:
        url: of the kiosk.
        words: what is said.
        folder: for the recording that the browser is given.
        probe: the script that records what the page shows and sounds.
    """
    recording = folder / "microphone.wav"
    _write(recording, words)
    flags = [*FLAGS, f"--use-file-for-fake-audio-capture={recording}%noloop"]
    async with open_browser(flags) as browser:
        page = await browser.new_page(viewport={"width": 1280, "height": 720})
        await page.add_init_script(TAP)
        await page.goto(url)
        await until(page, "window.kiosk?.state === 'ready'", 60)
        await page.evaluate(probe)
        await page.click("#microphone")
        await asyncio.sleep(len(words.sound) / SAMPLE_RATE_HZ + 2.0)
        return await _judge(page)


async def _judge(page: "Page") -> Delays:
    taken = np.array(await page.evaluate("earsTap.take()"), np.float64).reshape(-1, 2)
    heard, seen = await record(page)
    spoken = Heard(taken[:, 0], taken[:, 1])
    onsets_ms = word_onsets(spoken)
    return Delays(word_delays(spoken, heard, onsets_ms), mouth_delays(seen, onsets_ms))


def _write(path: Path, words: Script) -> None:
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, SAMPLE_RATE_HZ, 0, "NONE", ""))
        out.writeframes(np.rint(np.clip(words.sound, -1.0, 1.0) * SCALE).astype("<i2").tobytes())


def word_onsets(spoken: Heard) -> list[float]:
    """When each word begins: loud after ``REST_MS`` of less."""
    loud = spoken.at_ms[spoken.rms > ONSET_LEVEL]
    if not len(loud):
        return []
    return [float(loud[0]), *map(float, loud[1:][np.diff(loud) > REST_MS])]


def word_delays(spoken: Heard, heard: Heard, onsets_ms: list[float]) -> list[float]:
    """How long after it was spoken each word is heard, in ms; those not found are left out."""
    found = []
    for onset_ms in onsets_ms:
        times_ms = np.arange(onset_ms - 100.0, onset_ms + WORD_MS, STEP_MS)
        word = _levels(spoken, times_ms)
        lags_ms = np.arange(0.0, LATEST_MS, STEP_MS)
        likeness = np.array([_alike(word, _levels(heard, times_ms + lag)) for lag in lags_ms])
        best = int(likeness.argmax())
        if likeness[best] > ALIKE:
            found.append(float(lags_ms[best]))
    return found


def _levels(sound: Heard, times_ms: TimeArray) -> TimeArray:
    levels: TimeArray = np.interp(times_ms, sound.at_ms, sound.rms, left=0.0, right=0.0)
    return levels


def _alike(a: TimeArray, b: TimeArray) -> float:
    spread = float(a.std() * b.std())
    return float(((a - a.mean()) * (b - b.mean())).mean() / spread) if spread > 1e-12 else 0.0

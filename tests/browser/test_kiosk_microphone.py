"""A real browser's microphone, a real server: the portrait says what the visitor says."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, Page

from kiosk.bench.browser import ServerProcess, install_probe, record, until
from kiosk.bench.mouth import mouth_change
from tests.browser.conftest import Complaints, open_page
from tests.browser.microphone_page import is_state
from tests.browser.test_kiosk_page import CONNECT_S, READY, SILENCE_RMS, SPEAKING, SPEECH_RMS
from tests.browser.test_kiosk_players import Elsewhere, elsewhere, modules

__all__ = ("elsewhere", "modules")

BINBAT = """
import { WHIPClient } from '/node_modules/@binbat/whip-whep/whip.js';
const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
const peer = new RTCPeerConnection();
peer.addTransceiver(stream.getAudioTracks()[0], { direction: 'sendonly' });
window.client = new WHIPClient();
await window.client.publish(peer, %s);
document.title = 'publishing';
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def booth(chromium: Path, folder: Path, guest_port: int) -> AsyncIterator[ServerProcess]:
    """A server whose page has a microphone, and whose portrait says what it hears."""
    variables = {
        "KIOSK_SERVER__ALLOWED_ORIGINS": f"http://127.0.0.1:{guest_port}",
        "KIOSK_SPEECH__PREPARE_TOPICS": "false",
        "KIOSK_LISTEN__MODE": "preview",
        "KIOSK_LISTEN__PAGE_MICROPHONE": "true",
    }
    server = ServerProcess(folder / "booth.log", variables=variables)
    await server.start()
    yield server
    await server.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def watching(
    talker: Browser, complaints: Complaints, booth: ServerProcess
) -> AsyncIterator[Page]:
    async with open_page(talker, complaints) as page:
        await page.goto(f"{booth.url}/?stage=lobby")
        await until(page, READY, CONNECT_S)
        await install_probe(page)
        yield page


async def test_she_says_what_the_visitor_says_and_her_lips_move(
    watching: Page, complaints: Complaints
) -> None:
    await until(watching, "kiosk.stats().frames_decoded > 75", 10)
    silence, resting = await record(watching)
    await watching.click("#microphone")
    await until(watching, SPEAKING, 15)
    frames = await watching.evaluate("kiosk.stats().frames_decoded")
    await until(watching, f"kiosk.stats().frames_decoded > {frames} + 75", 10)
    speech, talking = await record(watching)
    assert silence.rms.max() < SILENCE_RMS
    assert speech.rms.max() > SPEECH_RMS
    half = len(resting.grey) // 2
    before, after = resting.grey[:half], resting.grey[half:]
    # A buzz of one vowel opens the mouth less than speech does.
    assert mouth_change(talking.grey, before).max() > 1.7 * mouth_change(after, before).max()
    await watching.click("#microphone")
    await until(watching, is_state("off"))
    await until(watching, READY, 15)
    assert complaints == []


async def test_the_page_says_that_she_listens_while_a_visitor_speaks(
    talker: Browser, complaints: Complaints, booth: ServerProcess
) -> None:
    async with open_page(talker, complaints) as page:
        await page.goto(f"{booth.url}/?stage=desk&lang=en")
        await until(page, READY, CONNECT_S)
        told = await page.request.put(f"{booth.url}/v1/stages/desk", data={"mode": "speak"})
        assert told.ok
        await page.click("#microphone")
        await until(page, "document.querySelector('#status-text').textContent === 'Listening'")
        await page.click("#microphone")
        await until(page, "!document.body.classList.contains('listening')")
        assert await page.evaluate("kiosk.state") == "ready"
    assert complaints == []


async def test_an_unchanged_whip_client_is_heard(
    talker: Browser, watching: Page, booth: ServerProcess, elsewhere: Elsewhere
) -> None:
    elsewhere.script = BINBAT % json.dumps(f"{booth.url}/whip?stage=lobby")
    async with open_page(talker, Complaints()) as page:
        await page.goto(elsewhere.origin)
        await until(page, "document.title === 'publishing'", 15)
        await until(watching, SPEAKING, 15)
        await page.evaluate("client.stop()")
    await until(watching, READY, 15)

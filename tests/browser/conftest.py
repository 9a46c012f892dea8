"""The real client in the tests: one headless Chromium for all of them.

All tests here and their fixtures share one event loop, because they share the browser.
"""

import inspect
import wave
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, ViewportSize

from engine.timeline import SAMPLE_RATE_HZ
from kiosk.bench.browser import (
    BenchError,
    ServerProcess,
    find_chromium,
    free_port,
    open_browser,
    until,
)
from tests.browser.fake_server import FakeServer, start
from tests.opus_utils import voice

HERE = Path(__file__).parent
LANDSCAPE: ViewportSize = {"width": 1280, "height": 720}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        test = getattr(item, "function", None)
        if HERE in item.path.parents and inspect.iscoroutinefunction(test):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session")
def chromium() -> Path:
    try:
        return find_chromium()
    except BenchError as error:
        pytest.skip(str(error))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: Path) -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened


class Complaints(list[str]):
    """What the pages wrote to their consoles as errors, and requests that left their hosts."""


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    yield Complaints()


def told(message: ConsoleMessage) -> str:
    """What it says, and of what could not be loaded the address."""
    where = message.location.get("url", "")
    return f"{message.text} {where}" if "Failed to load" in message.text else message.text


@asynccontextmanager
async def open_page(
    browser: Browser, complaints: Complaints, viewport: ViewportSize | None = None
) -> AsyncIterator[Page]:
    """A page of a context of its own; what it complains of is noted."""
    context = await browser.new_context(viewport=viewport or LANDSCAPE)
    page = await context.new_page()
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.on(
        "console",
        lambda message: complaints.append(told(message)) if message.type == "error" else None,
    )
    try:
        yield page
    finally:
        await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, complaints: Complaints) -> AsyncIterator[Page]:
    async with open_page(browser, complaints) as opened:
        yield opened


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def library(browser: Browser) -> AsyncIterator[Page]:
    """A bare page from which the page's modules can be imported, for their pure functions."""
    runner, port = await start(FakeServer())
    page = await browser.new_page()
    await page.goto(f"http://127.0.0.1:{port}/static/icon.svg")
    yield page
    await page.close()
    await runner.cleanup()


@pytest_asyncio.fixture(loop_scope="session")
async def fake() -> AsyncIterator[FakeServer]:
    """The stand-in server; its address is ``fake.url``."""
    server = FakeServer()
    runner, port = await start(server)
    server.url = f"http://127.0.0.1:{port}"
    yield server
    await runner.cleanup()


@pytest.fixture(scope="session")
def guest_port() -> int:
    """The port of a page that is not the server's own, but allowed."""
    return free_port()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def kiosk_server(
    chromium: Path, guest_port: int, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ServerProcess]:
    """The real server, as a process of its own."""
    variables = {
        "KIOSK_SERVER__ALLOWED_ORIGINS": f"http://127.0.0.1:{guest_port}",
        # Two cores serve the tests better without it; its own tests need no server.
        "KIOSK_SPEECH__PREPARE_TOPICS": "false",
    }
    log = tmp_path_factory.mktemp("server") / "server.log"
    server = ServerProcess(log, variables=variables)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("office")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office(chromium: Path, folder: Path) -> AsyncIterator[ServerProcess]:
    """A server with a folder of avatars of its own."""
    variables = {
        "KIOSK_AVATAR__DIR": str(folder / "avatars"),
        "KIOSK_SPEECH__PREPARE_TOPICS": "false",
    }
    server = ServerProcess(folder / "server.log", variables=variables)
    await server.start()
    yield server
    await server.stop()


PITCH_HZ = 160.0
"""Of the voice that the browser's microphone hears."""


def write_speech(path: Path) -> None:
    """Four syllables a second, as a voice has them: a steady tone would be taken for noise."""
    sound = voice(4.0, PITCH_HZ)
    t = np.arange(len(sound)) / SAMPLE_RATE_HZ
    sound *= np.clip(1.6 * np.sin(2 * np.pi * 2 * t) ** 2 - 0.2, 0.0, 1.0)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def talker(
    chromium: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Browser]:
    """A browser that somebody speaks to."""
    path = tmp_path_factory.mktemp("microphone") / "speech.wav"
    write_speech(path)
    flags = (
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={path}",
    )
    async with open_browser(flags) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def talking(talker: Browser, complaints: Complaints, fake: FakeServer) -> AsyncIterator[Page]:
    """The page, ready, with a microphone that it may use."""
    fake.microphone = True
    async with open_page(talker, complaints) as opened:
        await opened.goto(f"{fake.url}/?lang=en")
        await until(opened, "window.kiosk?.state === 'ready'")
        yield opened

"""The real client in the tests: one headless Chromium for all of them.

All tests here and their fixtures share one event loop, because they share the browser.
"""

import inspect
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, ViewportSize

from kiosk.bench.browser import BenchError, ServerProcess, find_chromium, free_port, open_browser
from tests.browser.fake_server import FakeServer, start

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
        lambda message: complaints.append(message.text) if message.type == "error" else None,
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

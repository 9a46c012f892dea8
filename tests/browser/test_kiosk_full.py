"""More visitors than places: the real page before the real server's refusal, in both languages."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser

from kiosk.app import Kiosk, listening
from kiosk.bench.browser import free_port, until
from kiosk.stages import RETRY_AFTER_S
from tests.browser.conftest import Complaints, open_page
from tests.kiosk_client import FakeAvatars, FakeSpeech, settings

READY = "window.kiosk?.state === 'ready'"
FULL = "window.kiosk?.state === 'full'"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hall() -> AsyncIterator[str]:
    """The address of a kiosk with one place."""
    given = settings(server__port=free_port(), stages__capacity=1, listen__detector="webrtc")
    async with listening(Kiosk(given, FakeAvatars(), FakeSpeech())):
        yield given.server.url


async def test_who_finds_no_place_is_told_kindly_and_gets_the_next_one(
    browser: Browser, hall: str
) -> None:
    told = Complaints()
    async with open_page(browser, told) as second:
        async with open_page(browser, told) as first:
            await first.goto(hall)
            await until(first, READY)
            await second.goto(f"{hall}/?lang=en")
            await until(second, FULL)
            assert await second.is_visible("#screen-title")
            assert await second.inner_text("#screen-title") == "All places are taken just now"
            assert "It goes on by itself" in await second.inner_text("#screen-detail")
            await second.click("#language")
            assert await second.inner_text("#screen-title") == "服务名额暂时已满"
            assert "无需操作" in await second.inner_text("#screen-detail")
            assert await first.evaluate(READY), "who has a place keeps it"
            await first.goto("about:blank")
        await until(second, READY, RETRY_AFTER_S + 4)
        await second.goto("about:blank")
    assert [line for line in told if "503" not in line] == []

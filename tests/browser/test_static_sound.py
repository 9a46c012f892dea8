from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, Page

from kiosk.bench.browser import until
from tests.browser.conftest import Complaints, open_page
from tests.browser.fake_server import FakeServer

READY = "window.kiosk?.state === 'ready'"
MUTED = "document.querySelector('video').muted"


@pytest_asyncio.fixture(loop_scope="session")
async def strict_page(
    browser: Browser, complaints: Complaints, fake: FakeServer
) -> AsyncIterator[Page]:
    """A page in which sound may not play before a touch, as in a visitor's own browser."""
    async with open_page(browser, complaints) as page:
        await page.add_init_script(
            """const play = HTMLMediaElement.prototype.play;
            let touched = false;
            addEventListener('pointerdown', () => { touched = true; }, { capture: true });
            HTMLMediaElement.prototype.play = function () {
              return this.muted || touched ? play.call(this)
                : Promise.reject(new DOMException('no gesture', 'NotAllowedError'));
            };"""
        )
        await page.goto(fake.url)
        await until(page, READY)
        yield page


async def test_sound_plays_at_once_where_it_may(page: Page, fake: FakeServer) -> None:
    await page.goto(fake.url)
    await until(page, READY)
    assert not await page.evaluate(MUTED)
    assert await page.is_hidden("#sound-hint")
    assert await page.inner_text("#sound-text") == "Sound on"


async def test_otherwise_the_page_is_muted_and_says_so(strict_page: Page) -> None:
    assert await strict_page.evaluate(MUTED)
    assert await strict_page.is_visible("#sound-hint")
    assert await strict_page.inner_text("#sound-text") == "Sound off"


async def test_the_first_touch_anywhere_turns_sound_on(strict_page: Page) -> None:
    await strict_page.mouse.click(400, 300)
    assert not await strict_page.evaluate(MUTED)
    assert await strict_page.is_hidden("#sound-hint")


async def test_a_first_touch_on_the_button_turns_sound_on_not_off_again(
    strict_page: Page,
) -> None:
    await strict_page.click("#sound")
    assert not await strict_page.evaluate(MUTED)


async def test_who_mutes_by_hand_stays_muted(page: Page, fake: FakeServer) -> None:
    await page.goto(fake.url)
    await until(page, READY)
    await page.click("#sound")
    assert await page.evaluate(MUTED)
    await page.mouse.click(400, 300)
    assert await page.evaluate(MUTED)
    assert await page.is_hidden("#sound-hint")
    await page.click("#sound")
    assert not await page.evaluate(MUTED)

"""The page's microphone, as a visitor uses it."""

import asyncio
from collections.abc import Callable

from playwright.async_api import Page

from kiosk.bench.browser import until
from tests.browser.fake_server import FakeServer
from tests.browser.fake_whip import Ear

STATE = "document.querySelector('#microphone').dataset.state"


def is_state(state: str) -> str:
    return f"{STATE} === '{state}'"


async def eventually(condition: Callable[[], bool], timeout_s: float = 10.0) -> None:
    for _ in range(round(timeout_s / 0.05)):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise TimeoutError


async def turned_on(page: Page, fake: FakeServer) -> Ear:
    await page.click("#microphone")
    await until(page, is_state("on"))
    return fake.whip.ears[-1]

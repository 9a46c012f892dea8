"""Sound goes on being sent until the page or the server says otherwise."""

import asyncio
from typing import Any

from playwright.async_api import Page

from kiosk.bench.browser import until
from tests.browser.fake_server import FakeServer
from tests.browser.microphone_page import eventually, is_state, turned_on

TAKEN = {
    "status": 409,
    "title": "Stage taken",
    "detail": "another source speaks",
    "remedy": "Wait until it has ended.",
    "code": "stage_taken",
}


async def test_what_is_final_and_what_may_change(library: Page) -> None:
    finals: Any = await library.evaluate(
        """async () => {
          const { final } = await import('/static/whip.js');
          const { Problem } = await import('/static/api.js');
          return [401, 404, 409, 422, 503].map((status) => final(new Problem({ status })))
            .concat(final(null));
        }"""
    )
    assert finals == [True, False, True, True, False, False]


async def test_it_returns_when_the_server_lets_it_go(talking: Page, fake: FakeServer) -> None:
    ear = await turned_on(talking, fake)
    assert ear.publisher is not None
    await ear.publisher.aclose()
    await until(talking, is_state("joining"))
    await until(talking, is_state("on"))
    assert len(fake.whip.ears) == 2


async def test_leaving_the_page_ends_it(talking: Page, fake: FakeServer) -> None:
    ear = await turned_on(talking, fake)
    await talking.goto(f"{fake.url}/static/icon.svg")
    await eventually(lambda: ear in fake.whip.deleted)


async def test_who_speaks_already_is_told_and_nothing_is_tried_again(
    talking: Page, fake: FakeServer
) -> None:
    fake.whip.problem = dict(TAKEN)
    await talking.click("#microphone")
    await until(talking, is_state("refused"))
    assert await talking.inner_text("#notice-title") == "Stage taken"
    assert await talking.inner_text("#notice-remedy") == "Wait until it has ended."
    await asyncio.sleep(1.5)
    assert fake.whip.asked_count == 1
    fake.whip.problem = None
    await talking.click("#microphone")
    await until(talking, is_state("on"))


async def test_a_stage_that_is_not_there_yet_is_asked_for_again(
    talking: Page, fake: FakeServer
) -> None:
    fake.whip.problem = {**TAKEN, "status": 404}
    await talking.click("#microphone")
    await until(talking, is_state("joining"))
    await eventually(lambda: fake.whip.asked_count >= 2)
    fake.whip.problem = None
    await until(talking, is_state("on"))
    assert await talking.is_hidden("#notice")

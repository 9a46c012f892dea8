"""Slower and larger: what is usual, what a visitor chooses, and that it is forgotten."""

import pytest
from playwright.async_api import Browser, Page, ViewportSize

from kiosk.bench.browser import until
from tests.browser.conftest import Complaints, open_page
from tests.browser.fake_server import FakeServer

READY = "window.kiosk?.state === 'ready'"
LONG = (
    "Please take a ticket from the machine to the right of the entrance and touch the service "
    "that you need and keep the ticket with you until your number appears above the desks."
)
SIZES: list[ViewportSize] = [
    {"width": 1280, "height": 720},
    {"width": 1080, "height": 1920},
    {"width": 390, "height": 844},
    {"width": 800, "height": 600},
]
SEEN = """(() => {
  const box = document.querySelector('#caption');
  const word = box.querySelector('.now').getBoundingClientRect();
  const edge = box.getBoundingClientRect();
  const style = getComputedStyle(box);
  return {
    lines: box.clientHeight / parseFloat(style.lineHeight),
    inside: word.top >= edge.top - 1 && word.bottom <= edge.bottom + 1,
    onScreen: edge.left >= 0 && edge.right <= innerWidth && edge.bottom <= innerHeight,
    px: parseFloat(style.fontSize),
  };
})()"""


async def opened(page: Page, fake: FakeServer, query: str = "") -> None:
    await page.goto(f"{fake.url}/{query}")
    await until(page, READY)


async def ask(page: Page, text: str = "one two") -> None:
    await page.fill("#ask-text", text)
    await page.press("#ask-text", "Enter")


async def pressed(page: Page) -> str | None:
    return await page.get_attribute("#ease", "aria-pressed")


async def size(page: Page) -> str | None:
    return await page.get_attribute("body", "data-captions")


async def test_a_page_is_as_the_hall_has_set_it(page: Page, fake: FakeServer) -> None:
    fake.facts = {"style": "gentle", "captions_size": "large"}
    await opened(page, fake)
    await until(page, "document.body.dataset.captions === 'large'")
    assert await pressed(page) == "true"
    await ask(page)
    await until(page, "window.kiosk.state === 'speaking'")
    assert fake.said[0]["style"] == "gentle"


async def test_the_address_overrides_the_hall(page: Page, fake: FakeServer) -> None:
    fake.facts = {"style": "plain", "captions_size": "normal"}
    await opened(page, fake, "?style=gentle&captions=large")
    await ask(page)
    await until(page, "window.kiosk.state === 'speaking'")
    assert fake.said[0]["style"] == "gentle"
    assert await size(page) == "large"


async def test_a_wish_that_is_not_known_is_passed_over(page: Page, fake: FakeServer) -> None:
    await opened(page, fake, "?style=shouting&captions=huge")
    await ask(page)
    await until(page, "window.kiosk.state === 'speaking'")
    assert "style" not in fake.said[0], "the server has its own"
    assert await size(page) == "normal"


async def test_who_asks_for_it_slower_hears_it_again(page: Page, fake: FakeServer) -> None:
    await opened(page, fake)
    await page.click(".topic >> nth=0")
    await until(page, "window.kiosk.state === 'speaking'")
    await page.click("#ease")
    await until(page, "window.kiosk.state === 'speaking'")
    assert [said.get("style") for said in fake.said] == [None, "gentle"]
    assert fake.said[0]["text"] == fake.said[1]["text"]
    assert (await pressed(page), await size(page)) == ("true", "large")
    assert await page.get_attribute(".topic >> nth=0", "aria-pressed") == "true"


async def test_the_button_alone_says_nothing(page: Page, fake: FakeServer) -> None:
    await opened(page, fake)
    await page.click("#ease")
    await page.click("#ease")
    assert (await pressed(page), await size(page)) == ("false", "normal")
    assert fake.said == []


async def test_its_words_follow_the_language(page: Page, fake: FakeServer) -> None:
    await opened(page, fake)
    english = await page.get_attribute("#ease", "aria-label")
    await page.click("#language")
    assert english == "Speak slower, with large captions"
    assert await page.inner_text("#ease-text") == "慢一点"


async def test_a_visitors_choice_is_forgotten_for_the_next_one(
    page: Page, fake: FakeServer
) -> None:
    await page.clock.install()
    await page.goto(f"{fake.url}/")
    await page.clock.run_for(3000)
    await page.click("#ease")
    assert await pressed(page) == "true"
    await page.clock.fast_forward(100_000)
    await page.mouse.click(5, 5)
    await page.clock.fast_forward(100_000)
    assert await pressed(page) == "true", "a touch keeps it"
    await page.clock.fast_forward(30_000)
    assert (await pressed(page), await size(page)) == ("false", "normal")


@pytest.mark.parametrize("viewport", SIZES, ids=lambda v: f"{v['width']}x{v['height']}")
async def test_large_captions_keep_three_lines_and_the_word_in_sight(
    browser: Browser, fake: FakeServer, complaints: Complaints, viewport: ViewportSize
) -> None:
    async with open_page(browser, complaints, viewport) as page:
        await opened(page, fake, "?captions=large")
        await ask(page, LONG)
        for count in (1, 13, 25):
            await until(page, f"document.querySelectorAll('#caption .said').length >= {count}", 15)
            seen = await page.evaluate(SEEN)
            assert seen["lines"] <= 3.05, seen
            assert seen["inside"] and seen["onScreen"], seen
            assert seen["px"] >= 25, seen
        assert await page.inner_text("#caption") == LONG

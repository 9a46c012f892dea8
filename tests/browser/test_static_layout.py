"""Where things stand: nothing on the mark that says that she is synthetic, on any screen."""

from typing import Any

from playwright.async_api import Browser, Page, ViewportSize

from engine.synthesis.look import Mark
from engine.synthesis.mark import Stamp
from kiosk.bench.browser import until
from tests.browser.conftest import Complaints, open_page
from tests.browser.fake_server import FakeServer

SCREENS = [(1280, 720, True), (1080, 1920, None), (390, 844, False)]
"""Width, height, and whether the picture is upright, square, or as the page asks (None)."""

SHOWN = """(() => {
  const video = document.querySelector('#video');
  const rect = (element) => {
    const { left, top, right, bottom } = element.getBoundingClientRect();
    return [left, top, right, bottom];
  };
  const parts = '#title, .tool, #status, #mark, .voice-row > *, #sound-hint, .topic, .ask, #notice';
  const seen = [...document.querySelectorAll(parts)].filter((each) => each.checkVisibility());
  return {
    size: [video.videoWidth, video.videoHeight],
    video: rect(video),
    parts: seen.map((each) => [each.id || each.className, rect(each)]),
    screen: [innerWidth, innerHeight],
  };
})()"""


def marked(shown: dict[str, Any]) -> tuple[float, float, float, float]:
    """Where the mark is on the page: the picture covers its box, and what is too much is cut off
    at both sides and below."""
    width, height = shown["size"]
    left, top, right, bottom = shown["video"]
    scale = max((right - left) / width, (bottom - top) / height)
    left += (right - left - width * scale) / 2
    x0, y0, x1, y1 = Stamp(Mark(), width, height).rect
    return left + x0 * scale, top + y0 * scale, left + x1 * scale, top + y1 * scale


async def check(page: Page) -> None:
    shown = await page.evaluate(SHOWN)
    x0, y0, x1, y1 = marked(shown)
    assert x0 >= max(0, shown["video"][0]) and x1 <= min(shown["screen"][0], shown["video"][2])
    assert y0 >= 0 and y1 <= shown["screen"][1]
    covering = [
        (name, rect)
        for name, rect in shown["parts"]
        if rect[0] < x1 and rect[2] > x0 and rect[1] < y1 and rect[3] > y0
    ]
    assert covering == [], (x0, y0, x1, y1)


async def test_nothing_stands_on_the_mark(
    browser: Browser, fake: FakeServer, complaints: Complaints
) -> None:
    async with open_page(browser, complaints) as page:
        for width, height, upright in SCREENS:
            fake.upright = upright
            await page.set_viewport_size(ViewportSize(width=width, height=height))
            await page.goto(f"{fake.url}/?lang=en")
            await until(page, "window.kiosk?.state === 'ready' && video.videoWidth > 0")
            await check(page)
            stage = list(fake.sessions.values())[-1][1]
            stage.send(type="error", code="x", message="It failed", remedy="Try again")
            await until(page, "!document.querySelector('#notice').hidden")
            await check(page)
    assert complaints == []

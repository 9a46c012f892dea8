import pytest
from playwright.async_api import Browser, Page, ViewportSize

from kiosk.bench.browser import until
from tests.browser.conftest import Complaints, open_page
from tests.browser.fake_server import FakeServer

READY = "window.kiosk?.state === 'ready'"
SPEAKING = "window.kiosk.state === 'speaking'"
PORTRAIT: ViewportSize = {"width": 1080, "height": 1920}
LANDSCAPE: ViewportSize = {"width": 1920, "height": 1080}
PHONE: ViewportSize = {"width": 390, "height": 844}
SQUARE: ViewportSize = {"width": 700, "height": 700}
TERMINAL: ViewportSize = {"width": 800, "height": 600}
WORDS_BROKEN = """[...document.querySelectorAll('.topic-title')].flatMap(({ firstChild: text }) =>
  [...text.data.matchAll(/\\S+/g)].filter(({ 0: word, index }) => {
    const range = document.createRange();
    range.setStart(text, index);
    range.setEnd(text, index + word.length);
    return range.getClientRects().length > 1;
  }).map(([word]) => word))"""


async def opened(page: Page, fake: FakeServer, query: str = "") -> None:
    await page.goto(f"{fake.url}/{query}")
    await until(page, READY)


async def test_a_topic_is_spoken_and_marked_until_its_end(page: Page, fake: FakeServer) -> None:
    await opened(page, fake)
    await page.click(".topic >> nth=0")
    await until(page, SPEAKING)
    assert await page.get_attribute(".topic >> nth=0", "aria-pressed") == "true"
    assert fake.said[0]["text"].startswith("Bring your old card")
    assert fake.said[0]["interrupt"] is True
    assert fake.said[0]["stage"] == await page.evaluate("kiosk.stage")
    next(iter(fake.sessions.values()))[1].interrupt()
    await until(page, READY)
    assert await page.get_attribute(".topic >> nth=0", "aria-pressed") == "false"


async def test_captions_light_up_word_by_word(page: Page, fake: FakeServer) -> None:
    await opened(page, fake)
    await page.fill("#ask-text", "one two three four five six")
    await page.press("#ask-text", "Enter")
    await until(page, "document.querySelectorAll('#caption .said').length === 2", 8)
    assert await page.inner_text("#caption") == "one two three four five six"
    assert await page.text_content("#spoken") == "one two three four five six"
    await until(page, "document.querySelectorAll('#caption .said').length === 6", 8)
    await until(page, "document.querySelector('#caption').hidden", 8)


async def test_stop_ends_the_speech_and_its_captions(page: Page, fake: FakeServer) -> None:
    await opened(page, fake)
    assert await page.is_disabled("#stop")
    await page.click(".topic >> nth=0")
    await until(page, "!document.querySelector('#caption').hidden", 8)
    await page.click("#stop")
    await until(page, READY)
    assert await page.is_hidden("#caption")
    assert await page.is_disabled("#stop")


async def test_the_text_stays_when_it_could_not_be_spoken(page: Page, fake: FakeServer) -> None:
    await opened(page, fake)
    fake.say_problem = {
        "status": 422,
        "title": "Nothing to pronounce",
        "detail": "Only emoji.",
        "remedy": "Type words.",
    }
    await page.fill("#ask-text", "!!!")
    await page.click("#speak")
    await until(page, "!document.querySelector('#notice').hidden")
    assert await page.inner_text("#notice-title") == "Nothing to pronounce"
    assert await page.inner_text("#notice-remedy") == "Type words."
    assert await page.input_value("#ask-text") == "!!!"
    await page.click("#notice-close")
    assert await page.is_hidden("#notice")
    assert await page.evaluate("kiosk.state") == "ready"


async def test_an_empty_text_is_not_sent(page: Page, fake: FakeServer) -> None:
    await opened(page, fake)
    await page.fill("#ask-text", "   ")
    await page.press("#ask-text", "Enter")
    await until(page, "!document.querySelector('#notice').hidden")
    assert fake.said == []


async def test_the_language_of_the_page_and_its_topics_changes(
    page: Page, fake: FakeServer
) -> None:
    await opened(page, fake)
    english = await page.inner_text("#topics")
    await page.click("#language")
    assert await page.get_attribute("html", "lang") == "zh-CN"
    assert await page.inner_text("#status-text") == "已就绪，请选择服务事项"
    chinese = await page.inner_text("#topics")
    assert "身份证办理" in chinese
    assert "Identity card" in english
    assert "Identity card" not in chinese


async def test_the_address_can_ask_for_a_language(page: Page, fake: FakeServer) -> None:
    await opened(page, fake, "?lang=zh")
    assert await page.inner_text("#speak-text") == "朗读"


async def test_a_screen_whose_avatar_was_removed_shows_the_default_one(
    page: Page, fake: FakeServer
) -> None:
    warnings: list[str] = []
    page.on("console", lambda m: warnings.append(m.text) if m.type == "warning" else None)
    fake.absent = {"gone"}
    await opened(page, fake, "?stage=lobby&avatar=gone")
    asked = [(query["stage"], query.get("avatar")) for query in fake.queries]
    assert asked == [("lobby", "gone"), ("lobby", None)]
    assert "choose one of" not in await page.inner_text("body")
    assert any("avatar=gone" in text for text in warnings)


async def test_a_long_press_in_the_corner_shows_the_figures(page: Page, fake: FakeServer) -> None:
    await opened(page, fake)
    await page.mouse.move(20, 20)
    await page.mouse.down()
    await until(page, "!document.querySelector('#overlay').hidden", 4)
    await page.mouse.up()
    assert "offset" in await page.inner_text("#overlay")


async def test_an_error_by_the_data_channel_is_shown(page: Page, fake: FakeServer) -> None:
    await opened(page, fake)
    stage = next(iter(fake.sessions.values()))[1]
    stage.send(type="error", code="voice_failed", message="The voice failed", remedy="Try again")
    await until(page, "!document.querySelector('#notice').hidden")
    assert await page.inner_text("#notice-title") == "The voice failed"


@pytest.mark.parametrize(
    "viewport",
    [PORTRAIT, LANDSCAPE, PHONE, SQUARE, TERMINAL],
    ids=["portrait", "landscape", "phone", "square", "terminal"],
)
async def test_every_control_can_be_seen_and_touched(
    browser: Browser, complaints: Complaints, fake: FakeServer, viewport: ViewportSize
) -> None:
    async with open_page(browser, complaints, viewport) as page:
        await opened(page, fake, "?lang=en")
        assert await page.evaluate(WORDS_BROKEN) == []
        controls = "#language, #sound, #ask-text, #speak, .topic"
        for control in await page.query_selector_all(controls):
            box = await control.bounding_box()
            assert box is not None
            assert box["height"] >= 56
            assert box["width"] >= 56
        for name in ("language", "sound", "ask-text", "speak"):
            box = await page.locator(f"#{name}").bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= viewport["width"]
            assert box["y"] + box["height"] <= viewport["height"]
        assert await page.evaluate(
            "document.documentElement.scrollWidth <= innerWidth"
            " && document.documentElement.scrollHeight <= innerHeight"
        )
    assert complaints == []

"""The page's microphone in a real browser, whose microphone hears a file, by the real publisher."""

import numpy as np
import pytest
from playwright.async_api import Browser, Page, ViewportSize

from engine.timeline import SAMPLE_RATE_HZ
from kiosk.bench.browser import until
from tests.browser.conftest import PITCH_HZ, Complaints, open_page
from tests.browser.fake_server import FakeServer
from tests.browser.microphone_page import STATE, eventually, is_state, turned_on

READY = "window.kiosk?.state === 'ready'"
VIEWPORTS: list[ViewportSize] = [
    {"width": 1280, "height": 720},
    {"width": 1080, "height": 1920},
    {"width": 390, "height": 844},
    {"width": 800, "height": 600},
    {"width": 1024, "height": 600},
]


async def test_there_is_no_microphone_unless_the_hall_offers_it(
    page: Page, fake: FakeServer
) -> None:
    await page.goto(fake.url)
    await until(page, READY)
    await until(page, "document.querySelector('#title').textContent === 'Service hall'")
    assert await page.is_hidden("#microphone")


async def test_what_the_visitor_says_reaches_the_pages_stage(
    talking: Page, fake: FakeServer, complaints: Complaints
) -> None:
    assert await talking.get_attribute("#microphone", "aria-pressed") == "false"
    assert "turn the microphone on" in str(await talking.get_attribute("#microphone", "aria-label"))
    ear = await turned_on(talking, fake)
    assert ear.query == {"stage": await talking.evaluate("kiosk.stage"), "kind": "microphone"}
    assert await talking.get_attribute("#microphone", "aria-pressed") == "true"
    assert await talking.inner_text("#status-text") == "Please speak, or choose a topic."
    await eventually(lambda: len(ear.sound) > 3 * SAMPLE_RATE_HZ)
    sound = ear.sound[-2 * SAMPLE_RATE_HZ :]
    assert {len(part) for part in ear.parts} == {480}, "packets are short, as asked for"
    assert np.sqrt(np.mean(sound**2)) > 0.01
    power = np.abs(np.fft.rfft(sound)) ** 2
    hz = np.arange(len(power)) / 2.0
    near = np.min(np.abs(hz[:, None] - PITCH_HZ * np.arange(1, 12)), axis=1) < 6.0
    assert power[near].sum() > 0.8 * power.sum(), "it is that voice"
    level = "Number(document.querySelector('#microphone').style.getPropertyValue('--level')) > 0.3"
    await until(talking, level)
    assert complaints == []


async def test_a_second_touch_turns_it_off(talking: Page, fake: FakeServer) -> None:
    ear = await turned_on(talking, fake)
    await talking.click("#microphone")
    assert await talking.evaluate(STATE) == "off"
    await eventually(lambda: ear in fake.whip.deleted and ear.closed)
    assert await talking.inner_text("#status-text") == "Ready. Please choose a topic."


async def test_it_follows_the_page_to_its_next_stage(talking: Page, fake: FakeServer) -> None:
    first = await turned_on(talking, fake)
    next(iter(fake.sessions.values()))[1].frozen = True
    await until(talking, "window.kiosk.state === 'lost'", 6)
    assert await talking.evaluate(STATE) == "joining"
    await until(talking, READY)
    await until(talking, is_state("on"))
    second = fake.whip.ears[-1]
    assert second is not first and second.query["stage"] != first.query["stage"]
    assert second.query["stage"] == await talking.evaluate("kiosk.stage")
    await eventually(lambda: first in fake.whip.deleted and len(second.sound) > SAMPLE_RATE_HZ)


REFUSALS = {
    "NotAllowedError": ("The microphone was not allowed", "没有获得麦克风的使用许可"),
    "NotFoundError": ("No microphone was found", "没有找到麦克风"),
    "NotReadableError": ("The microphone cannot be used now", "麦克风暂时无法使用"),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_a_refusal_of_the_browser_is_told_with_its_remedy(
    page: Page, fake: FakeServer, name: str
) -> None:
    fake.microphone = True
    await page.add_init_script(
        "navigator.mediaDevices.getUserMedia = () => "
        f"Promise.reject(new DOMException('no', '{name}'));"
    )
    for language, title in zip(("en", "zh"), REFUSALS[name], strict=True):
        await page.goto(f"{fake.url}/?lang={language}")
        await until(page, READY)
        await page.click("#microphone")
        await until(page, is_state("refused"))
        assert await page.inner_text("#notice-title") == title
        assert await page.inner_text("#notice-remedy")
        assert await page.get_attribute("#microphone", "aria-pressed") == "false"
    assert fake.whip.asked_count == 0


async def test_a_page_that_is_not_secure_says_so(page: Page, fake: FakeServer) -> None:
    fake.microphone = True
    await page.add_init_script(
        "Object.defineProperty(Navigator.prototype, 'mediaDevices', { value: undefined });"
    )
    await page.goto(f"{fake.url}/?lang=en")
    await until(page, READY)
    await page.click("#microphone")
    await until(page, is_state("refused"))
    assert "secure" in await page.inner_text("#notice-title")
    assert "https" in await page.inner_text("#notice-remedy")


async def test_a_microphone_that_is_unplugged_is_told(talking: Page, fake: FakeServer) -> None:
    await talking.evaluate(
        """() => {
          const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
          navigator.mediaDevices.getUserMedia = async (wanted) => (window.lent = await ask(wanted));
        }"""
    )
    ear = await turned_on(talking, fake)
    await talking.evaluate("lent.getAudioTracks()[0].dispatchEvent(new Event('ended'))")
    await until(talking, is_state("refused"))
    assert await talking.inner_text("#notice-title") == "The microphone was unplugged"
    await eventually(lambda: ear in fake.whip.deleted)
    assert await talking.evaluate("lent.getAudioTracks()[0].readyState") == "ended"


async def test_it_can_be_turned_off_while_the_browser_asks(page: Page, fake: FakeServer) -> None:
    fake.microphone = True
    await page.add_init_script("navigator.mediaDevices.getUserMedia = () => new Promise(() => {});")
    await page.goto(f"{fake.url}/?lang=en")
    await until(page, READY)
    await page.click("#microphone")
    assert await page.evaluate(STATE) == "asking"
    assert await page.get_attribute("#microphone", "aria-label") == "Please allow the microphone"
    await page.click("#microphone")
    assert await page.evaluate(STATE) == "off"


async def test_the_page_shows_that_she_listens(page: Page, fake: FakeServer) -> None:
    await page.goto(f"{fake.url}/?lang=zh")
    await until(page, READY)
    stage = next(iter(fake.sessions.values()))[1]
    stage.send(type="visitor", speaking=True)
    await until(page, "document.body.classList.contains('listening')")
    assert await page.inner_text("#status-text") == "我在听"
    stage.send(type="visitor", speaking=False)
    await until(page, "!document.body.classList.contains('listening')")
    assert await page.inner_text("#status-text") == "已就绪，请选择服务事项"


@pytest.mark.parametrize("viewport", VIEWPORTS, ids=lambda v: f"{v['width']}x{v['height']}")
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_it_is_large_enough_to_touch_and_leaves_room_to_type(
    browser: Browser,
    complaints: Complaints,
    fake: FakeServer,
    viewport: ViewportSize,
    language: str,
) -> None:
    fake.microphone = True
    async with open_page(browser, complaints, viewport) as page:
        await page.goto(f"{fake.url}/?lang={language}")
        await until(page, READY)
        await page.wait_for_selector("#microphone")
        for state in ("off", "asking", "joining", "on", "refused"):
            await page.evaluate(
                """async ([state, language]) => {
                  const { words } = await import('/static/strings.js');
                  document.querySelector('#microphone').dataset.state = state;
                  document.querySelector('#microphone-text').textContent =
                    words(language, `mic_${state}`);
                }""",
                [state, language],
            )
            box = await page.locator("#microphone").bounding_box()
            typed = await page.locator("#ask-text").bounding_box()
            assert box is not None and typed is not None
            assert box["height"] >= 56 and box["width"] >= 56
            assert typed["width"] >= 100
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert complaints == []


async def test_loudness_is_told_from_silence_to_full(library: Page) -> None:
    levels = await library.evaluate(
        """async () => {
          const { level } = await import('/static/microphone.js');
          return [0, 0.0005, 0.02, 1].map((value) => level(new Float32Array(64).fill(value)));
        }"""
    )
    assert levels[0] == levels[1] == 0
    assert 0.3 < levels[2] < 0.8
    assert levels[3] == 1

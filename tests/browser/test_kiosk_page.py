"""The real page on the real server: what a visitor sees, hears and can do."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, ViewportSize

from kiosk.bench.browser import Heard, Seen, ServerProcess, install_probe, record, until
from kiosk.bench.mouth import mouth_change
from tests.browser.conftest import Complaints, open_page

READY = "window.kiosk?.state === 'ready'"
SPEAKING = "window.kiosk?.state === 'speaking'"
SILENCE_RMS = 0.002
SPEECH_RMS = 0.02
TEXT = "Good morning. Please take a ticket, and wait until your number appears."
CONNECT_S = 30
FIRST_WORD_S = 60
"""The first request of all may wait for the voice to load."""
LAST_WORD_S = 60


WATCH = """addEventListener('DOMContentLoaded', () => {
  window.announced = [];
  window.lit = [];
  const [spoken, caption] = ['#spoken', '#caption'].map((id) => document.querySelector(id));
  new MutationObserver(() => announced.push(spoken.textContent))
    .observe(spoken, { childList: true });
  new MutationObserver(() => lit.push([...caption.children].map((word) => word.className)))
    .observe(caption, { subtree: true, attributes: true });
});"""


@pytest_asyncio.fixture(loop_scope="session")
async def kiosk_page(page: Page, kiosk_server: ServerProcess) -> Page:
    """The page, ready; it notes what its captions did."""
    await page.add_init_script(WATCH)
    await page.goto(kiosk_server.url)
    await until(page, READY, CONNECT_S)
    return page


@dataclass(frozen=True)
class Performance:
    """She was silent, and then said ``TEXT``."""

    silence: Heard
    speech: Heard
    resting: Seen
    talking: Seen
    energy: float
    announced: list[str]
    lit: list[list[str]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def performance(browser: Browser, kiosk_server: ServerProcess) -> Performance:
    async with open_page(browser, Complaints()) as page:
        await page.add_init_script(WATCH)
        await page.goto(kiosk_server.url)
        await until(page, READY, CONNECT_S)
        await install_probe(page)
        await until(page, "kiosk.stats().frames_decoded > 75", 10)
        silence, resting = await record(page)
        energy = await page.evaluate("kiosk.stats().audio_energy")
        await ask(page, TEXT)
        await until(page, SPEAKING, FIRST_WORD_S)
        await until(page, READY, LAST_WORD_S)
        energy = await page.evaluate("kiosk.stats().audio_energy") - energy
        speech, talking = await record(page)
        announced, lit = await page.evaluate("[announced, lit]")
        return Performance(silence, speech, resting, talking, energy, announced, lit)


async def ask(page: Page, text: str) -> None:
    await page.fill("#ask-text", text)
    await page.press("#ask-text", "Enter")


def plain(text: str) -> str:
    return re.sub(r"\W+", " ", text).strip().lower()


async def test_the_picture_arrives(kiosk_page: Page) -> None:
    await install_probe(kiosk_page)
    first = await kiosk_page.evaluate("kiosk.stats().frames_decoded")
    await until(kiosk_page, f"kiosk.stats().frames_decoded > {first} + 25", 5)
    _, seen = await record(kiosk_page)
    assert len(seen.grey) > 10
    assert seen.grey.mean() > 30, "it is not black"
    assert seen.grey.std() > 15, "it is not one colour"
    assert seen.grey[0].tolist() != seen.grey[-1].tolist(), "she is alive"


@pytest.mark.parametrize(
    ("viewport", "size"),
    [
        ({"width": 1080, "height": 1920}, (720, 1280)),
        ({"width": 390, "height": 844}, (720, 1280)),
        ({"width": 1920, "height": 1080}, (512, 512)),
    ],
)
async def test_the_picture_fits_the_screen(
    browser: Browser,
    complaints: Complaints,
    kiosk_server: ServerProcess,
    viewport: ViewportSize,
    size: tuple[int, int],
) -> None:
    async with open_page(browser, complaints, viewport) as page:
        await page.goto(kiosk_server.url)
        await until(page, READY, CONNECT_S)
        stats = await page.evaluate("kiosk.stats()")
        assert (stats["width_px"], stats["height_px"]) == size
    assert complaints == []


async def test_she_is_heard_when_she_speaks_and_not_in_silence(performance: Performance) -> None:
    assert performance.silence.rms.max() < SILENCE_RMS
    assert performance.speech.rms.max() > SPEECH_RMS
    assert performance.energy > 0.001, "the browser's own account agrees"


async def test_her_mouth_moves_when_she_speaks_and_hardly_in_silence(
    performance: Performance,
) -> None:
    half = len(performance.resting.grey) // 2
    before, after = performance.resting.grey[:half], performance.resting.grey[half:]
    resting = mouth_change(after, before)
    moving = mouth_change(performance.talking.grey, before)
    assert moving.max() > 3 * resting.max(), (moving.max(), resting.max())


async def test_the_captions_are_the_text_that_was_asked(performance: Performance) -> None:
    assert plain(" ".join(performance.announced)) == plain(TEXT)


async def test_words_light_up_one_after_the_other(performance: Performance) -> None:
    counts = [words.count("said") for words in performance.lit]
    totals = [len(words) for words in performance.lit]
    assert any(0 < said < total for said, total in zip(counts, totals, strict=True))
    assert counts[-1] == totals[-1], "in the end all of them are said"


async def test_chinese_is_captioned_as_it_was_written(kiosk_page: Page) -> None:
    text = "您好，请到3号窗口办理。"
    await ask(kiosk_page, text)
    await until(kiosk_page, SPEAKING, FIRST_WORD_S)
    await until(kiosk_page, READY, LAST_WORD_S)
    announced = "".join(await kiosk_page.evaluate("announced"))
    assert plain(announced).replace(" ", "") == plain(text).replace(" ", "")


async def test_a_topic_is_one_touch_away(kiosk_page: Page) -> None:
    title = await kiosk_page.inner_text(".topic >> nth=0")
    await kiosk_page.click(".topic >> nth=0")
    await until(kiosk_page, SPEAKING, FIRST_WORD_S)
    marked = await kiosk_page.inner_text(".topic[aria-pressed=true]")
    assert marked == title


async def test_stop_silences_her_and_empties_the_captions(kiosk_page: Page) -> None:
    await install_probe(kiosk_page)
    await ask(kiosk_page, TEXT * 3)
    await until(kiosk_page, "!document.querySelector('#caption').hidden", FIRST_WORD_S)
    await kiosk_page.click("#stop")
    await until(kiosk_page, READY, 5)
    assert await kiosk_page.is_hidden("#caption")
    frames = await kiosk_page.evaluate("kiosk.stats().frames_decoded")
    await until(kiosk_page, f"kiosk.stats().frames_decoded > {frames} + 25", 5)
    await record(kiosk_page)
    await until(kiosk_page, f"kiosk.stats().frames_decoded > {frames} + 50", 5)
    silence, _ = await record(kiosk_page)
    assert silence.rms.max() < SILENCE_RMS
    assert await kiosk_page.is_hidden("#caption")


async def test_a_second_request_takes_the_place_of_the_first(kiosk_page: Page) -> None:
    await ask(kiosk_page, TEXT * 3)
    await until(kiosk_page, "!document.querySelector('#caption').hidden", FIRST_WORD_S)
    await ask(kiosk_page, "Something else entirely.")
    await until(kiosk_page, "kiosk.caption?.text.startsWith('Something')", FIRST_WORD_S)


@pytest.mark.parametrize("text", ["!!! ... ???", "🙂🙂🙂"])
async def test_a_text_that_cannot_be_spoken_is_answered_kindly(kiosk_page: Page, text: str) -> None:
    await ask(kiosk_page, text)
    await until(kiosk_page, "!document.querySelector('#notice').hidden")
    assert await kiosk_page.inner_text("#notice-title")
    assert await kiosk_page.inner_text("#notice-remedy")
    assert await kiosk_page.input_value("#ask-text") == text
    assert await kiosk_page.evaluate("kiosk.state") == "ready"


async def test_nothing_leaves_the_server_and_nothing_is_complained_of(
    page: Page, kiosk_server: ServerProcess, complaints: Complaints
) -> None:
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    await page.goto(kiosk_server.url)
    await until(page, READY, CONNECT_S)
    await page.click(".topic >> nth=1")
    await until(page, SPEAKING, FIRST_WORD_S)
    await page.click("#language")
    await page.click("#stop")
    await until(page, READY, 10)
    assert hosts == {urlsplit(kiosk_server.url).netloc}
    assert complaints == []


async def test_the_page_comes_back_when_the_server_does(
    page: Page, kiosk_server: ServerProcess
) -> None:
    await page.goto(kiosk_server.url)
    await until(page, READY, CONNECT_S)
    await kiosk_server.kill()
    try:
        await until(page, "kiosk.state === 'lost'", 6)
        assert await page.is_visible("#still"), "her last picture stays"
    finally:
        await kiosk_server.start()
    await until(page, READY, CONNECT_S)
    assert await page.is_hidden("#still")
    await until(page, "kiosk.stats().frames_decoded > 25", 10)

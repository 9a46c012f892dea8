"""The operator's page on the real server: from a photo to an avatar."""

import asyncio
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.async_api import Browser, Page, Route, ViewportSize

from kiosk.bench.browser import ServerProcess, install_probe, record, until
from kiosk.bench.mouth import mouth_change
from tests.browser.conftest import Complaints, open_page
from tests.browser.operator_page import (
    BAKED_S,
    CHANGED_S,
    CHECKED,
    CONNECT_S,
    DESK,
    DRAFT_READY,
    PHONE,
    READY,
    SPOKEN_S,
    opened,
)
from tests.portrait_utils import needs_faces, portrait

pytestmark = needs_faces


@pytest.fixture(scope="module")
def photo(folder: Path) -> Path:
    path = folder / "photo.jpg"
    assert cv2.imwrite(str(path), portrait("lin"))
    return path


@pytest.fixture(scope="module")
def dark_photo(folder: Path) -> Path:
    path = folder / "dark.jpg"
    assert cv2.imwrite(str(path), (portrait("lin") * 0.12).astype(np.uint8))
    return path


async def names(page: Page) -> list[str]:
    return await page.locator(".face-name").all_inner_texts()


async def add(page: Page, photo: Path) -> None:
    await page.click("#new")
    await page.set_input_files("#file", photo)
    await until(page, DRAFT_READY, BAKED_S)


async def test_a_photo_becomes_an_avatar_that_is_seen_heard_kept_shown_and_removed(
    page: Page, complaints: Complaints, office: ServerProcess, folder: Path, photo: Path
) -> None:
    await opened(page, office)
    assert await names(page) == ["ada", "lin"]
    await add(page, photo)
    sheet = "document.querySelector('#sheet').naturalWidth > 2000"
    await until(page, sheet, 10)
    assert not (folder / "avatars").exists(), "nothing is written before it is saved"

    await install_probe(page)
    await until(page, f"{READY} && window.admin.decoded().then((n) => n > 50)", 10)
    _, resting = await record(page)
    await page.fill("#ask-text", "Good morning. Please take a ticket, and wait.")
    await page.click("#speak")
    heard, seen = await record(page)
    loudest, moved = 0.0, 0.0
    reference = resting.grey[len(resting.grey) // 2 :]
    for _ in range(SPOKEN_S * 2):
        await page.wait_for_timeout(500)
        heard, seen = await record(page)
        loudest = max(loudest, float(heard.rms.max(initial=0.0)))
        if len(seen.grey):
            moved = max(moved, float(mouth_change(seen.grey, reference).max()))
        if loudest > 0.02 and moved > 6:
            break
    assert loudest > 0.02, "it is heard"
    assert moved > 6, "its mouth moves"

    await page.fill("#name", "no/name")
    await page.click("#save-button")
    await until(page, "!document.querySelector('#notice').hidden")
    assert "'no/name' is not a name." in await page.inner_text("#notice")
    assert "Use letters, digits" in await page.inner_text("#notice")
    notice = await page.locator("#notice").bounding_box()
    heading = await page.locator("#avatar-head").bounding_box()
    assert notice and heading and notice["y"] > heading["y"] + heading["height"]
    stage = await page.evaluate("window.admin.stage")
    await page.fill("#name", "grace")
    await page.press("#name", "Enter")
    await until(page, "document.querySelector('#avatar-head').textContent === 'grace'", 20)
    await until(page, "document.querySelector('#notice').hidden", 5)
    assert await names(page) == ["ada", "grace", "lin"]
    assert (folder / "avatars" / "grace" / "sheet.jpg").is_file()
    assert await page.evaluate("window.admin.stage") == stage, "the preview goes on"

    await page.click("#show")
    await until(page, "document.querySelector('#own-actions').hidden")
    await page.click(".face >> nth=0")
    await page.click("#show")
    await until(page, "document.querySelector('#own-actions').hidden")
    await page.click(".face >> nth=1")
    await until(page, f"window.admin.avatar === 'grace' && {READY}", CONNECT_S)

    async with open_page(page.context.browser or pytest.fail(), complaints) as visitor:
        await visitor.goto(f"{office.url}/?avatar=grace")
        await until(visitor, "window.kiosk?.state === 'ready'", CONNECT_S)
        await page.click("#remove")
        await page.click("#question-yes")
        await until(page, "document.querySelectorAll('.face').length === 2", 20)
        before = await visitor.evaluate("kiosk.decoded().then((d) => d.frames_decoded)")
        more = f"kiosk.decoded().then((d) => d.frames_decoded > {before} + 50)"
        await until(visitor, more, 10)
        assert await visitor.evaluate("kiosk.state") == "ready", "who watches goes on"
    assert list((folder / "avatars").iterdir()) == []
    assert [text for text in complaints if "422" not in text] == []


async def test_who_is_quicker_than_the_list_is_not_disturbed_by_it(
    page: Page, office: ServerProcess, dark_photo: Path
) -> None:
    begun, listed = asyncio.Event(), asyncio.Event()

    async def late(route: Route) -> None:
        begun.set()
        await listed.wait()
        await route.continue_()

    await page.route("**/v1/avatars", late)
    await page.goto(f"{office.url}/admin?lang=en")
    await begun.wait()
    await page.click("#new")
    listed.set()
    await page.wait_for_selector(".face")
    async with page.expect_request("**/v1/drafts?*"):
        await page.set_input_files("#file", dark_photo)
    await until(page, CHECKED, CONNECT_S)
    assert await page.is_hidden("#view-avatar")
    assert await page.evaluate("window.admin.state") == "off"


async def test_a_refused_photo_tells_why_and_can_be_forced(
    page: Page, office: ServerProcess, dark_photo: Path
) -> None:
    await opened(page, office)
    await page.click("#new")
    await page.set_input_files("#file", dark_photo)
    await until(page, CHECKED, CONNECT_S)
    failed = await page.inner_text(".check.failed >> nth=-1")
    assert "The face is in the dark" in failed and "soft light" in failed
    await page.click("#language")
    assert "脸部太暗" in await page.inner_text(".check.failed >> nth=-1")
    await page.click("#force")
    await until(page, DRAFT_READY, BAKED_S)
    await page.click("#discard")
    await until(page, "window.admin.state === 'off'")
    assert await page.is_visible("#drop")


async def test_another_photo_takes_the_place_of_the_one_that_is_looked_at(
    page: Page, office: ServerProcess, photo: Path, dark_photo: Path
) -> None:
    answers: list[int] = []
    page.on("response", lambda r: answers.append(r.status) if "/v1/drafts?" in r.url else None)
    await opened(page, office)
    await page.click("#new")
    for each in (photo, photo, dark_photo):
        async with page.expect_request("**/v1/drafts?*"):
            await page.set_input_files("#file", each)
    await until(page, CHECKED, BAKED_S)
    assert "The face is in the dark" in await page.inner_text("#checks")
    assert answers == [422], "those that were given up are not answered"
    await add(page, photo)
    # Given up while it is baked.
    making = "document.querySelector('#checks-lead').textContent.includes('being made')"
    for _ in range(2):
        await page.click("#new")
        async with page.expect_request("**/v1/drafts?*"):
            await page.set_input_files("#file", photo)
        await until(page, making, BAKED_S)
    await until(page, DRAFT_READY, BAKED_S)
    assert answers == [422, 201, 201, 201]


async def test_what_is_no_photo_is_told_and_another_may_follow(
    page: Page, office: ServerProcess
) -> None:
    await opened(page, office)
    await page.click("#new")
    await page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.items.add(new File(['root:x:0:0'], 'face.jpg', { type: 'image/jpeg' }));
          document.querySelector('#drop').dispatchEvent(
            new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer: data }));
        }"""
    )
    await until(page, CHECKED, CONNECT_S)
    assert "The file is not a photo" in await page.inner_text(".check.failed")
    assert await page.locator(".check.waits").count() == 7
    assert await page.is_hidden("#force")
    await page.click("#another")
    assert await page.is_visible("#drop")


async def test_the_look_changes_while_it_is_watched(page: Page, office: ServerProcess) -> None:
    await opened(page, office)
    assert await page.is_hidden("#tuned")
    await install_probe(page)
    await page.check("[name=kind][value=colour]")
    await page.fill("#colour", "#000000")
    for _ in range(CHANGED_S * 5):
        await page.wait_for_timeout(200)
        _, seen = await record(page)
        if len(seen.grey) and seen.grey[-1][:10, :10].mean() < 40:
            break
    assert seen.grey[-1][:10, :10].mean() < 40, "the background is black"
    await page.fill("#dynamic_scale", "1.1")
    await page.click("#toml summary")
    lines = "document.querySelector('#toml-text').innerText"
    await until(page, f"{lines}.includes('dynamic_scale = 1.10')", 5)
    assert 'background = "#000000"' in await page.inner_text("#toml-text")
    await page.click(".face >> nth=1")
    assert await page.is_visible("#show")
    assert "Keep these settings" in await page.inner_text("#tuned"), "Show does not take it along"


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_everything_fits_and_can_be_reached_by_keyboard(
    browser: Browser, complaints: Complaints, office: ServerProcess,
    viewport: ViewportSize, language: str,
) -> None:  # fmt: skip
    async with open_page(browser, complaints, viewport) as page:
        await page.goto(f"{office.url}/admin?lang={language}")
        await until(page, READY, CONNECT_S)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        unnamed = """[...document.querySelectorAll('button, a, input, select')]
          .filter((each) => each.offsetParent && !each.textContent.trim()
            && !each.ariaLabel && !each.labels?.length).map((each) => each.outerHTML)"""
        assert await page.evaluate(unnamed) == []
        await page.focus("#new")
        await page.keyboard.press("Enter")
        assert await page.is_visible("#drop")
        assert await page.evaluate("document.activeElement.id") == "work"
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.id") == "choose"
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert complaints == []

"""The operator's page takes a photo with the camera."""

from collections.abc import AsyncIterator
from pathlib import Path

import cv2
import numpy as np
import pytest_asyncio
from playwright.async_api import Browser

from kiosk.bench.browser import ServerProcess, open_browser, until
from tests.browser.conftest import Complaints, open_page
from tests.browser.operator_page import BAKED_S, DESK, DRAFT_READY, opened
from tests.portrait_utils import needs_faces, portrait

pytestmark = needs_faces


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def camera_browser(chromium: Path, folder: Path) -> AsyncIterator[Browser]:
    """A browser whose camera sees lin, small in a wide picture."""
    scene = np.full((1080, 1440, 3), 190, np.uint8)
    scene[:, 180:1260] = cv2.resize(portrait("lin"), (1080, 1080))
    done, picture = cv2.imencode(".jpg", scene)
    assert done
    film = folder / "camera.mjpeg"
    film.write_bytes(picture.tobytes() * 3)
    flags = (
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    )
    async with open_browser(flags) as opened:
        yield opened


async def test_the_camera_takes_a_photo_that_stays_until_it_is_used(
    camera_browser: Browser, complaints: Complaints, office: ServerProcess
) -> None:
    async with open_page(camera_browser, complaints, DESK) as page:
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.url))
        await opened(page, office)
        await page.click("#new")
        await page.click("#camera")
        await until(page, "document.querySelector('#finder').videoWidth > 0")
        await page.click("#take")
        await until(page, "document.querySelector('#count').textContent === '2'", 5)
        await until(page, "!document.querySelector('#use').hidden", 8)
        assert not [url for url in sent if "/v1/drafts" in url], "it has not left the browser"
        await page.click("#again")
        assert await page.is_visible("#finder")
        await page.click("#take")
        await until(page, "!document.querySelector('#use').hidden", 8)
        await page.click("#use")
        await until(page, "document.querySelector('#finder').srcObject === null", 5)
        await until(page, DRAFT_READY, BAKED_S)
        assert await page.locator(".check.passed").count() == 8
    assert complaints == []

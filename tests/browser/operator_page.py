"""The operator's page, opened on a server: what its tests share."""

from playwright.async_api import Page, ViewportSize

from kiosk.bench.browser import ServerProcess, until

READY = "window.admin?.state === 'ready'"
DRAFT_READY = f"window.admin.avatar.startsWith('draft.') && {READY}"
CHECKED = "!document.querySelector('#checks-actions').hidden"
CONNECT_S = 30
BAKED_S = 120
SPOKEN_S = 60
CHANGED_S = 60
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 800}


async def opened(page: Page, office: ServerProcess) -> None:
    await page.goto(f"{office.url}/admin?lang=en")
    await until(page, READY, CONNECT_S)

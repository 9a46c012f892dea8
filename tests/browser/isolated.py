"""Run inside a network namespace without a route out: server, browser, and does a picture come?

``python -m tests.browser.isolated FOLDER`` prints one line of JSON.
"""

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from kiosk.bench.browser import ServerProcess, open_browser, until

LOOPBACK_FLAGS = (
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
)
"""What the kiosk's own screen also sets, for a machine whose cable is pulled."""


async def watch(folder: Path) -> dict[str, object]:
    """What the page has after a second of pictures."""
    server = ServerProcess(
        folder / "server.log", variables={"KIOSK_SPEECH__PREPARE_TOPICS": "false"}
    )
    try:
        await server.start()
        async with open_browser(LOOPBACK_FLAGS) as browser:
            page = await browser.new_page()
            await page.goto(server.url)
            await until(page, "window.kiosk?.state === 'ready'", 40)
            await until(page, "kiosk.stats().frames_decoded > 25", 20)
            stats: dict[str, object] = await page.evaluate("kiosk.stats()")
            return stats
    finally:
        await server.stop()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        sys.stdout.write(json.dumps(asyncio.run(watch(Path(scratch)))) + "\n")

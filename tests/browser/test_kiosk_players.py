"""Unchanged third-party WHEP players, in a page of another origin, play from the server."""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path, PurePosixPath
from typing import Final

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Page

from kiosk.bench.browser import ServerProcess, until
from tests.browser.fake_server import FakeServer

HERE: Final = Path(__file__).parent
PACKAGES: Final = ("@eyevinn/webrtc-player@0.13.0", "@binbat/whip-whep@1.1.1-sdp-trickle-throw")
NPM_TIMEOUT_S: Final = 120
NODE_BUILTINS: Final = ("fs", "http", "https", "url")
"""Asked for by the advertisement part of one player, which is not used."""

EYEVINN: Final = """
import { load } from '/commonjs.js';
const { WebRTCPlayer } = load('@eyevinn/webrtc-player');
const player = new WebRTCPlayer({ video: document.querySelector('video'), type: 'whep' });
await player.load(new URL(%s));
"""
BINBAT: Final = """
import { WHEPClient } from '/node_modules/@binbat/whip-whep/whep.js';
const peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
peer.addTransceiver('audio', { direction: 'recvonly' });
peer.addTransceiver('video', { direction: 'recvonly' });
peer.ontrack = ({ track, streams }) => {
  if (track.kind === 'video') document.querySelector('video').srcObject = streams[0];
};
window.client = new WHEPClient();
await window.client.view(peer, %s);
"""
PLAYS: Final = """(() => {
  const video = document.querySelector('video');
  return video.videoWidth > 0 && video.getVideoPlaybackQuality().totalVideoFrames > 25;
})()"""


def cache_dir() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "sonic-kiosk" / "players"


async def _npm(folder: Path) -> str:
    """Install the players; returns what npm said if it failed."""
    process = await asyncio.create_subprocess_exec(
        "npm",
        "install",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        f"--prefix={folder}",
        *PACKAGES,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), NPM_TIMEOUT_S)
    except TimeoutError:
        process.kill()
        await process.wait()
        return f"not done within {NPM_TIMEOUT_S} s"
    return "" if process.returncode == 0 else said.decode(errors="replace")[-300:]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def modules() -> Path:
    """The folder node_modules with the players in it."""
    folder = cache_dir()
    found = folder / "node_modules"
    if (
        not (found / "@binbat/whip-whep/whep.js").exists()
        or not (found / "@eyevinn/webrtc-player/dist/main.js").exists()
    ):
        if not shutil.which("npm"):
            pytest.skip("npm is not installed: the third-party players cannot be fetched")
        folder.mkdir(parents=True, exist_ok=True)
        if failure := await _npm(folder):
            pytest.skip(f"npm could not fetch the third-party players: {failure}")
    return found


def resolve(modules: Path, name: str, importer: str) -> Path:
    """The file that ``require(name)`` means in the file *importer*, as in Node."""
    if name.startswith("."):
        base = modules.parent / PurePosixPath(importer.lstrip("/")).parent / name
    else:
        base = modules / name
    if (base / "package.json").is_file():
        package = json.loads((base / "package.json").read_text(encoding="utf-8"))
        base = base / package.get("main", "index.js")
    base = Path(os.path.normpath(base))
    candidates = (base, base.with_name(base.name + ".js"), base / "index.js")
    return next(path for path in candidates if path.is_file())


class Elsewhere:
    """A page on another port: another origin than the server's."""

    def __init__(self, modules: Path, port: int) -> None:
        self.port = port
        self.script = ""
        self._modules = modules

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/", _page)
        app.router.add_get("/commonjs.js", _loader)
        app.router.add_get("/player.js", self._player)
        app.router.add_get("/require", self._require)
        app.router.add_static("/node_modules", self._modules)
        return app

    async def _player(self, _request: web.Request) -> web.Response:
        return web.Response(text=self.script, content_type="text/javascript")

    async def _require(self, request: web.Request) -> web.Response:
        name = request.query["name"]
        if name in NODE_BUILTINS:
            return web.Response(text="", content_type="text/javascript")
        path = resolve(self._modules, name, request.query["from"])
        location = f"/node_modules/{path.relative_to(self._modules)}"
        return web.Response(status=302, headers={"Location": location})


async def _page(_request: web.Request) -> web.FileResponse:
    return web.FileResponse(HERE / "player.html")


async def _loader(_request: web.Request) -> web.FileResponse:
    return web.FileResponse(HERE / "commonjs.js")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def elsewhere(modules: Path, guest_port: int) -> AsyncIterator[Elsewhere]:
    place = Elsewhere(modules, guest_port)
    runner = web.AppRunner(place.application())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", place.port).start()
    yield place
    await runner.cleanup()


@pytest.mark.parametrize("script", [EYEVINN, BINBAT], ids=["eyevinn", "binbat"])
async def test_an_unchanged_player_plays(
    page: Page, elsewhere: Elsewhere, kiosk_server: ServerProcess, script: str
) -> None:
    elsewhere.script = script % json.dumps(f"{kiosk_server.url}/whep")
    await page.goto(elsewhere.origin)
    await until(page, PLAYS, 40)


async def test_an_origin_that_is_not_allowed_is_refused(
    page: Page, fake: FakeServer, kiosk_server: ServerProcess
) -> None:
    await page.goto(f"{fake.url}/static/icon.svg")
    told = await page.evaluate(
        "(url) => fetch(url, { method: 'POST' }).then(() => 'answered', () => 'blocked')",
        f"{kiosk_server.url}/v1/interrupt",
    )
    assert told == "blocked"

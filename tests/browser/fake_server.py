"""A tiny stand-in for the kiosk server, for tests of the page's own logic and for screenshots.

It serves ``static/``, answers WHEP with a drawn (or given) face and a tone, and keeps to the
contract's messages. Run it alone: ``python -m tests.browser.fake_server --port 9000``.
"""

import argparse
import asyncio
import itertools
import json
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from aiortc import (
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCSessionDescription,
)

from tests.browser.fake_stage import (
    FRAME_RATE_HZ,
    SAMPLE_RATE_HZ,
    Picture,
    Sound,
    Stage,
    watch_origin,
)
from tests.browser.fake_whip import FakeWhip

STATIC: Final = Path(__file__).resolve().parents[2] / "static"
CONTENT_POLICY: Final = (
    "default-src 'self'; media-src 'self' blob:; connect-src 'self'; img-src 'self' data: blob:"
)
TOPICS: Final = (
    ("Identity card", "Bring your old card and one photo. A new card takes ten days."),
    ("Residence permit", "The residence permit desk is on the second floor, counters 5 to 9."),
    ("Social insurance", "Pension and health insurance matters are handled at counter 12."),
    ("Start a business", "Register a company online, or at counter 3 from Monday to Friday."),
    ("Opening hours", "We are open from 9:00 to 17:00, and until 19:00 on Thursdays."),
    ("Find the way", "Lifts are to your left. Toilets are behind the information desk."),
    ("身份证办理", "请携带旧身份证和一张照片，新证十个工作日内办好。"),
    ("居住证", "居住证窗口在二楼，五号到九号窗口。"),
    ("社会保险", "养老保险和医疗保险请到十二号窗口办理。"),
    ("开办企业", "公司登记可以网上办理，也可以到三号窗口。"),
    ("办公时间", "工作日上午九点到下午五点，星期四延长到晚上七点。"),
    ("楼层指引", "电梯在您的左手边，洗手间在服务台后面。"),
)
UNKNOWN: Final = {
    "status": 404,
    "title": "Unknown avatar",
    "detail": "no persona of that name",
    "remedy": "choose one of ada, lin",
    "code": "unknown_avatar",
}


class FakeServer:
    """The routes. ``say_problem`` and ``whep_problem`` make the next requests fail; avatars that
    are ``absent`` are not known."""

    def __init__(self, picture: Path | None = None, language: str = "en") -> None:
        self.picture = picture
        self.language = language
        self.upright: bool | None = None
        """The picture's shape, whatever is asked for."""
        self.url = ""
        self.sessions: dict[str, tuple[RTCPeerConnection, Stage]] = {}
        self.reports: list[dict[str, Any]] = []
        self.said: list[dict[str, Any]] = []
        self.deleted: list[str] = []
        self.queries: list[dict[str, str]] = []
        self.say_problem: dict[str, Any] | None = None
        self.whep_problem: dict[str, Any] | None = None
        self.absent: set[str] = set()
        self.microphone = False
        self.whip = FakeWhip()
        self.facts: dict[str, Any] = {}
        self._count = itertools.count(1)

    def application(self) -> web.Application:
        app = web.Application()
        app.on_response_prepare.append(self._policy)
        app.on_shutdown.append(self._close_all)
        app.router.add_get("/", self._index)
        app.router.add_static("/static", STATIC)
        app.router.add_get("/v1/page", self._page)
        app.router.add_get("/favicon.ico", self._favicon)
        app.router.add_post("/whep", self._whep)
        app.router.add_delete("/whep/{session}", self._delete)
        self.whip.add_to(app.router)
        app.router.add_post("/v1/say", self._say)
        app.router.add_post("/v1/interrupt", self._interrupt)
        return app

    async def _policy(self, _: web.Request, response: web.StreamResponse) -> None:
        response.headers["Content-Security-Policy"] = CONTENT_POLICY
        response.headers["Cache-Control"] = "no-cache"

    async def _close_all(self, _: web.Application) -> None:
        for peer, _stage in list(self.sessions.values()):
            await peer.close()
        await self.whip.aclose()

    async def _index(self, _: web.Request) -> web.FileResponse:
        return web.FileResponse(STATIC / "index.html")

    async def _favicon(self, _: web.Request) -> web.FileResponse:
        return web.FileResponse(STATIC / "icon.svg")

    async def _page(self, _: web.Request) -> web.Response:
        topics = [{"title": title, "text": text} for title, text in TOPICS]
        return web.json_response(
            {
                "title": "Service hall",
                "language": self.language,
                "captions": True,
                "avatar": "ada",
                "topics": topics,
                "microphone": self.microphone,
                "version": "test",
                "token_required": False,
                **self.facts,
            }
        )

    def _problem(self, problem: dict[str, Any]) -> web.Response:
        headers = problem.pop("headers", {})
        return web.json_response(
            problem,
            status=problem["status"],
            headers=headers,
            content_type="application/problem+json",
        )

    async def _whep(self, request: web.Request) -> web.Response:
        self.queries.append(dict(request.query))
        if self.whep_problem:
            return self._problem(dict(self.whep_problem))
        if request.query.get("avatar") in self.absent:
            return self._problem(dict(UNKNOWN))
        session = f"s{next(self._count)}"
        portrait = request.query.get("size") == "portrait"
        portrait = portrait if self.upright is None else self.upright
        stage = Stage(f"stage-{session}", portrait, self.picture)
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.sessions[session] = (peer, stage)
        peer.on("datachannel", lambda channel: self._channel(channel, stage, session))
        await peer.setRemoteDescription(RTCSessionDescription(await request.text(), "offer"))
        for track in (Sound(stage), Picture(stage)):
            watch_origin(peer.addTrack(track), track.kind, stage)
        await peer.setLocalDescription(await peer.createAnswer())
        return web.Response(
            status=201,
            text=peer.localDescription.sdp,
            content_type="application/sdp",
            headers={"Location": f"/whep/{session}", "ETag": f'"{session}"'},
        )

    def _channel(self, channel: RTCDataChannel, stage: Stage, session: str) -> None:
        channel.on("message", lambda text: self.reports.append(json.loads(text)))
        if channel.label != "kiosk":
            return
        stage.channel = channel
        stage.send(
            type="hello",
            session=session,
            stage=stage.name,
            avatar="ada",
            version="test",
            frame_rate_hz=FRAME_RATE_HZ,
            sample_rate_hz=SAMPLE_RATE_HZ,
        )
        if len(stage.origins) == 2:
            stage.send(type="origin", **stage.origins)
        stage.send(type="state", state="idle", media_ms=stage.now_ms())

    async def _delete(self, request: web.Request) -> web.Response:
        session = request.match_info["session"]
        self.deleted.append(session)
        if session in self.sessions:
            await self.sessions.pop(session)[0].close()
        return web.Response()

    async def _say(self, request: web.Request) -> web.Response:
        body = await request.json()
        if self.say_problem:
            return self._problem(dict(self.say_problem))
        self.said.append(body)
        utterance = f"u{next(self._count)}"
        for _, stage in list(self.sessions.values()):
            if stage.name == body.get("stage", stage.name):
                stage.say(body["text"], utterance)
        return web.json_response({"utterance": utterance, "stage": body.get("stage")}, status=202)

    async def _interrupt(self, _request: web.Request) -> web.Response:
        for _, stage in list(self.sessions.values()):
            stage.interrupt()
        return web.json_response({"stages": []})


async def start(server: FakeServer, port: int = 0) -> tuple[web.AppRunner, int]:
    """Serve on loopback; returns the runner to clean up and the port."""
    runner = web.AppRunner(server.application(), shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    return runner, int(runner.addresses[0][1])


async def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--picture", type=Path)
    arguments = parser.parse_args()
    _, port = await start(FakeServer(arguments.picture), arguments.port)
    print(f"http://127.0.0.1:{port}")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main())

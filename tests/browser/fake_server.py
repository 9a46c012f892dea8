"""A tiny stand-in for the kiosk server, for tests of the page's own logic and for screenshots.

It serves ``static/``, answers WHEP with a drawn (or given) face and a tone, and keeps to the
contract's messages. Run it alone: ``python -m tests.browser.fake_server --port 9000``.
"""

import argparse
import asyncio
import itertools
import json
import re
import time
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from aiohttp import web
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.rtcrtpsender import RTCRtpSender
from av import AudioFrame, VideoFrame

STATIC: Final = Path(__file__).resolve().parents[2] / "static"
SAMPLE_RATE_HZ: Final = 48_000
PACKET_SAMPLES: Final = 960
FRAME_RATE_HZ: Final = 25
WORD_MS: Final = 320.0
LEAD_MS: Final = 350.0
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


def drawn_face(size_px: int) -> np.ndarray:
    """A cartoon face, shape (size_px, size_px, 3), BGR."""
    ramp = np.linspace(225, 175, size_px, dtype=np.uint8)[:, None, None]
    image = np.ascontiguousarray(np.broadcast_to(ramp, (size_px, size_px, 3)))
    unit = size_px / 100
    cv2.ellipse(image, point(50, 110, unit), point(42, 42, unit), 0, 0, 360, (80, 50, 35), -1)
    cv2.ellipse(image, point(50, 42, unit), point(19, 26, unit), 0, 0, 360, (160, 190, 230), -1)
    for eye_x in (42, 58):
        cv2.circle(image, point(eye_x, 38, unit), round(2 * unit), (60, 60, 60), -1)
    return image


def point(x: float, y: float, unit: float) -> tuple[int, int]:
    return round(x * unit), round(y * unit)


class Stage:
    """The media clock, what is being said and the pictures of one session."""

    def __init__(self, name: str, portrait: bool, picture: Path | None) -> None:
        self.name = name
        self.epoch_s = time.monotonic()
        self.speech_ms: tuple[float, float] = (0.0, 0.0)
        self.frozen = False
        self.channel: RTCDataChannel | None = None
        self.utterance = ""
        self._still = self._load(portrait, picture)

    @staticmethod
    def _load(portrait: bool, picture: Path | None) -> np.ndarray:
        image = cv2.imread(str(picture)) if picture else drawn_face(720)
        assert image is not None
        if not portrait:
            return cv2.resize(image, (512, 512), interpolation=cv2.INTER_AREA)
        side = image.shape[0]
        margin = round(side * (1 - 9 / 16) / 2)
        return cv2.resize(image[:, margin : side - margin], (432, 768))

    def now_ms(self) -> float:
        return (time.monotonic() - self.epoch_s) * 1000

    def mouth(self, media_ms: float) -> float:
        start_ms, end_ms = self.speech_ms
        if not start_ms <= media_ms < end_ms:
            return 0.0
        return float(abs(np.sin((media_ms - start_ms) / WORD_MS * np.pi)))

    def picture(self, index: int) -> np.ndarray:
        media_ms = index * 1000 / FRAME_RATE_HZ
        height, width = self._still.shape[:2]
        sway = np.float32([[1, 0, 0], [0, 1, 1.5 * np.sin(media_ms / 900)]])
        image = cv2.warpAffine(
            self._still, sway, (width, height), borderMode=cv2.BORDER_REPLICATE
        )
        opening_px = 1 + round(0.022 * height * self.mouth(media_ms))
        centre = (width // 2, round(0.548 * height))
        cv2.ellipse(image, centre, (height // 24, opening_px), 0, 0, 360, (60, 50, 110), -1)
        return image

    def send(self, **message: Any) -> None:
        if self.channel and self.channel.readyState == "open":
            self.channel.send(json.dumps(message))

    def say(self, text: str, utterance: str) -> None:
        """Schedule *text*: phrases of words, one every ``WORD_MS``."""
        if self.utterance:
            self.interrupt()
        start_ms = cursor_ms = self.now_ms() + LEAD_MS
        self.utterance = utterance
        self.send(
            type="utterance", utterance=utterance, event="started",
            media_ms=start_ms, characters_spoken=0,
        )
        self.send(type="state", state="speaking", media_ms=start_ms)
        for index, phrase in enumerate(re.finditer(r"[^.,;。，；]+[.,;。，；]?", text)):
            found = re.findall(r"[一-鿿]{1,2}|[^\s一-鿿,.。，]+", phrase.group())
            words = [
                {"text": word, "start_ms": cursor_ms + i * WORD_MS,
                 "end_ms": cursor_ms + (i + 1) * WORD_MS}
                for i, word in enumerate(found)
            ]
            phrase_start_ms, cursor_ms = cursor_ms, cursor_ms + len(words) * WORD_MS
            self.send(
                type="caption", utterance=utterance, index=index, text=phrase.group().strip(),
                char_start=phrase.start(), char_end=phrase.end(),
                start_ms=phrase_start_ms, end_ms=cursor_ms, words=words,
            )
        self.speech_ms = (start_ms, cursor_ms)

    def interrupt(self) -> None:
        if not self.utterance:
            return
        now_ms = self.now_ms()
        self.send(type="caption_clear", utterance=self.utterance, from_ms=now_ms)
        self._finish("interrupted", now_ms)

    def tick(self) -> None:
        """End the utterance when its time is over."""
        if self.utterance and self.now_ms() >= self.speech_ms[1]:
            self._finish("finished", self.speech_ms[1])

    def _finish(self, event: str, media_ms: float) -> None:
        self.send(
            type="utterance", utterance=self.utterance, event=event,
            media_ms=media_ms, characters_spoken=0,
        )
        self.send(type="state", state="idle", media_ms=media_ms)
        self.utterance, self.speech_ms = "", (0.0, 0.0)


class Sound(MediaStreamTrack):
    """A tone while she speaks, silence otherwise."""

    kind = "audio"

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self._pts = 0

    async def recv(self) -> AudioFrame:
        stage, pts = self._stage, self._pts
        await asyncio.sleep(max(0.0, stage.epoch_s + pts / SAMPLE_RATE_HZ - time.monotonic()))
        stage.tick()
        time_s = (pts + np.arange(PACKET_SAMPLES)) / SAMPLE_RATE_HZ
        level = 9000 * stage.mouth(pts * 1000 / SAMPLE_RATE_HZ)
        samples = (level * np.sin(2 * np.pi * 220 * time_s)).astype(np.int16)
        frame = AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.pts, frame.sample_rate = pts, SAMPLE_RATE_HZ
        frame.time_base = Fraction(1, SAMPLE_RATE_HZ)
        self._pts += PACKET_SAMPLES
        return frame


class Picture(MediaStreamTrack):
    """The face."""

    kind = "video"

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self._index = 0

    async def recv(self) -> VideoFrame:
        stage = self._stage
        while stage.frozen:
            await asyncio.sleep(0.05)
            self._index = int(stage.now_ms() / 1000 * FRAME_RATE_HZ)
        due_s = stage.epoch_s + self._index / FRAME_RATE_HZ
        await asyncio.sleep(max(0.0, due_s - time.monotonic()))
        image = await asyncio.to_thread(stage.picture, self._index)
        frame = VideoFrame.from_ndarray(image, format="bgr24")
        frame.pts = self._index * 90_000 // FRAME_RATE_HZ
        frame.time_base = Fraction(1, 90_000)
        self._index = max(self._index + 1, int(stage.now_ms() / 1000 * FRAME_RATE_HZ))
        return frame


class FakeServer:
    """The routes. ``say_problem`` and ``whep_problem`` make the next requests fail."""

    def __init__(self, picture: Path | None = None, language: str = "en") -> None:
        self.picture = picture
        self.language = language
        self.sessions: dict[str, tuple[RTCPeerConnection, Stage]] = {}
        self.reports: list[dict[str, Any]] = []
        self.said: list[dict[str, Any]] = []
        self.deleted: list[str] = []
        self.queries: list[dict[str, str]] = []
        self.say_problem: dict[str, Any] | None = None
        self.whep_problem: dict[str, Any] | None = None
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
        app.router.add_post("/v1/say", self._say)
        app.router.add_post("/v1/interrupt", self._interrupt)
        return app

    async def _policy(self, _: web.Request, response: web.StreamResponse) -> None:
        response.headers["Content-Security-Policy"] = CONTENT_POLICY
        response.headers["Cache-Control"] = "no-cache"

    async def _close_all(self, _: web.Application) -> None:
        for peer, _stage in list(self.sessions.values()):
            await peer.close()

    async def _index(self, _: web.Request) -> web.FileResponse:
        return web.FileResponse(STATIC / "index.html")

    async def _favicon(self, _: web.Request) -> web.FileResponse:
        return web.FileResponse(STATIC / "icon.svg")

    async def _page(self, _: web.Request) -> web.Response:
        topics = [{"title": title, "text": text} for title, text in TOPICS]
        return web.json_response(
            {"title": "Service hall", "language": self.language, "captions": True,
             "avatar": "ada", "topics": topics, "version": "test", "token_required": False}
        )

    def _problem(self, problem: dict[str, Any]) -> web.Response:
        headers = problem.pop("headers", {})
        return web.json_response(
            problem, status=problem["status"], headers=headers,
            content_type="application/problem+json",
        )

    async def _whep(self, request: web.Request) -> web.Response:
        self.queries.append(dict(request.query))
        if self.whep_problem:
            return self._problem(dict(self.whep_problem))
        session = f"s{next(self._count)}"
        portrait = request.query.get("size") == "portrait"
        stage = Stage(f"stage-{session}", portrait, self.picture)
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.sessions[session] = (peer, stage)
        origins: dict[str, int] = {}
        peer.on("datachannel", lambda channel: self._channel(channel, stage, session, origins))
        await peer.setRemoteDescription(RTCSessionDescription(await request.text(), "offer"))
        for track in (Sound(stage), Picture(stage)):
            watch_origin(peer.addTrack(track), track.kind, origins, stage)
        await peer.setLocalDescription(await peer.createAnswer())
        return web.Response(
            status=201, text=peer.localDescription.sdp, content_type="application/sdp",
            headers={"Location": f"/whep/{session}", "ETag": f'"{session}"'},
        )

    def _channel(
        self, channel: RTCDataChannel, stage: Stage, session: str, origins: dict[str, int]
    ) -> None:
        stage.channel = channel
        channel.on("message", lambda text: self.reports.append(json.loads(text)))
        stage.send(
            type="hello", session=session, stage=stage.name, avatar="ada", version="test",
            frame_rate_hz=FRAME_RATE_HZ, sample_rate_hz=SAMPLE_RATE_HZ,
        )
        if len(origins) == 2:
            stage.send(type="origin", **origins)
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

    async def _interrupt(self, _: web.Request) -> web.Response:
        for _, stage in list(self.sessions.values()):
            stage.interrupt()
        return web.json_response({"stages": []})


def watch_origin(
    sender: RTCRtpSender, kind: str, origins: dict[str, int], stage: Stage
) -> None:
    """Read the RTP timestamp of media time 0 from the first packet sent (its pts is 0)."""
    transport = sender.transport
    send = transport._send_rtp

    async def watched(data: bytes) -> None:
        key = f"{kind}_rtp"
        ssrc = int.from_bytes(data[8:12], "big")
        if ssrc == sender._ssrc and key not in origins and not 200 <= data[1] <= 207:
            origins[key] = int.from_bytes(data[4:8], "big")
            if len(origins) == 2:
                stage.send(type="origin", **origins)
        await send(data)

    transport._send_rtp = watched


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

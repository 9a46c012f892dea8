"""The slate over plain aiortc tracks, as its own examples write them: what is to be bettered.

``python -m kiosk.bench.plain PORT`` serves the real page with tracks that each keep a clock of
their own (``VideoStreamTrack.next_timestamp``, ``AudioStreamTrack``'s manner), encoded by aiortc.
"""

import asyncio
import sys
import time
from fractions import Fraction
from typing import Final

import numpy as np
from aiohttp import web
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
    VideoStreamTrack,
)
from av import AudioFrame, VideoFrame

from engine.media import Audio
from engine.timeline import PACKET_SAMPLES, SAMPLE_RATE_HZ
from kiosk import slate
from kiosk.routes import static_dir

SIDE_PX: Final = 512
FRAME_RATE_HZ: Final = 30
"""aiortc's ``VIDEO_PTIME``."""


class PlainVideo(VideoStreamTrack):
    """Pictures with the slate."""

    def __init__(self) -> None:
        super().__init__()
        self._index = 0

    async def recv(self) -> VideoFrame:
        """The next picture, paced by the track's own clock."""
        pts, time_base = await self.next_timestamp()
        planes = np.full((SIDE_PX * 3 // 2, SIDE_PX), 128, np.uint8)
        shown_pts = round(pts * time_base * SAMPLE_RATE_HZ)
        slate.draw(planes, self._index, shown_pts, SAMPLE_RATE_HZ // FRAME_RATE_HZ)
        self._index += 1
        frame = VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base = pts, time_base
        return frame


class PlainAudio(MediaStreamTrack):
    """Sound with the slate."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._begun_s = 0.0
        self._pts = -PACKET_SAMPLES

    async def recv(self) -> AudioFrame:
        """The next packet, paced by the track's own clock."""
        self._pts += PACKET_SAMPLES
        if self._pts == 0:
            self._begun_s = time.time()
        else:
            await asyncio.sleep(max(0.0, self._begun_s + self._pts / SAMPLE_RATE_HZ - time.time()))
        sound = slate.mix(Audio(self._pts, np.zeros(PACKET_SAMPLES, np.float32)))
        whole = np.rint(sound.samples * 32767.0).astype(np.int16)
        frame = AudioFrame.from_ndarray(whole[np.newaxis], format="s16", layout="mono")
        frame.pts, frame.sample_rate = self._pts, SAMPLE_RATE_HZ
        frame.time_base = Fraction(1, SAMPLE_RATE_HZ)
        return frame


class PlainServer:
    """The page's files, and WHEP."""

    def __init__(self) -> None:
        """Nobody watches yet."""
        self._peers: dict[str, RTCPeerConnection] = {}

    def application(self) -> web.Application:
        """The routes that the page needs."""
        app = web.Application()
        app.router.add_get("/", self._index)
        app.router.add_static("/static", static_dir())
        app.router.add_get("/v1/page", self._page)
        app.router.add_get("/readyz", self._page)
        app.router.add_post("/whep", self._post)
        app.router.add_delete("/whep/{session}", self._delete)
        return app

    async def _index(self, _request: web.Request) -> web.FileResponse:
        return web.FileResponse(static_dir() / "index.html")

    async def _page(self, _request: web.Request) -> web.Response:
        return web.json_response({"title": "Plain", "language": "en", "topics": []})

    async def _post(self, request: web.Request) -> web.Response:
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        session = str(len(self._peers))
        self._peers[session] = peer
        await peer.setRemoteDescription(RTCSessionDescription(await request.text(), "offer"))
        peer.addTrack(PlainAudio())
        peer.addTrack(PlainVideo())
        await peer.setLocalDescription(await peer.createAnswer())
        return web.Response(
            status=201,
            text=peer.localDescription.sdp,
            content_type="application/sdp",
            headers={"Location": f"/whep/{session}"},
        )

    async def _delete(self, request: web.Request) -> web.Response:
        peer = self._peers.get(request.match_info["session"])
        if peer is not None:
            await peer.close()
        return web.Response()


if __name__ == "__main__":
    web.run_app(
        PlainServer().application(), host="127.0.0.1", port=int(sys.argv[1]), print=lambda _: None
    )

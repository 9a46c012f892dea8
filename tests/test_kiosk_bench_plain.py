"""The tracks that are to be bettered carry the slate, each by a clock of its own."""

import numpy as np
from aiohttp.test_utils import TestClient, TestServer

from engine.timeline import PACKET_SAMPLES
from kiosk import slate
from kiosk.bench.plain import SIDE_PX, PlainAudio, PlainServer, PlainVideo


async def test_pictures_and_sound_begin_with_flash_and_beep() -> None:
    picture = await PlainVideo().recv()
    luma = picture.to_ndarray()[:SIDE_PX]
    cells = luma[: 4 * SIDE_PX // 32].reshape(4, SIDE_PX // 32, 32, SIDE_PX // 32).mean((1, 3))
    reading = slate.read(cells.astype(np.float32))
    assert (picture.pts, reading.index) == (0, 0)
    assert reading.lit == 1.0
    sound = await PlainAudio().recv()
    assert (sound.pts, sound.samples) == (0, PACKET_SAMPLES)
    assert np.abs(sound.to_ndarray()).max() > 0.3 * 32768


async def test_it_serves_the_real_page() -> None:
    async with TestClient(TestServer(PlainServer().application())) as client:
        assert (await client.get("/readyz")).status == 200
        assert "static/app.js" in await (await client.get("/")).text()
        assert (await client.get("/static/whep.js")).status == 200
        assert (await client.delete("/whep/nobody")).status == 200

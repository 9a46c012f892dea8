"""The server put together: it listens, says why it cannot, and ends cleanly."""

import asyncio
import os
import signal
import socket
import threading
from pathlib import Path

import aiohttp
import pytest

from engine.synthesis.batch import LACK
from engine.synthesis.wholes import WHOLES
from kiosk import app
from kiosk.app import Kiosk, ServeError, listening
from kiosk.avatars import Avatars
from kiosk.config_listen import ListenSettings
from tests.keeping_utils import Refusing
from tests.kiosk_client import FakeAvatars, FakeSpeech, settings


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_it_listens_and_stops() -> None:
    port = free_port()
    kiosk = Kiosk(settings(server__port=port), FakeAvatars(), FakeSpeech())
    async with listening(kiosk), aiohttp.ClientSession() as client:
        response = await client.get(f"http://127.0.0.1:{port}/healthz")
        assert response.status == 200
        response.release()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_the_ears_are_made_ready_off_the_loop_before_anybody_is_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    warmed: list[tuple[ListenSettings, threading.Thread]] = []
    monkeypatch.setattr(
        app, "warm_up_ear", lambda asked: warmed.append((asked, threading.current_thread()))
    )
    given = settings(listen__detector="webrtc")
    kiosk = Kiosk(given, FakeAvatars(), FakeSpeech())
    await kiosk._warm_up()
    ((asked, thread),) = warmed
    assert asked is given.listen and thread is not threading.current_thread()
    await kiosk.stages.aclose()


async def test_what_is_measured_waits_for_the_gpu_and_a_network_that_fails_is_mended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kiosk = Kiosk(settings(), FakeAvatars(), FakeSpeech())
    happened: list[str] = []
    monkeypatch.setattr(kiosk.stages, "settle", lambda: happened.append("ready"))
    assert kiosk.stages.worker.joining() is False, "without a GPU"
    await kiosk._warm_up()
    assert happened == ["ready", "ready"], "for each size"
    await kiosk.stages.aclose()
    fresh = Kiosk(settings(server__port=free_port()), FakeAvatars(), FakeSpeech())
    assert fresh.stages.settle == fresh.networks.wait
    async with listening(fresh):
        assert LACK._told is not None
    assert LACK._told is None


async def test_a_port_in_use_is_named_with_the_remedy() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        kiosk = Kiosk(settings(server__port=port), FakeAvatars(), FakeSpeech())
        with pytest.raises(ServeError, match=rf"{port} is in use.*--port"):
            async with listening(kiosk):
                pass


async def test_a_certificate_that_is_none_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("this is no certificate")
    tls = settings(server__tls_certificate=str(broken), server__tls_key=str(broken))
    with pytest.raises(ServeError, match="certificate cannot be used"):
        async with listening(Kiosk(tls, FakeAvatars(), FakeSpeech())):
            pass


async def test_it_ends_when_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "Avatars", lambda _settings, _look: FakeAvatars())
    monkeypatch.setattr(app, "SpeechDesk", lambda _settings, _texts, _remote: FakeSpeech())
    serving = asyncio.create_task(app.serve(settings(server__port=free_port())))
    await asyncio.sleep(0.2)
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(5):
        await serving


async def test_what_is_made_ready_is_what_stages_show() -> None:
    asked = Refusing()
    given = settings(
        video__portrait_width=256, video__portrait_height=320, look__preset="quality",
        stages__capacity=4,
    )  # fmt: skip
    kiosk = Kiosk(given, Avatars(given.avatar, given.look.look()), FakeSpeech())
    WHOLES.open_by(asked)
    try:
        await kiosk._warm_up()
        await kiosk.stages.show("lin")
        made, asked.names = asked.names, []
        await kiosk.stages.open("hall", None, "square")
    finally:
        WHOLES.open_by(None)
        await kiosk.stages.aclose()
    assert asked.names == ["quality-512x512"] and set(made) == set(asked.names)

"""A whole server: a visitor speaks into ``/v1/audio``, the ear that ships hears it, she stops."""

import asyncio
import base64
from typing import Any

import numpy as np
from aiohttp import ClientWebSocketResponse

from engine.timeline import SAMPLE_RATE_HZ
from tests.kiosk_client import kiosk_client
from tests.motion_utils import speech_like
from tests.test_kiosk_events_socket import opened, until
from tests.test_kiosk_whep import join, player


async def speak(socket: ClientWebSocketResponse) -> None:
    """Say something, at the pace of speech, after and before a silence."""
    quiet = np.zeros(SAMPLE_RATE_HZ // 2, np.float32)
    sound = np.concatenate([quiet, speech_like(), quiet, quiet])
    data = (sound * 32767).astype("<i2").tobytes()
    for begin in range(0, len(data), 9600):
        await socket.send_bytes(data[begin : begin + 9600])
        await asyncio.sleep(0.1)


async def talk(**settings: Any) -> tuple[dict[str, Any], dict[str, Any], list[str]]:  # noqa: ANN401
    """The visitor's two events while she speaks, and what became of her utterances."""
    async with kiosk_client(**settings) as (client, kiosk), player() as pc:
        events = await opened(client, "?audio=true")
        await join(client, pc, "?stage=hall")
        visitor = await client.ws_connect("/v1/audio?stage=hall&rate=48000&role=visitor")
        talking = asyncio.create_task(speak(visitor))
        for _ in range(4):  # a second each
            await client.post("/v1/say", json={"text": "hello", "interrupt": False})
        started = await until(events, type="visitor", event="started")
        await asyncio.sleep(0.1)
        (stage,) = kiosk.stages
        assert stage.speaking is (started["interrupted"] is None)
        ended = await until(events, type="visitor", event="ended")
        talking.cancel()
        await asyncio.gather(talking, return_exceptions=True)
        await visitor.close()
        await asyncio.sleep(0.05)
        assert not stage.played, "no ear without a source"
        figures = (await (await client.get("/metrics")).text()).splitlines()
        await events.close()
    return started, ended, [line for line in figures if line.startswith("kiosk_utterances_total")]


async def test_a_visitor_who_speaks_up_silences_her_and_is_passed_on_as_sound() -> None:
    started, ended, figures = await talk()
    assert str(started["interrupted"]).startswith("u")
    assert any('event="interrupted"' in line for line in figures)
    sound = np.frombuffer(base64.b64decode(ended["audio"])[44:], "<i2")
    assert ended["complete"] and ended["duration_ms"] > 1000
    assert len(sound) / 16 >= ended["duration_ms"], "pre-roll included"
    assert np.abs(sound).max() > 3000


async def test_where_barge_in_is_off_she_speaks_on() -> None:
    started, ended, figures = await talk(listen__barge_in=False)
    assert started["interrupted"] is None and ended["complete"]
    assert not any('event="interrupted"' in line for line in figures)

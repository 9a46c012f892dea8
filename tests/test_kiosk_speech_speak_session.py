"""What ends a writer's socket, and what becomes of what was written before."""

import asyncio

import aiohttp
import pytest

from kiosk.speech import speak_socket
from tests.test_kiosk_speech_speak_socket import hall, say, writer

HUGE = b"x" * (speak_socket.MAX_MESSAGE_BYTES + 1)
NO_TEXT = b"\xff"


@pytest.mark.parametrize(("data", "code"), [(HUGE, 1009), (NO_TEXT, 1007)], ids=["huge", "no text"])
async def test_a_message_that_cannot_be_read_ends_the_socket_alone(data: bytes, code: int) -> None:
    async with hall() as (client, kiosk, _, speech):
        async with writer(client) as socket:
            await say(socket, *["word "] * 200, end=False)
            await socket._writer.send_frame(data, aiohttp.WSMsgType.TEXT)
            while (message := await socket.receive(timeout=5)).type is aiohttp.WSMsgType.TEXT:
                pass
            assert socket.close_code == code, message
        async with asyncio.timeout(5):
            while kiosk.speak._open:  # noqa: ASYNC110 -- no event tells it
                await asyncio.sleep(0.01)
        assert speech.streamed[-1].text.characters == 1000, "what came before is said"
        assert kiosk.metrics.registry.get_sample_value("kiosk_faults_total") == 0
        async with writer(client):
            pass

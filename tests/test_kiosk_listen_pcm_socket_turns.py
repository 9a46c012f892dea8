"""One message full of sound leaves the event loop to others."""

import asyncio

from aiohttp import web

from kiosk.listen.inlet import Inlet
from kiosk.listen.pcm import PcmReader
from kiosk.listen.pcm_socket import SLICE_BYTES, _Conversation
from tests.stage_utils import make_stage


class Roomy(Inlet):
    """Takes everything at once."""

    def end_utterance(self) -> None:
        pass

    def _hear(self, sound: object) -> None:
        pass

    def _finish(self) -> None:
        pass


async def test_others_get_their_turn_within_a_message() -> None:
    stage, _ = make_stage()
    conversation = _Conversation(
        web.WebSocketResponse(), Roomy(stage, 48_000, 48_000), PcmReader("s16le"), 1.0
    )
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    others = asyncio.create_task(other())
    await conversation._take(bytes(20 * SLICE_BYTES))
    assert turns >= 19
    others.cancel()
    await stage.aclose()

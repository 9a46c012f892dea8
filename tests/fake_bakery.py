"""Makes avatars of photos in no time: what is sent decides what becomes of it."""

import asyncio
from collections.abc import AsyncGenerator
from functools import cache

from engine.portrait import rig as rigs
from engine.portrait.onboard import Wishes
from kiosk.api import ProblemError
from kiosk.api_avatars import FindingAnswer, PhotoRefusedError
from kiosk.baker import Checked, Done
from kiosk.memory_file import MemoryFile
from tests.portrait_utils import ada

DARK = FindingAnswer(code="too_dark", reason="the face is in the dark", remedy="take soft light")
BLURRED = FindingAnswer(code="blurred", reason="the eyes are not sharp", remedy="hold it still")
PORTRAIT = b"\x89PNG portrait"
SHEET = b"\xff\xd8 sheet"


@cache
def _rig() -> bytes:
    with MemoryFile() as file:
        rigs.save(ada(), file.path)
        return file.path.read_bytes()


class FakeBakery:
    """``good`` photos are baked, ``dark`` ones refused, ``bad`` ones fail while being baked."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        """Baking ends when this is set."""
        self.go_on.set()
        self.look_on = asyncio.Event()
        """Checking ends when this is set."""
        self.look_on.set()
        self.wishes: list[Wishes] = []
        self.running = 0
        self.begun = asyncio.Semaphore(0)
        """Released by each photo."""

    async def bake(self, photo: MemoryFile, wishes: Wishes) -> AsyncGenerator[Checked | Done, None]:
        self.wishes.append(wishes)
        self.running += 1
        self.begun.release()
        try:
            kind = photo.path.read_bytes()
            await self.look_on.wait()
            if kind == b"dark" and not wishes.force:
                raise PhotoRefusedError([DARK, BLURRED], forcible=True)
            yield Checked([DARK] if kind == b"dark" else [], PORTRAIT, b"1,2\n")
            await self.go_on.wait()
            if kind == b"bad":
                raise ProblemError(503, "baking_failed", "it broke", "try again")
            yield Done(b"rubbish" if kind == b"rubbish" else _rig(), SHEET)
        finally:
            self.running -= 1

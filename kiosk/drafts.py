"""Photos on their way to be avatars: checked, baked and looked at, in memory until saved."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from engine.portrait import rig as rigs
from engine.portrait.onboard import Wishes
from engine.portrait.rig import Rig, RigError
from kiosk.api import Problem, ProblemError
from kiosk.api_avatars import DraftAnswer, DraftState, FindingAnswer
from kiosk.baker import Checked, Done
from kiosk.memory_file import MemoryFile
from kiosk.portraits import Baked

logger = logging.getLogger(__name__)

MAX_DRAFTS: Final = 3
"""Each holds some ten megabytes; the oldest makes room."""
LIFE_S: Final = 1800.0
"""A draft that nobody asks about for so long is forgotten."""
PATIENCE_S: Final = 2.0
"""How long the next photo waits for work that is being broken off."""
PREFIX: Final = "draft."
"""Of the names by which viewers ask for drafts; no avatar's name has a dot."""

Bakes = Callable[[MemoryFile, Wishes], AsyncGenerator[Checked | Done, None]]
"""Makes an avatar of a photo; see ``baker.bake``."""


class Lends(Protocol):
    """Where drafts are to be seen; see ``avatars.Avatars``."""

    def lend(self, name: str, rig: Rig) -> None:
        """Show *rig* to whom asks for *name*."""
        ...

    def forget(self, name: str) -> None:
        """Let go of what is lent or kept as *name*; who watches goes on."""
        ...


@dataclass
class Draft:
    """One photo on its way."""

    findings: list[FindingAnswer]
    portrait_png: bytes
    landmarks_csv: bytes
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    state: DraftState = "baking"
    problem: Problem | None = None
    rig: Rig | None = None
    sheet_jpg: bytes = b""
    work: asyncio.Task[None] | None = None
    expiry: asyncio.TimerHandle | None = None

    @property
    def avatar(self) -> str:
        """By which a viewer asks for it."""
        return f"{PREFIX}{self.id}"

    def answer(self) -> DraftAnswer:
        """How it stands."""
        return DraftAnswer(
            draft=self.id, avatar=self.avatar, state=self.state,
            findings=self.findings, problem=self.problem,
        )  # fmt: skip

    def baked(self) -> Baked:
        """What is to be kept of it.

        Raises:
            ProblemError: it is not ready.
        """
        if self.rig is None:
            raise ProblemError(
                409,
                "draft_not_ready",
                f"the draft is {self.state}",
                "wait until its state is ready, or give another photo",
            )
        return Baked(self.rig, self.portrait_png, self.landmarks_csv, self.sheet_jpg)


class Drafts:
    """The drafts of one server; one photo is worked on at a time. For the event loop."""

    def __init__(self, avatars: Lends, bakes: Bakes) -> None:
        """There are none yet."""
        self._avatars = avatars
        self._bakes = bakes
        self._drafts: dict[str, Draft] = {}
        self._idle = asyncio.Event()
        self._idle.set()

    def __len__(self) -> int:
        return len(self._drafts)

    async def wait_until_free(self) -> None:
        """One photo at a time; one that was given up takes a moment to end.

        Raises:
            ProblemError: another is being worked on.
        """
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._idle.wait()
        except TimeoutError:
            raise ProblemError(
                409,
                "photo_in_work",
                "another photo is being worked on",
                "wait some seconds, and send it again",
            ) from None

    async def begin(self, photo: MemoryFile, wishes: Wishes) -> Draft:
        """Check *photo*; returns when it is taken, and bakes it meanwhile.

        Cancelling it ends the work.

        Raises:
            ProblemError: another is being worked on, or this one is refused.
        """
        while not self._idle.is_set():  # of two that wait, one is first
            await self.wait_until_free()
        self._idle.clear()
        steps = self._bakes(photo, wishes)
        try:
            checked = await anext(steps)
            assert isinstance(checked, Checked)
            draft = Draft(checked.findings, checked.portrait_png, checked.landmarks_csv)
            self._admit(draft)
            draft.work = asyncio.create_task(self._finish(draft, steps), name="bake")
        except BaseException:
            await self._free(steps)
            raise
        # Work that is cancelled before it began would never clear up.
        await asyncio.sleep(0)
        return draft

    def get(self, name: str) -> Draft:
        """The draft *name*, which is kept for another while.

        Raises:
            ProblemError: there is none.
        """
        draft = self._drafts.get(name)
        if draft is None:
            raise ProblemError(
                404,
                "unknown_draft",
                "there is no such draft; they are forgotten when nobody asks about them for "
                f"{LIFE_S / 60:.0f} minutes",
                "send the photo again",
            )
        self._keep(draft)
        return draft

    async def drop(self, name: str) -> None:
        """Forget draft *name*; who watches it goes on.

        Raises:
            ProblemError: there is none.
        """
        draft = self.get(name)
        self._forget(draft)
        await _stop(draft)

    async def aclose(self) -> None:
        """Forget them all."""
        for draft in list(self._drafts.values()):
            await self.drop(draft.id)

    def _admit(self, draft: Draft) -> None:
        while len(self._drafts) >= MAX_DRAFTS:
            self._forget(next(iter(self._drafts.values())))
        self._drafts[draft.id] = draft
        self._keep(draft)

    def _keep(self, draft: Draft) -> None:
        if draft.expiry:
            draft.expiry.cancel()
        draft.expiry = asyncio.get_running_loop().call_later(LIFE_S, self._forget, draft)

    def _forget(self, draft: Draft) -> None:
        if draft.expiry:
            draft.expiry.cancel()
        if draft.work:
            draft.work.cancel()
        self._drafts.pop(draft.id, None)
        self._avatars.forget(draft.avatar)

    async def _finish(self, draft: Draft, steps: AsyncGenerator[Checked | Done, None]) -> None:
        try:
            done = await anext(steps)
            assert isinstance(done, Done)
            draft.rig = await asyncio.to_thread(_loaded, done.rig)
            draft.sheet_jpg = done.sheet_jpg
            self._avatars.lend(draft.avatar, draft.rig)
            draft.state = "ready"
        except ProblemError as error:
            draft.state, draft.problem = "failed", error.problem
        except Exception as error:
            logger.exception("a draft could not be finished")
            problem = ProblemError(503, "baking_failed", str(error), "try again").problem
            draft.state, draft.problem = "failed", problem
        finally:
            await self._free(steps)

    async def _free(self, steps: AsyncGenerator[Checked | Done, None]) -> None:
        """End the iteration, and with it the process; then the next photo may come."""
        try:
            await steps.aclose()
        finally:
            self._idle.set()


def _loaded(data: bytes) -> Rig:
    with MemoryFile(data) as file:
        try:
            return rigs.load(file.path)
        except RigError as error:
            raise ProblemError(503, "baking_failed", str(error), "try again") from error


async def _stop(draft: Draft) -> None:
    if draft.work:
        with contextlib.suppress(asyncio.CancelledError):
            await draft.work

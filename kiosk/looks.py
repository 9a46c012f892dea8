"""Reading and changing how a stage is shown, while it is watched and speaks."""

import asyncio
import contextlib
import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from aiohttp import web

from engine.pipeline import Pipeline, Synthesis
from engine.synthesis.look import Look
from kiosk.api import parse, refused
from kiosk.api_look import LookAnswer, LookRequest
from kiosk.appearance import Appearance
from kiosk.stage import Stage
from kiosk.stages import Stages

logger = logging.getLogger(__name__)


class Dresses(Protocol):
    """What the looks need of the avatars; see ``avatars.Avatars``."""

    def pipeline(self, name: str, width: int, height: int, look: Look | None = None) -> Pipeline:
        """A new engine that shows *name*; raises ``ProblemError`` if there is none."""
        ...

    def synthesis(self, name: str, width: int, height: int, look: Look) -> Synthesis:
        """What draws *name* so; may take seconds.

        Raises:
            ProblemError: there is no such avatar.
            ValueError: it cannot be drawn so; the message says why.
        """
        ...


class Looks:
    """Handlers of ``/v1/stages/{stage}/look``."""

    def __init__(self, stages: Stages, dresses: Dresses) -> None:
        """Serve *stages*, drawn by what *dresses* makes."""
        self._stages = stages
        self._dresses = dresses
        self._changing = asyncio.Lock()
        """One change at a time: each is built on the last, and making one is work."""
        self._pool = ThreadPoolExecutor(1, "dress", initializer=_give_way)
        self._weighing: asyncio.Task[None] | None = None

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Register the paths."""
        router.add_get("/v1/stages/{stage}/look", self._get)
        router.add_patch("/v1/stages/{stage}/look", self._patch)

    def close(self) -> None:
        """Stop the thread."""
        if self._weighing is not None:
            self._weighing.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def show(self, stage: Stage, avatar: str) -> None:
        """Show *avatar* on *stage* from the next picture on, in the stage's own look.

        Raises:
            ProblemError: there is no such avatar.
            ValueError: it cannot be drawn in that look.
        """
        async with self._changing:
            await self._draw(stage, avatar, stage.appearance)
            stage.avatar = avatar

    async def _get(self, request: web.Request) -> web.Response:
        (stage,) = self._stages.select(request.match_info["stage"])
        return await _answer(stage)

    async def _patch(self, request: web.Request) -> web.Response:
        (stage,) = self._stages.select(request.match_info["stage"])
        asked = parse(LookRequest, await request.read())
        async with self._changing:
            try:
                wanted = await asyncio.to_thread(asked.onto, stage.appearance)
                await self._dress(stage, wanted)
            except ValueError as error:
                raise refused(422, "invalid_look", error, "see /openapi.json") from error
        self._weigh(stage)
        return await _answer(stage)

    def _weigh(self, stage: Stage) -> None:
        """Find out beside the pictures what those of *stage* cost, if that is not known yet."""
        busy = self._weighing is not None and not self._weighing.done()
        if not busy and self._stages.capacity.unknown(stage.appearance.kind):
            weighing = self._weighed(stage.avatar, stage.appearance)
            self._weighing = asyncio.create_task(weighing, name="weighing")

    async def _weighed(self, avatar: str, shown: Appearance) -> None:
        def make(width: int, height: int) -> Pipeline:
            return self._dresses.pipeline(avatar, width, height, shown.look)

        try:
            await self._stages.weigh(make, [shown.kind])
        except Exception as error:
            logger.warning("it is not known what pictures of %s cost: %s", shown.kind, error)

    async def _dress(self, stage: Stage, wanted: Appearance) -> None:
        """Make ready beside the inference thread, then change between two pictures."""
        shown = stage.appearance
        if wanted.look != shown.look:
            await self._draw(stage, stage.avatar, wanted)
        scales = wanted.dynamic_scale, wanted.motion_scale
        if scales != (shown.dynamic_scale, shown.motion_scale):
            await stage.change(lambda engine: engine.rescale(*scales))
        stage.appearance = wanted
        logger.info("stage %s is shown anew: %s", stage.name, wanted.look.preset)
        if shown.look.mark.on and not wanted.look.mark.on:
            logger.warning("stage %s: the AI mark was turned off", stage.name)

    async def _draw(self, stage: Stage, avatar: str, wanted: Appearance) -> None:
        synthesis = await asyncio.get_running_loop().run_in_executor(
            self._pool, self._dresses.synthesis, avatar, *wanted.size, wanted.look
        )
        await stage.change(lambda engine: engine.show(synthesis))


def _give_way() -> None:
    """Run this thread after those that draw, speak and send."""
    with contextlib.suppress(OSError, AttributeError):  # not every system can
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 15)


async def _answer(stage: Stage) -> web.Response:
    # Off the loop: to know how many steps are run, the refiner may have to be loaded.
    rung = stage.animator.ladder.rung
    answer = await asyncio.to_thread(LookAnswer.of, stage.name, stage.appearance, rung)
    text = answer.model_dump_json()
    return web.Response(text=text, content_type="application/json")

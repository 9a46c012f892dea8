"""Reading and changing how a stage is shown, while it is watched and speaks."""

import asyncio
import contextlib
import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from aiohttp import web

from engine.pipeline import Synthesis
from engine.synthesis.look import Look
from kiosk.api import parse, refused
from kiosk.api_look import LookAnswer, LookRequest
from kiosk.appearance import Appearance
from kiosk.stage import Stage
from kiosk.stages import Stages

logger = logging.getLogger(__name__)


class Dresses(Protocol):
    """What the looks need of the avatars; see ``avatars.Avatars``."""

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

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Register the paths."""
        router.add_get("/v1/stages/{stage}/look", self._get)
        router.add_patch("/v1/stages/{stage}/look", self._patch)

    def close(self) -> None:
        """Stop the thread."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _get(self, request: web.Request) -> web.Response:
        (stage,) = self._stages.select(request.match_info["stage"])
        return _answer(stage)

    async def _patch(self, request: web.Request) -> web.Response:
        (stage,) = self._stages.select(request.match_info["stage"])
        asked = parse(LookRequest, await request.read())
        async with self._changing:
            try:
                wanted = await asyncio.to_thread(asked.onto, stage.appearance)
                await self._dress(stage, wanted)
            except ValueError as error:
                raise refused(422, "invalid_look", error, "see /openapi.json") from error
        return _answer(stage)

    async def _dress(self, stage: Stage, wanted: Appearance) -> None:
        """Make ready beside the inference thread, then change between two pictures."""
        shown = stage.appearance
        if wanted.look != shown.look:
            size = wanted.size
            synthesis = await asyncio.get_running_loop().run_in_executor(
                self._pool, self._dresses.synthesis, stage.avatar, *size, wanted.look
            )
            await stage.change(lambda engine: engine.show(synthesis))
        scales = wanted.dynamic_scale, wanted.motion_scale
        if scales != (shown.dynamic_scale, shown.motion_scale):
            await stage.change(lambda engine: engine.rescale(*scales))
        stage.appearance = wanted
        logger.info("stage %s is shown anew: %s", stage.name, wanted.look.preset)
        if shown.look.mark.on and not wanted.look.mark.on:
            logger.warning("stage %s: the AI mark was turned off", stage.name)


def _give_way() -> None:
    """Run this thread after those that draw, speak and send."""
    with contextlib.suppress(OSError, AttributeError):  # not every system can
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 15)


def _answer(stage: Stage) -> web.Response:
    text = LookAnswer.of(stage.name, stage.appearance).model_dump_json()
    return web.Response(text=text, content_type="application/json")

"""The stages over HTTP: who is alive, and how each listens."""

import logging
from dataclasses import replace

from aiohttp import web

from kiosk.api import StageAnswer, StageRequest, StagesAnswer, parse
from kiosk.stage import Stage
from kiosk.stages import Stages

logger = logging.getLogger(__name__)


class StageRoutes:
    """Handlers of ``/v1/stages`` and ``/v1/stages/{stage}``."""

    def __init__(self, stages: Stages) -> None:
        """Serve *stages*."""
        self._stages = stages

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Register the paths."""
        router.add_get("/v1/stages", self._list)
        router.add_get("/v1/stages/{stage}", self._get)
        router.add_put("/v1/stages/{stage}", self._put)

    async def _list(self, _request: web.Request) -> web.Response:
        told = StagesAnswer(stages=[describe(stage) for stage in self._stages])
        return web.json_response(text=told.model_dump_json())

    async def _get(self, request: web.Request) -> web.Response:
        (stage,) = self._stages.select(request.match_info["stage"])
        return _answer(stage)

    async def _put(self, request: web.Request) -> web.Response:
        (stage,) = self._stages.select(request.match_info["stage"])
        asked = parse(StageRequest, await request.read())
        wanted = replace(stage.hearing, **asked.model_dump(exclude_none=True))
        if wanted != stage.hearing:
            stage.hearing = wanted
            changed = {"mode": wanted.mode, "barge_in": wanted.barge_in, "attend": wanted.attend}
            stage.events.tell({"type": "stage", "event": "changed", **changed})
            logger.info("stage %s listens anew: %s", stage.name, wanted)
        return _answer(stage)


def describe(stage: Stage) -> StageAnswer:
    """What is told of *stage*."""
    return StageAnswer(
        stage=stage.name,
        avatar=stage.avatar,
        state="speaking" if stage.speaking else "idle",
        viewers=stage.viewer_count,
        queued=stage.queue.waiting_count,
        mode=stage.hearing.mode,
        barge_in=stage.hearing.barge_in,
        attend=stage.hearing.attend,
    )


def _answer(stage: Stage) -> web.Response:
    return web.json_response(text=describe(stage).model_dump_json())

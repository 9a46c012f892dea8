"""The HTTP interface of lip sync: how it stands, the terminals' constants, faults for tests."""

import json
from pathlib import Path

from aiohttp import web
from pydantic import BaseModel

from kiosk.api import ProblemError, parse
from kiosk.api_sync import CalibrationAnswer, CalibrationRequest, InjectAnswer, InjectRequest
from kiosk.inject import FaultError, Faults, Injector
from kiosk.lip_sync import LipSync
from kiosk.stages import Stages
from kiosk.terminals import DEFAULT, TerminalsError


class SyncRoutes:
    """Handlers of what concerns lip sync."""

    def __init__(
        self, stages: Stages, lip_sync: LipSync, injector: Injector | None, pages: Path
    ) -> None:
        """Serve.

        Args:
            stages: those that are open.
            lip_sync: what is known of them.
            injector: makes things wrong; None: nothing can be made wrong.
            pages: folder of the page ``stats.html``.
        """
        self._stages = stages
        self._lip_sync = lip_sync
        self._injector = injector
        self._pages = pages

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Register the paths."""
        router.add_get("/stats", self._stats)
        router.add_get("/v1/sync", self._sync)
        router.add_get("/v1/calibration", self._calibration)
        router.add_post("/v1/calibration", self._calibrate)
        router.add_post("/v1/inject", self._inject)

    async def _stats(self, _request: web.Request) -> web.FileResponse:
        return web.FileResponse(self._pages / "stats.html", headers={"Cache-Control": "no-cache"})

    async def _sync(self, _request: web.Request) -> web.Response:
        return _answer(self._lip_sync.answer(self._stages))

    async def _calibration(self, request: web.Request) -> web.Response:
        terminal = request.query.get("terminal", DEFAULT)
        parse(CalibrationRequest, json.dumps({"terminal": terminal, "offset_ms": 0}).encode())
        return _answer(
            CalibrationAnswer(
                terminal=terminal,
                offset_ms=self._lip_sync.offset_ms(terminal),
                viewers=self._lip_sync.viewers_at(terminal),
            )
        )

    async def _calibrate(self, request: web.Request) -> web.Response:
        asked = parse(CalibrationRequest, await request.read())
        try:
            viewers = self._lip_sync.calibrate(asked.terminal, asked.offset_ms)
        except TerminalsError as error:
            detail, _, remedy = str(error).partition(": ")
            raise ProblemError(500, "not_kept", detail, remedy) from error
        return _answer(
            CalibrationAnswer(terminal=asked.terminal, offset_ms=asked.offset_ms, viewers=viewers)
        )

    async def _inject(self, request: web.Request) -> web.Response:
        asked = parse(InjectRequest, await request.read())
        if self._injector is None:
            raise ProblemError(
                409,
                "no_injection",
                "this server takes no faults",
                "start it with kiosk serve --inject '', on a machine that nobody visits",
            )
        try:
            faults = Faults.parse(asked.faults)
        except FaultError as error:
            raise ProblemError(
                422, "invalid_request", str(error), "put commas between: loss=20%,jitter=50ms"
            ) from None
        await self._injector.change(faults)
        for stage in self._stages:
            stage.broadcast.send({"type": "faults", "faults": str(faults)})
        return _answer(InjectAnswer(faults=str(faults)))


def _answer(model: BaseModel) -> web.Response:
    return web.Response(text=model.model_dump_json(), content_type="application/json")

"""The HTTP interface of lip sync: faults injected for tests."""

from aiohttp import web
from pydantic import BaseModel

from kiosk.api import InjectAnswer, InjectRequest, ProblemError, parse
from kiosk.inject import FaultError, Faults, Injector


class SyncRoutes:
    """Handlers of what concerns lip sync."""

    def __init__(self, injector: Injector | None) -> None:
        """Serve; without *injector* nothing can be made wrong."""
        self._injector = injector

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Register the paths."""
        router.add_post("/v1/inject", self._inject)

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
                422,
                "invalid_request",
                str(error),
                "separate faults by commas: loss=20%,jitter=50ms",
            ) from None
        await self._injector.change(faults)
        return _answer(InjectAnswer(faults=str(faults)))


def _answer(model: BaseModel) -> web.Response:
    return web.Response(text=model.model_dump_json(), content_type="application/json")

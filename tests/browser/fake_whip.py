"""The stand-in server's ears: they hear by the real publisher, and keep what they heard."""

from typing import Any, cast

import numpy as np
from aiohttp import web

from engine.media import FloatArray
from kiosk.listen.publisher import Publisher
from kiosk.stage import Stage


class Ear:
    """One session: what was asked and what was heard."""

    def __init__(self, query: dict[str, str]) -> None:
        self.query = query
        self.closed = False
        self.parts: list[FloatArray] = []
        self.publisher: Publisher | None = None

    def push(self, samples: FloatArray) -> None:
        self.parts.append(samples)

    def close(self) -> None:
        self.closed = True

    @property
    def sound(self) -> FloatArray:
        return np.concatenate([np.zeros(0, np.float32), *self.parts])


class FakeWhip:
    """``/whip``. ``problem`` makes the next offers fail."""

    def __init__(self) -> None:
        self.ears: list[Ear] = []
        self.deleted: list[Ear] = []
        self.problem: dict[str, Any] | None = None
        self.asked_count = 0

    def add_to(self, router: web.UrlDispatcher) -> None:
        router.add_post("/whip", self._post)
        router.add_delete("/whip/{session}", self._delete)

    async def aclose(self) -> None:
        for ear in self.ears:
            assert ear.publisher is not None
            await ear.publisher.aclose()

    async def _post(self, request: web.Request) -> web.Response:
        self.asked_count += 1
        if self.problem:
            return web.json_response(
                self.problem,
                status=self.problem["status"],
                content_type="application/problem+json",
            )
        ear = Ear(dict(request.query))
        publisher = Publisher(cast(Stage, None), self._ended, 15.0)
        ear.publisher, publisher.inlet = publisher, ear
        answer = await publisher.answer(await request.text())
        location = f"/whip/{len(self.ears)}"
        self.ears.append(ear)
        return web.Response(
            status=201,
            text=answer,
            content_type="application/sdp",
            headers={"Location": location},
        )

    async def _ended(self, publisher: Publisher) -> None:
        await publisher.aclose()

    async def _delete(self, request: web.Request) -> web.Response:
        ear = self.ears[int(request.match_info["session"])]
        self.deleted.append(ear)
        assert ear.publisher is not None
        await ear.publisher.aclose()
        return web.Response()

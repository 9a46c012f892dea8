"""The HTTP interface beside WHEP: say, play, interrupt, lists, health, metrics and the page."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from aiohttp import web
from pydantic import BaseModel

from kiosk import __version__, openapi
from kiosk.api import (
    HealthAnswer,
    InterruptAnswer,
    InterruptedStage,
    InterruptRequest,
    PageAnswer,
    ProblemError,
    ReadyAnswer,
    SayAnswer,
    SayRequest,
    TopicAnswer,
    VoiceAnswer,
    VoicesAnswer,
    flag,
    parse,
)
from kiosk.config import PROJECT, Settings
from kiosk.metrics import Metrics
from kiosk.sources import Source
from kiosk.speech.manner import Wish
from kiosk.speech.voice import VoiceInfo
from kiosk.stage import Stage
from kiosk.stages import Stages

MAX_BODY_BYTES: Final = 32 * 1024 * 1024
METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class Speaks(Protocol):
    """What the routes need of the voices."""

    def voices(self) -> tuple[VoiceInfo, ...]:
        """Everyone who can speak here."""
        ...

    def say(self, text: str, voice: str | None, wish: Wish) -> Source:
        """Begin to speak *text*; raises ``ProblemError`` for what cannot be spoken."""
        ...

    async def play(self, data: bytes) -> Source:
        """Open an audio file; raises ``ProblemError`` for what cannot be played."""
        ...


class Routes:
    """Handlers of everything but WHEP."""

    def __init__(
        self, settings: Settings, stages: Stages, speech: Speaks, metrics: Metrics
    ) -> None:
        """Serve *stages* with *speech*."""
        self._settings = settings
        self._stages = stages
        self._speech = speech
        self._metrics = metrics
        self.readiness = ReadyAnswer(status="starting", detail="warming up")

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Register the paths."""
        router.add_get("/", self._index)
        router.add_get("/favicon.ico", self._favicon)
        router.add_static("/static/", static_dir())
        router.add_get("/v1/page", self._page)
        router.add_post("/v1/say", self._say)
        router.add_post("/v1/play", self._play)
        router.add_post("/v1/interrupt", self._interrupt)
        router.add_get("/v1/voices", self._voices)
        router.add_get("/healthz", self._health)
        router.add_get("/readyz", self._ready)
        router.add_get("/metrics", self._exposition)
        router.add_get("/openapi.json", self._openapi)

    async def _say(self, request: web.Request) -> web.Response:
        asked = parse(SayRequest, await request.read())
        stages = self._stages.select(asked.stage)
        source = self._speech.say(asked.text, asked.voice, asked.wish())
        return self._begin(source, stages, asked.stage, asked.interrupt)

    async def _play(self, request: web.Request) -> web.Response:
        name = request.query.get("stage")
        interrupt = flag(request.query, "interrupt", default=True)
        stages = self._stages.select(name)
        source = await self._speech.play(await _audio_body(request))
        return self._begin(source, stages, name, interrupt)

    def _begin(
        self, source: Source, stages: list[Stage], name: str | None, cut: bool
    ) -> web.Response:
        for stage in stages:
            stage.say(source.utterance(), cut)
        return answer(SayAnswer(utterance=source.id, stage=name), status=202)

    async def _interrupt(self, request: web.Request) -> web.Response:
        body = await request.read()
        asked = parse(InterruptRequest, body) if body.strip() else InterruptRequest()
        stages = self._stages.select(asked.stage) if asked.stage else list(self._stages)
        ended = [(stage.name, stage.interrupt()) for stage in stages]
        interrupted = [
            InterruptedStage(
                stage=name,
                utterance=what.utterances[0] if what.utterances else None,
                characters_spoken=what.characters_spoken,
                dropped=list(what.utterances[1:]),
            )
            for name, what in ended
        ]
        names = [name for name, _ in ended]
        return answer(InterruptAnswer(stages=names, interrupted=interrupted))

    async def _voices(self, _request: web.Request) -> web.Response:
        voices = [
            VoiceAnswer(
                name=info.name,
                engine=info.engine,
                languages=list(info.languages),
                gender=info.gender,
                licence=info.licence,
            )
            for info in self._speech.voices()
        ]
        return answer(VoicesAnswer(voices=voices))

    async def _page(self, _request: web.Request) -> web.Response:
        settings = self._settings
        topics = [TopicAnswer(title=topic.title, text=topic.text) for topic in settings.topics]
        return answer(
            PageAnswer(
                title=settings.page.title,
                language=settings.page.language,
                captions=settings.page.captions,
                captions_size=settings.page.captions_size,
                style=settings.speech.style,
                avatar=self._stages.avatar,
                topics=topics,
                version=__version__,
                token_required=bool(settings.server.token),
            )
        )

    async def _health(self, _request: web.Request) -> web.Response:
        return answer(HealthAnswer(version=__version__))

    async def _ready(self, _request: web.Request) -> web.Response:
        return answer(self.readiness, status=200 if self.readiness.status == "ready" else 503)

    async def _exposition(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._metrics.exposition(), headers={"Content-Type": METRICS_TYPE})

    async def _openapi(self, _request: web.Request) -> web.Response:
        return web.Response(text=json.dumps(openapi.document()), content_type="application/json")

    async def _index(self, _request: web.Request) -> web.FileResponse:
        return web.FileResponse(static_dir() / "index.html", headers={"Cache-Control": "no-cache"})

    async def _favicon(self, _request: web.Request) -> web.FileResponse:
        return web.FileResponse(static_dir() / "icon.svg")


def static_dir() -> Path:
    """The page's files: beside the packages in a checkout, inside ``kiosk`` when installed."""
    inside = Path(__file__).parent / "static"
    return inside if inside.is_dir() else PROJECT / "static"


def answer(
    model: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Answer with *model* as JSON."""
    text = model.model_dump_json()
    return web.Response(status=status, text=text, content_type="application/json", headers=headers)


async def _audio_body(request: web.Request) -> bytes:
    if not request.content_type.startswith("multipart/"):
        return await request.read()
    form = await request.post()
    part = form.get("file")
    if isinstance(part, web.FileField):
        return part.file.read()
    raise ProblemError(
        422, "no_file", "the form has no file part called 'file'", "send the audio as 'file'"
    )

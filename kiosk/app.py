"""The server put together: settings in, a running kiosk out."""

import asyncio
import contextlib
import errno
import logging
import signal
import ssl
from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Protocol

from aiohttp import web

from kiosk.admin import Admin
from kiosk.api import ReadyAnswer
from kiosk.avatars import Avatars
from kiosk.baker import bake
from kiosk.barge_in import BargeIn
from kiosk.config import Settings
from kiosk.drafts import Bakes, Drafts, Lends
from kiosk.engine_backend import Networks
from kiosk.events_socket import EventsSocket
from kiosk.guard import Guard
from kiosk.health import feed_watchdog, notify, watchdog_interval_s
from kiosk.inject import Faults, Injector
from kiosk.lip_sync import LipSync
from kiosk.listen.ear import warm_up as warm_up_ear
from kiosk.listen.inlets import Inlets
from kiosk.listen.microphone import Microphone
from kiosk.listen.pcm_socket import PcmSockets
from kiosk.listen.whip import Whip
from kiosk.looks import Dresses, Looks
from kiosk.loopback import offer_loopback_when_alone
from kiosk.metrics import Metrics
from kiosk.routes import MAX_BODY_BYTES, Routes, Speaks, static_dir
from kiosk.speech.desk import LANGUAGES, SpeechDesk
from kiosk.speech.openers import OPENERS
from kiosk.speech.speak_session import Streams
from kiosk.speech.speak_socket import SpeakRoutes
from kiosk.stage import Stage
from kiosk.stage_routes import StageRoutes
from kiosk.stages import Stages
from kiosk.sync_routes import SyncRoutes
from kiosk.terminals import Terminals
from kiosk.whep import Whep

logger = logging.getLogger(__name__)


PREPARE_WAIT_S = 0.5
PREPARING = "the other language and the topics are still being made ready"


class ServeError(Exception):
    """The server cannot start; the message names the remedy."""


class Faces(Dresses, Lends, Protocol):
    """What the server needs of the avatars; see ``avatars.Avatars``."""

    def warm_up(self, name: str, width: int, height: int) -> None:
        """Do what the first viewer should not wait for."""
        ...


class Voicing(Speaks, Streams, Protocol):
    """What the server needs of the voices; see ``speech.desk.SpeechDesk``."""

    def warm_up(self, language: str) -> None:
        """Do what the first listener of *language* should not wait for."""
        ...

    def prepare(self) -> Iterator[str]:
        """Speak beforehand what is known to be asked for, a phrase at each step."""
        ...

    def close(self) -> None:
        """Stop the threads."""
        ...


class Kiosk:
    """One server: its parts, and the HTTP application that joins them."""

    def __init__(
        self,
        settings: Settings,
        avatars: Faces,
        speech: Voicing,
        bakes: Bakes = bake,
        with_slate: bool = False,
        faults: Faults | None = None,
    ) -> None:
        """Put the parts together inside a running event loop; nothing is heavy yet.

        Args:
            settings: everything that can be set.
            avatars: the faces.
            speech: the voices.
            bakes: makes avatars of photos.
            with_slate: whether every stage shows the test pattern.
            faults: what is to be wrong, for tests; None: nothing can be.
        """
        self.settings = settings
        self.metrics = Metrics()
        self.networks = Networks(settings, self.metrics)
        self.stages = Stages(settings, avatars.pipeline, self.metrics, with_slate)
        self.stages.worker.joining = lambda: self.networks.answer
        self.stages.settle = self.networks.wait
        self.injector = None if faults is None else Injector(faults, self.metrics)
        terminals = Terminals(settings.sync.terminals_path)
        self.lip_sync = LipSync(self.metrics, terminals, self.injector)
        self.whep = Whep(settings, self.stages, self.metrics, self.lip_sync, self.injector)
        self.routes = Routes(settings, self.stages, speech, self.metrics)
        self.speak = SpeakRoutes(settings.speech, self.stages, speech)
        self.inlets = Inlets(lambda stage: stage.hearing.mode, self.metrics, self._ear)
        self.whip = Whip(settings, self.stages, self.inlets, self.metrics)
        self.microphone = Microphone(settings.listen, self.stages, self.inlets, self.metrics)
        self.looks = Looks(self.stages, avatars)
        self.drafts = Drafts(avatars, bakes)
        self.admin = Admin(settings.avatar, self.stages, self.looks, avatars, self.drafts)
        self._avatars = avatars
        self._speech = speech
        guard = Guard(settings.server, self.metrics)
        self.app = web.Application(middlewares=[guard.middleware], client_max_size=MAX_BODY_BYTES)
        self.routes.add_to(self.app.router)
        self.speak.add_to(self.app)  # before the events: see there
        self.looks.add_to(self.app.router)
        StageRoutes(self.stages).add_to(self.app.router)
        EventsSocket(self.stages).add_to(self.app)
        PcmSockets(self.stages, self.inlets).add_to(self.app)
        self.admin.add_to(self.app.router)
        self.whep.add_routes(self.app.router)
        self.whip.add_routes(self.app.router)
        sync_routes = SyncRoutes(self.stages, self.lip_sync, self.injector, static_dir())
        sync_routes.add_to(self.app.router)
        self.app.cleanup_ctx.append(self._live)

    def _ear(self, stage: Stage) -> BargeIn:
        return BargeIn(stage, self.stages.hub, self.settings.listen)

    async def _live(self, _app: web.Application) -> AsyncIterator[None]:
        self.networks.mend()
        tasks = [asyncio.create_task(self._warm_up(), name="warm-up")]
        if interval_s := watchdog_interval_s():
            tasks.append(asyncio.create_task(feed_watchdog(self.stages, interval_s)))
        if self.settings.listen.microphone:
            tasks.append(asyncio.create_task(self.microphone.run(), name="microphone"))
        if self.injector is not None:
            await self.injector.start()
        yield
        notify("STOPPING=1")
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.drafts.aclose()
        if self.injector is not None:
            await self.injector.aclose()
        await self.whip.aclose()
        await self.whep.aclose()
        self.looks.close()
        await self.stages.aclose()
        await asyncio.to_thread(self.networks.close)
        await asyncio.to_thread(self._speech.close)

    async def _warm_up(self) -> None:
        """Be ready once the face and the page's language are; the other language follows."""
        name, (width, height) = self.settings.avatar.name, self.stages.sized("square").size
        languages = sorted(LANGUAGES, key=lambda code: code != self.settings.page.language)
        try:
            draw = partial(self._avatars.warm_up, name, width, height)
            await self.stages.worker.run(0.0, draw)
            await asyncio.to_thread(self._speech.warm_up, languages[0])
        except Exception as error:
            logger.error("not ready: %s", error)
            self.routes.readiness = ReadyAnswer(status="failing", detail=str(error))
            # Started all the same: a face without a voice beats a service that restarts for ever.
            notify(f"READY=1\nSTATUS=not ready: {error}")
            return
        self.routes.readiness = ReadyAnswer(status="ready", detail=PREPARING)
        notify("READY=1")
        logger.info("ready")
        await asyncio.to_thread(warm_up_ear, self.settings.listen)
        for language in languages[1:]:
            await asyncio.to_thread(self._speech.warm_up, language)
        await self._measure()
        await self._prepare()

    async def _measure(self) -> None:
        """Find out how many stages fit; until then, and if it fails, the set limit alone counts."""
        try:
            await self.stages.measure()
        except Exception as error:
            logger.warning("it is not known how many stages fit: %s", error)

    async def _prepare(self) -> None:
        """Make the topics' beginnings ready while nobody speaks; visitors come first."""
        steps = self._speech.prepare()
        try:
            while await asyncio.to_thread(next, steps, None) is not None:
                await self._until_quiet()
        except Exception as error:
            # A topic that cannot be spoken beforehand says so again when it is touched.
            logger.warning("the topics were not all made ready: %s", error)
        self.routes.readiness = ReadyAnswer(status="ready")

    async def _until_quiet(self) -> None:
        """Return when no stage speaks; nothing depends on the very moment."""
        for _ in iter(lambda: any(stage.speaking for stage in self.stages), False):
            await asyncio.sleep(PREPARE_WAIT_S)


@contextlib.asynccontextmanager
async def listening(kiosk: Kiosk) -> AsyncIterator[Kiosk]:
    """Listen for as long as the context lasts.

    Raises:
        ServeError: the address is taken or may not be used, or TLS cannot be set up.
    """
    settings = kiosk.settings
    runner = web.AppRunner(kiosk.app, access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    server = settings.server
    try:
        site = web.TCPSite(runner, server.host, server.port, ssl_context=_tls(settings))
        try:
            await site.start()
        except OSError as error:
            raise _cannot_listen(settings, error) from error
        yield kiosk
    finally:
        await runner.cleanup()


async def serve(settings: Settings, with_slate: bool = False, faults: Faults | None = None) -> None:
    """Serve until the process is told to stop (SIGINT, SIGTERM).

    Args:
        settings: everything that can be set.
        with_slate: whether every stage shows the test pattern.
        faults: what is to be wrong, for tests.

    Raises:
        ServeError: the server cannot start.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    offer_loopback_when_alone()
    known = settings.topics if settings.speech.prepare_topics else ()
    openers = OPENERS if settings.speech.prepare_topics else ()
    texts = [*(topic.text for topic in known), *openers]
    speech = SpeechDesk(settings.speech, texts, settings.remote_voices)
    kiosk = Kiosk(
        settings,
        Avatars(settings.avatar, settings.look.look()),
        speech,
        with_slate=with_slate,
        faults=faults,
    )
    kiosk.metrics.watch_remote_voices(speech.remote_phrases)
    async with listening(kiosk):
        await stop.wait()
        logger.info("stopping")


def _tls(settings: Settings) -> ssl.SSLContext | None:
    server = settings.server
    if not server.tls:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(server.tls_certificate, server.tls_key)
    except (OSError, ssl.SSLError) as error:
        raise ServeError(
            f"the TLS certificate cannot be used ({error}): give a PEM chain and its unencrypted "
            "key as server.tls_certificate and server.tls_key"
        ) from error
    return context


def _cannot_listen(settings: Settings, error: OSError) -> ServeError:
    server = settings.server
    where = f"{server.host}:{server.port}"
    if error.errno == errno.EADDRINUSE:
        return ServeError(
            f"{where} is in use by another program: stop it, or choose another port with "
            "--port or server.port"
        )
    if error.errno == errno.EACCES:
        return ServeError(f"{where} may not be used without root: choose a port of 1024 or above")
    return ServeError(f"cannot listen on {where} ({error.strerror}): check server.host")

"""The server put together: settings in, a running kiosk out."""

import asyncio
import contextlib
import errno
import logging
import signal
import ssl
from collections.abc import AsyncIterator
from functools import partial

from aiohttp import web

from engine.portrait.rig import RigError
from kiosk.api import ProblemError, ReadyAnswer
from kiosk.avatars import Avatars
from kiosk.config import Settings
from kiosk.guard import Guard
from kiosk.health import feed_watchdog, notify, watchdog_interval_s
from kiosk.metrics import Metrics
from kiosk.routes import MAX_BODY_BYTES, Routes
from kiosk.sources import Speech
from kiosk.stages import Stages
from kiosk.whep import Whep

logger = logging.getLogger(__name__)


class ServeError(Exception):
    """The server cannot start; the message names the remedy."""


class Kiosk:
    """One server: its parts, and the HTTP application that joins them."""

    def __init__(self, settings: Settings) -> None:
        """Put the parts together inside a running event loop; nothing is heavy yet."""
        self.settings = settings
        self.metrics = Metrics()
        self.avatars = Avatars(settings.avatar)
        self.stages = Stages(settings, self._make_pipeline, self.metrics)
        self.speech = Speech(settings.speech)
        self.whep = Whep(settings, self.stages, self.metrics)
        self.routes = Routes(settings, self.stages, self.speech, self.metrics)
        guard = Guard(settings.server, self.metrics)
        self.app = web.Application(middlewares=[guard.middleware], client_max_size=MAX_BODY_BYTES)
        self.routes.add_to(self.app.router)
        self.whep.add_routes(self.app.router)
        self.app.cleanup_ctx.append(self._live)

    def _make_pipeline(self, avatar: str, width: int, height: int):  # type: ignore[no-untyped-def]
        try:
            return self.avatars.pipeline(avatar, width, height)
        except RigError as error:
            raise ProblemError(404, "unknown_avatar", str(error), "see the avatars named") from error

    async def _live(self, _app: web.Application) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self._warm_up(), name="warm-up")]
        if interval_s := watchdog_interval_s():
            tasks.append(asyncio.create_task(feed_watchdog(self.stages, interval_s)))
        yield
        notify("STOPPING=1")
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.whep.aclose()
        await self.stages.aclose()
        await asyncio.to_thread(self.speech.close)

    async def _warm_up(self) -> None:
        """Do what the first visitor should not wait for."""
        video, name = self.settings.video, self.settings.avatar.name
        try:
            draw = partial(self.avatars.warm_up, name, video.width, video.height)
            await self.stages.worker.run(0.0, draw)
            await asyncio.to_thread(self.speech.warm_up)
        except Exception as error:
            logger.error("not ready: %s", error)
            self.routes.readiness = ReadyAnswer(status="failing", detail=str(error))
            return
        self.routes.readiness = ReadyAnswer(status="ready")
        notify("READY=1")
        logger.info("ready")


@contextlib.asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Kiosk]:
    """A server that listens for as long as the context lasts.

    Raises:
        ServeError: the address is taken or may not be used, or TLS cannot be set up.
    """
    kiosk = Kiosk(settings)
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


async def serve(settings: Settings) -> None:
    """Serve until the process is told to stop (SIGINT, SIGTERM).

    Raises:
        ServeError: the server cannot start.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with running(settings):
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

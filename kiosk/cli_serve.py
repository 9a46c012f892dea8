"""The command that starts the kiosk."""

import asyncio
import errno
import logging
import os
from typing import Annotated

import typer

from kiosk import __version__
from kiosk.appearance import check_live
from kiosk.cli_options import (
    Background,
    Config,
    MarkFont,
    MarkPosition,
    MarkText,
    Preset,
    ShowMark,
    Steps,
    UsageError,
    look_overrides,
)
from kiosk.config import Settings, load

logger = logging.getLogger(__name__)


def serve(
    config: Config = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="TCP port.")] = None,
    token: Annotated[str | None, typer.Option(help="Bearer token callers must send.")] = None,
    tls_certificate: Annotated[str | None, typer.Option(help="PEM file.")] = None,
    tls_key: Annotated[str | None, typer.Option(help="PEM file.")] = None,
    title: Annotated[str | None, typer.Option(help="Heading of the page.")] = None,
    language: Annotated[str | None, typer.Option(help="Language of the page: en or zh.")] = None,
    fps: Annotated[int | None, typer.Option(help="Pictures per second: 20 or 25.")] = None,
    bitrate_kbps: Annotated[int | None, typer.Option(help="Video bitrate per viewer.")] = None,
    voice_en: Annotated[str | None, typer.Option(help="Voice for English.")] = None,
    voice_zh: Annotated[str | None, typer.Option(help="Voice for Mandarin.")] = None,
    rate: Annotated[float | None, typer.Option(help="Speaking rate, 0.5 to 2.")] = None,
    style: Annotated[str | None, typer.Option(help="Manner of speaking: plain or gentle.")] = None,
    avatar: Annotated[str | None, typer.Option(help="Persona to show.")] = None,
    dynamic_scale: Annotated[float | None, typer.Option(help="Mouth motion, 1 to 1.2.")] = None,
    motion_scale: Annotated[float | None, typer.Option(help="Head motion, 1 to 1.1.")] = None,
    preset: Preset = None,
    inference_steps: Steps = None,
    background: Background = None,
    mark: ShowMark = None,
    mark_text: MarkText = None,
    mark_position: MarkPosition = None,
    mark_font: MarkFont = None,
    slate: Annotated[
        bool, typer.Option("--slate", help="Lay a test pattern of flashes and beeps over all.")
    ] = False,
    inject: Annotated[
        str | None,
        typer.Option("--inject", help="Faults, for tests: video-delay=150ms,loss=20% ..."),
    ] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning, error.")] = None,
) -> None:
    """Start the kiosk; ends on Ctrl-C."""
    overrides = {
        "server.host": host,
        "server.port": port,
        "server.token": token,
        "server.tls_certificate": tls_certificate,
        "server.tls_key": tls_key,
        "page.title": title,
        "page.language": language,
        "video.frame_rate_hz": fps,
        "video.bitrate_kbps": bitrate_kbps,
        "speech.voice_en": voice_en,
        "speech.voice_zh": voice_zh,
        "speech.rate": rate,
        "speech.style": style,
        "avatar.name": avatar,
        "avatar.dynamic_scale": dynamic_scale,
        "avatar.motion_scale": motion_scale,
        **look_overrides(
            preset, inference_steps, background, mark, mark_text, mark_position, mark_font
        ),
        "log.level": log_level,
    }
    settings = load(config, overrides)
    _refuse_unknown_avatar(settings)
    look = settings.look.look()
    check_live(look)
    _refuse_taken_port(settings)
    from kiosk.app import serve as serve_settings
    from kiosk.engine_backend import log_standing
    from kiosk.inject import Faults

    faults = None if inject is None else Faults.parse(inject)

    _log(settings)
    log_standing(settings)
    if not look.mark.on:
        logger.warning("look.mark is off: tell viewers in another way that this is synthetic")
    if look.steps_reason:
        logger.warning("inference_steps: %d asked, none run: %s", look.steps, look.steps_reason)
    typer.echo(f"sonic-kiosk {__version__}: {settings.server.url} (Ctrl-C ends it)")
    try:
        asyncio.run(serve_settings(settings, slate, faults))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            _refuse_taken_port(settings, "address already in use")
        raise


def _log(settings: Settings) -> None:
    """To standard error; systemd's journal brings the time itself."""
    time = "" if "JOURNAL_STREAM" in os.environ else "%(asctime)s "
    logging.basicConfig(
        level=settings.log.level.upper(), format=f"{time}%(levelname)s %(name)s: %(message)s"
    )
    for chatty in ("aioice", "aiortc", "asyncio"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLogger().level))


def _refuse_taken_port(settings: Settings, reason: str = "") -> None:
    from kiosk.doctor import port_taken

    server = settings.server
    if reason := reason or port_taken(server.host, server.port):
        raise UsageError(
            f"port {server.port} on {server.host}: {reason}: end what listens there "
            f"(ss -ltnp 'sport = :{server.port}' shows it), or choose another with --port"
        )


def _refuse_unknown_avatar(settings: Settings) -> None:
    """A kiosk that can show nobody must not start."""
    from engine import personas

    personas.path(settings.avatar.name, settings.avatar.path)

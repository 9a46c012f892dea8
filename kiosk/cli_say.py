"""The commands that have a running kiosk speak."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from kiosk.api import SayAnswer, SayRequest
from kiosk.cli_options import (
    Config,
    Json,
    Loudness,
    Pause,
    Pitch,
    PitchRange,
    Queue,
    Rate,
    Stage,
    Style,
    Token,
    Url,
    UsageError,
)
from kiosk.client import Client
from kiosk.config import load


def say(
    text: Annotated[str, typer.Argument(help="What to say; '-' reads standard input.")],
    voice: Annotated[str | None, typer.Option(help="See them all: kiosk voices.")] = None,
    style: Style = None,
    rate: Rate = None,
    pitch_semitones: Pitch = None,
    pitch_range: PitchRange = None,
    pause: Pause = None,
    loudness_db: Loudness = None,
    stage: Stage = None,
    queue: Queue = False,
    url: Url = None,
    token: Token = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Have a running kiosk speak TEXT."""
    spoken = sys.stdin.read() if text == "-" else text
    try:
        request = SayRequest(
            text=spoken,
            voice=voice,
            stage=stage,
            interrupt=not queue,
            style=style,  # type: ignore[arg-type]  # checked here
            rate=rate,
            pitch_semitones=pitch_semitones,
            pitch_range=pitch_range,
            pause=pause,
            loudness_db=loudness_db,
        )
    except ValueError:
        raise UsageError(
            "--voice and --stage are names of letters, digits, '_', '-' and '.', --style is plain "
            "or gentle: correct them"
        ) from None
    _tell(_client(url, token, config).say(request), as_json)


def play(
    file: Annotated[Path, typer.Argument(help="WAV, MP3, OGG, FLAC ...")],
    stage: Stage = None,
    queue: Queue = False,
    url: Url = None,
    token: Token = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Have a running kiosk speak a sound FILE."""
    _tell(_client(url, token, config).play(file, stage, not queue), as_json)


def _client(url: str | None, token: str | None, config: Path | None) -> Client:
    server = load(config).server
    return Client(url or server.url, server.token if token is None else token)


def _tell(answer: SayAnswer, as_json: bool) -> None:
    where = f" on {answer.stage}" if answer.stage else ""
    typer.echo(answer.model_dump_json() if as_json else f"speaking{where}: {answer.utterance}")

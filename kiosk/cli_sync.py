"""The commands ``kiosk bench sync`` and ``kiosk calibrate``."""

import asyncio
import json
import re
from typing import Annotated, Final

import typer

from kiosk.api import NAME_PATTERN
from kiosk.api_sync import CalibrationAnswer
from kiosk.cli_options import Config, Json, Token, Url, UsageError
from kiosk.client import Client
from kiosk.config import load
from kiosk.terminals import DEFAULT, MAX_MS

STEPS_MS: Final = {"e": -10.0, "l": 10.0, "ee": -40.0, "ll": 40.0, "e1": -2.0, "l1": 2.0}
"""What is typed, and what it adds: the flash comes too early (e) or too late (l)."""

GUIDE: Final = """Open this address on the terminal and stand where visitors stand:

  {url}/?slate=1&terminal={terminal}

Each second the square in the upper left corner flashes and a beep sounds. Say what you see:

  l   the flash comes too late: after the beep        (ll: far too late)
  e   the flash comes too early: before the beep      (ee: far too early)
  l1, e1   the same, but barely
  k   they meet: keep it          q   leave it as it was

After each answer wait three seconds, until the picture has been moved.
"""


def bench_sync(
    seconds: Annotated[int, typer.Option(help="Of each of the long runs.")] = 600,
    scenarios: Annotated[
        str | None,
        typer.Option("--scenarios", help="Some of them, a,b,c.", show_default="all"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure lips against sound, with a test pattern, in a headless browser."""
    from kiosk.bench import sync

    chosen = scenarios.split(",") if scenarios else sync.SCENARIOS
    report = asyncio.run(sync.run(seconds, chosen, lambda line: typer.echo(line, err=True)))
    if as_json:
        typer.echo(json.dumps(report, indent=2))
        return
    for name, value in report.items():
        typer.echo(f"{name:<24}{'not measured' if value is None else f'{value:.1f}'}")


def calibrate(
    terminal: Annotated[
        str, typer.Option("--terminal", help="Its name, as in ?terminal=NAME.")
    ] = DEFAULT,
    offset_ms: Annotated[
        float | None,
        typer.Option("--offset-ms", help="Set it, instead of finding it by eye and ear."),
    ] = None,
    url: Url = None,
    token: Token = None,
    config: Config = None,
) -> None:
    """Find what a terminal's display and amplifier add, by a flash and a beep."""
    if not re.fullmatch(NAME_PATTERN, terminal):
        raise UsageError(
            f"--terminal {terminal!r}: give up to 64 letters, digits, '.', '_' and '-', first a "
            "letter or a digit"
        )
    server = load(config).server
    client = Client(url or server.url, server.token if token is None else token)
    before = client.calibration(terminal)
    if offset_ms is not None:
        if abs(offset_ms) > MAX_MS:
            raise UsageError(f"--offset-ms {offset_ms}: give -{MAX_MS:.0f} to {MAX_MS:.0f}")
        _tell(client.calibrate(terminal, offset_ms))
        return
    typer.echo(GUIDE.format(url=client.url, terminal=terminal))
    if not before.viewers:
        typer.echo(f"Nobody watches with ?terminal={terminal} yet.\n")
    kept = before.offset_ms
    try:
        kept = _adjust(client, before)
    finally:
        _tell(client.calibrate(terminal, kept))


def _adjust(client: Client, before: CalibrationAnswer) -> float:
    """Ask until flash and beep meet; returns what is to be kept."""
    offset_ms = before.offset_ms
    while True:
        answer = typer.prompt(f"{offset_ms:+.0f} ms", default="k", show_default=False).strip()
        if answer == "k":
            return offset_ms
        if answer == "q":
            return before.offset_ms
        if answer not in STEPS_MS:
            typer.echo("type l, e, ll, ee, l1, e1, k or q")
            continue
        offset_ms = max(-MAX_MS, min(MAX_MS, offset_ms + STEPS_MS[answer]))
        if not client.calibrate(before.terminal, offset_ms).viewers:
            typer.echo(f"nobody watches with ?terminal={before.terminal}: open the address above")


def _tell(kept: CalibrationAnswer) -> None:
    typer.echo(f"{kept.terminal}: {kept.offset_ms:+.0f} ms, kept")

"""The commands ``kiosk microphones`` and ``kiosk bench ears``."""

import asyncio
import contextlib
import json
from dataclasses import asdict
from typing import Annotated

import typer

from kiosk.cli_options import Config, Json
from kiosk.config import load


def microphones(config: Config = None, as_json: Json = False) -> None:
    """List the microphones of this machine; * is the one that is listened to."""
    from kiosk.listen import devices

    wanted = load(config).listen.microphone
    there = devices.microphones(devices.sound_module())
    if as_json:
        typer.echo(json.dumps([asdict(device) for device in there], ensure_ascii=False, indent=2))
        return
    if not there:
        raise devices.DeviceError("this machine has no microphone", "plug one in")
    chosen = None
    with contextlib.suppress(devices.DeviceError):
        chosen = devices.choose(there, wanted) if wanted else None
    for device in there:
        mark = "*" if device == chosen else " "
        usual = ", the default" if device.default else ""
        typer.echo(f"{mark}{device.index:>3}  {device.name}, {device.rate_hz} Hz{usual}")


def bench_ears(
    scenarios: Annotated[
        str | None,
        typer.Option("--scenarios", help="Some of them, a,b,c.", show_default="all"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure live speech, interruptions and ears, in a headless browser."""
    from kiosk.bench import ears

    chosen = scenarios.split(",") if scenarios else ears.SCENARIOS
    report = asyncio.run(ears.run(chosen, lambda line: typer.echo(line, err=True)))
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
        return
    for name, value in report.items():
        if name != "vad_table":
            typer.echo(f"{name:<28}{ears.shown(value)}")
    for row in report["vad_table"] or ():
        typer.echo("  ".join(f"{key} {ears.shown(value)}" for key, value in row.items()))

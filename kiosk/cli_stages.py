"""The command ``kiosk bench stages``."""

import asyncio
import json
from typing import Annotated

import typer

from kiosk.cli_options import Config, Json, Preset
from kiosk.config import load


def bench_stages(
    seconds: Annotated[int, typer.Option(min=2, help="For which each number is watched.")] = 20,
    preset: Preset = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Find how many speaking avatars this machine draws at the full rate, without a browser."""
    from kiosk.bench import stages

    settings = load(config, {"look.preset": preset})
    report = asyncio.run(stages.run(settings, seconds, lambda line: typer.echo(line, err=True)))
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(stages.table(report)))

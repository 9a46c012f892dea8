"""The command ``kiosk bench refiner``."""

import json
from pathlib import Path
from typing import Annotated

import typer

from kiosk.cli_options import Json, UsageError


def bench_refiner(
    folder: Annotated[
        Path | None,
        typer.Option(
            "--portraits", help="All the photos; the held-out ones judge.",
            show_default="no pictures are judged",
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many portraits at most.")] = 20,
    sheet: Annotated[
        Path | None,
        typer.Option(help="Draw mouths there, beside the truth.", show_default="none is drawn"),
    ] = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Judge the refiner against rendered truth; time and count it."""
    try:
        from kiosk.bench import refiner
    except ModuleNotFoundError as error:
        raise UsageError(
            f"{error.name} is not installed: .venv/bin/pip install -e '.[train]'"
        ) from None
    report = refiner.run(folder, limit, sheet, lambda line: typer.echo(line, err=True))
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(refiner.table(report)))
    if report["failures"]:
        raise typer.Exit(1)

"""What several commands of the command line share."""

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[
    Path | None,
    typer.Option("--config", help="Configuration file.", show_default="kiosk.toml, if there"),
]
Json = Annotated[bool, typer.Option("--json", help="For a program to read.")]
Url = Annotated[
    str | None, typer.Option("--url", help="Address of the kiosk.", show_default="as configured")
]
Token = Annotated[
    str | None, typer.Option("--token", help="Bearer token.", show_default="as configured")
]
Stage = Annotated[
    str | None, typer.Option("--stage", help="Which avatar speaks.", show_default="all of them")
]
Queue = Annotated[bool, typer.Option("--queue", help="After what is being said, not instead.")]


class UsageError(Exception):
    """What was asked cannot be done; the message names the remedy."""

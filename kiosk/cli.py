"""The command line: ``kiosk``, also ``python -m kiosk``.

Exit codes: 0 done; 1 a check failed, or something that should not happen; 2 what was asked cannot
be done, with the remedy; 130 stopped by the keyboard.
"""

import asyncio
import json
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from kiosk import (
    __version__,
    cli_listen,
    cli_offline,
    cli_refiner,
    cli_say,
    cli_serve,
    cli_stages,
    cli_sync,
)
from kiosk.cli_options import Config, Json, UsageError
from kiosk.cli_plan import plan_app
from kiosk.cli_portrait import portrait_app
from kiosk.config import ConfigError, Settings, load

DEBUG_FLAG: Final = "--debug"
_OUR_ROOMS: Final = ("engine", "kiosk")

app = typer.Typer(
    name="kiosk",
    help="A talking portrait in the browser: speech in, one photo speaks it, offline.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
voices_app = typer.Typer(help="The voices of this machine.", invoke_without_command=True)
bench_app = typer.Typer(help="Measurements.", no_args_is_help=True)
app.add_typer(voices_app, name="voices")
app.add_typer(portrait_app, name="portrait")
app.add_typer(plan_app, name="plan")
app.add_typer(bench_app, name="bench")


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"sonic-kiosk {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    debug: Annotated[bool, typer.Option(DEBUG_FLAG, help="Show tracebacks of errors.")] = False,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    pass


app.command()(cli_serve.serve)


app.command()(cli_say.say)
app.command()(cli_say.play)
app.command()(cli_offline.render)
app.command()(cli_offline.motion)
app.command()(cli_sync.calibrate)
app.command()(cli_listen.microphones)
bench_app.command("sync")(cli_sync.bench_sync)
bench_app.command("ears")(cli_listen.bench_ears)
bench_app.command("stages")(cli_stages.bench_stages)
bench_app.command("refiner")(cli_refiner.bench_refiner)


@app.command()
def doctor(config: Config = None, as_json: Json = False) -> None:
    """Check this machine; exit code 1 if a check fails."""
    from kiosk.doctor import examine

    settings: Settings | ConfigError
    try:
        settings = load(config)
    except ConfigError as error:
        settings = error
    checks = []
    for check in examine(settings):
        checks.append(check)
        if not as_json:
            remedy = f" → {check.remedy}" if check.remedy else ""
            typer.echo(f"{check.state:<5}{check.name:<14}{check.detail}{remedy}")
    failed = any(check.state == "fail" for check in checks)
    if as_json:
        _print_json({"ok": not failed, "checks": [check.to_json() for check in checks]})
    if failed:
        raise typer.Exit(1)


@voices_app.callback()
def voices(context: typer.Context, config: Config = None, as_json: Json = False) -> None:
    """List the voices of this machine."""
    if context.invoked_subcommand:
        return
    from kiosk.speech.registry import Voices
    from kiosk.speech.remote_voices import RemoteVoices

    settings = load(config)
    everyone = Voices(settings.speech.voices_path)
    RemoteVoices(settings.remote_voices, everyone).find()
    found = everyone.list()
    if as_json:
        _print_json([{k: getattr(v, k) for k in v.__dataclass_fields__} for v in found])
        return
    if not found:
        folder = settings.speech.voices_path
        raise UsageError(f"no voices in {folder}: fetch them with kiosk voices fetch")
    for voice in found:
        languages = ", ".join(voice.languages)
        typer.echo(
            f"{voice.name:<16}{languages:<8}{voice.gender:<9}{voice.engine:<9}{voice.licence}"
        )


@voices_app.command("fetch")
def voices_fetch(config: Config = None) -> None:
    """Set the voices up; uses the network."""
    from kiosk.speech.assets import fetch

    fetch(load(config).speech.voices_path, typer.echo)


@bench_app.command("live")
def bench_live(
    seconds: Annotated[int, typer.Option(help="How long she speaks.")] = 60,
    url: Annotated[
        str | None, typer.Option("--url", help="A running kiosk.", show_default="one of its own")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure the whole way, in a headless browser on this machine."""
    from kiosk.bench.live import run

    report = asyncio.run(run(seconds, url, lambda line: typer.echo(line, err=True))).as_dict()
    if as_json:
        _print_json(report)
        return
    for name, value in report.items():
        typer.echo(f"{name:<20}{'not measured' if value is None else value}")


@bench_app.command("motion")
def bench_motion(
    lips: Annotated[
        Path | None, typer.Option("--lips", help="Landmarks and sound of real speakers, NPZ.")
    ] = None,
    headaudio: Annotated[
        Path | None,
        typer.Option("--headaudio", help="The unpacked npm package.", show_default="fetched"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Judge the motion network on speech that it was never trained on."""
    try:
        from kiosk.bench import motion
    except ModuleNotFoundError as error:
        raise UsageError(
            f"{error.name} is not installed: .venv/bin/pip install -e '.[train,piper]'"
        ) from None
    report = motion.run(lips, headaudio, lambda line: typer.echo(line, err=True))
    if as_json:
        _print_json(report)
        return
    for line in motion.table(report):
        typer.echo(line)


@bench_app.command("synthesis")
def bench_synthesis(
    folder: Annotated[Path, typer.Option("--portraits", help="A folder of photos.")],
    limit: Annotated[
        int | None, typer.Option(min=1, help="How many of them at most.", show_default="all")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make every photo of a folder speak, and judge the pictures."""
    from kiosk.bench import synthesis

    report = synthesis.run(folder, limit, lambda line: typer.echo(line, err=True))
    if as_json:
        _print_json(report)
    else:
        typer.echo("\n".join(synthesis.table(report)))
    if report["failed"]:
        raise typer.Exit(1)


@bench_app.callback()
def _bench() -> None:
    """Measurements."""


def _print_json(value: object) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command line and exit; errors are one line with the remedy."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = DEBUG_FLAG in given
    if debug:  # wherever it stands, for a line that is recalled and added to
        given.remove(DEBUG_FLAG)
    try:
        app(given, prog_name="kiosk")
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if debug:
            traceback.print_exc()
        sys.exit(_explain(error))
    sys.exit(0)


def _explain(error: Exception) -> int:
    """Print one line on *error*; the exit code."""
    if type(error).__module__.split(".")[0] in _OUR_ROOMS:
        typer.echo(f"kiosk: {error}", err=True)
        return 2
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        reason = error.strerror or str(error)
        typer.echo(f"kiosk: {where}{reason}: {DEBUG_FLAG} shows where", err=True)
        return 2
    what = f"{type(error).__name__}: {error}".splitlines()[0]
    typer.echo(f"kiosk: unexpected: {what}: run it again with {DEBUG_FLAG} and report it", err=True)
    return 1

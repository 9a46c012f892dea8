"""The commands ``kiosk portrait add``, ``list``, ``remove`` and ``fetch``."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiosk.cli_options import Config, Json, UsageError
from kiosk.config import FLAGS, Settings, load

if TYPE_CHECKING:
    from engine.portrait.checks import Finding
    from engine.portrait.photo import PhotoError

portrait_app = typer.Typer(
    help="The avatars of this machine: photos made to speak.", no_args_is_help=True
)


@portrait_app.command()
def add(
    photo: Annotated[Path, typer.Argument(help="JPEG, PNG or WebP of one person, seen frontally.")],
    name: Annotated[str, typer.Option("--name", help="What to call the avatar.")],
    force: Annotated[
        bool, typer.Option("--force", help="Go on where a check fails, if that is possible.")
    ] = False,
    landmarks: Annotated[
        Path | None,
        typer.Option("--landmarks", help="Corrected landmarks.csv.", show_default="found anew"),
    ] = None,
    expand_ratio: Annotated[
        float | None,
        typer.Option("--expand-ratio", help="Room about head and shoulders, 0.15 to 0.2."),
    ] = None,
    min_resolution: Annotated[
        int | None,
        typer.Option("--min-resolution", help="Pixels they must have, 512 to 1024."),
    ] = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Make an avatar of PHOTO: check it, crop it, bake it. Takes some seconds."""
    overrides = {"avatar.expand_ratio": expand_ratio, "avatar.min_resolution": min_resolution}
    settings = load(config, overrides)
    from kiosk import portraits

    folder = settings.avatar.path
    portraits.check_name(name, folder)
    from engine.portrait.checks import RefusedError
    from engine.portrait.photo import PhotoError

    try:
        findings = _make(photo, name, settings, force, landmarks)
    except (RefusedError, PhotoError) as error:
        if not as_json:
            raise
        against = error.findings if isinstance(error, RefusedError) else (error,)
        forcible = isinstance(error, RefusedError) and error.forcible
        _print({"name": name, "refused": _told(against), "forcible": forcible})
        raise typer.Exit(2) from None
    path = folder / name
    if as_json:
        _print({"name": name, "path": str(path), "warnings": _told(findings)})
        return
    for finding in findings:
        typer.echo(f"warning: {finding.code}: {finding}", err=True)
    typer.echo(f"{name}: {path}: look at {portraits.SHEET_NAME} there, then show it with:")
    typer.echo(f"  kiosk serve {FLAGS['avatar.name']} {name}")


def _told(against: Sequence["Finding | PhotoError"]) -> list[dict[str, str]]:
    return [{"code": each.code, "reason": each.reason, "remedy": each.remedy} for each in against]


def _print(value: object) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def _make(
    photo: Path, name: str, settings: Settings, force: bool, landmarks: Path | None
) -> tuple["Finding", ...]:
    from engine.portrait.onboard import Onboarding, Wishes, read_landmarks
    from kiosk import portraits
    from kiosk.models import segmenter_if_any

    avatar = settings.avatar
    given = read_landmarks(landmarks) if landmarks is not None else None
    wishes = Wishes(avatar.expand_ratio, avatar.min_resolution, force)
    onboarding = Onboarding(segmenter_if_any(lambda line: typer.echo(line, err=True)))
    candidate = onboarding.examine(photo, wishes, given)
    rig, sheet = onboarding.bake(candidate, name)
    portraits.keep(avatar.path, name, portraits.encoded(rig, candidate, sheet))
    return candidate.findings


@portrait_app.command("list")
def list_them(config: Config = None, as_json: Json = False) -> None:
    """List the avatars: those that ship, and those that were added."""
    from kiosk import portraits

    found = portraits.listing(load(config).avatar.path)
    if as_json:
        rows = [{"name": a.name, "ships": a.ships, "path": str(a.path)} for a in found]
        _print(rows)
        return
    for avatar in found:
        typer.echo(f"{avatar.name:<16}{'ships' if avatar.ships else 'added':<8}{avatar.path}")


@portrait_app.command()
def remove(
    name: Annotated[str, typer.Argument(help="An avatar that was added.")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Remove an avatar; where it is speaking it finishes, and cannot be asked for again."""
    from kiosk import portraits

    avatar = load(config).avatar
    if name == avatar.name:
        raise UsageError(f"{name} is the avatar the kiosk shows: set another avatar.name first")
    portraits.remove(avatar.path, name)
    if as_json:
        _print({"name": name, "removed": True})
    else:
        typer.echo(f"{name} is removed")


@portrait_app.command()
def fetch() -> None:
    """Fetch the model that cuts people out of their photos; uses the network."""
    from kiosk import models

    models.fetch(models.default_models_dir(), typer.echo)

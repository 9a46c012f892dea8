"""The commands that need no server: ``kiosk render`` and ``kiosk motion``."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from engine.media import FloatArray
from engine.synthesis.look import Look
from kiosk.cli_options import (
    Background,
    Config,
    Json,
    MarkFont,
    MarkPosition,
    MarkText,
    Preset,
    ShowMark,
    Steps,
    Style,
    UsageError,
    look_overrides,
)
from kiosk.config import Settings, load
from kiosk.config_sources import ConfigError

if TYPE_CHECKING:
    from kiosk.render import Progress, Rendered

Say = Annotated[str | None, typer.Option("--say", help="Text to speak, instead of a sound file.")]
Fps = Annotated[
    int | None,
    typer.Option("--fps", help="Pictures per second: 20 or 25.", show_default="as configured"),
]
Files = Annotated[list[Path], typer.Argument(metavar="[AUDIO] OUT", show_default=False)]

_SIZES: Final = "square, portrait or WIDTHxHEIGHT"


def render(
    avatar: Annotated[str, typer.Argument(help="A persona's name, or a rig file.")],
    files: Files,
    text: Say = None,
    size: Annotated[str, typer.Option(help=f"{_SIZES}.")] = "square",
    fps: Fps = None,
    voice: Annotated[str | None, typer.Option(help="With --say: who speaks.")] = None,
    style: Style = None,
    title: Annotated[
        str | None, typer.Option(help="For the file's metadata.", show_default="the avatar's name")
    ] = None,
    preset: Preset = None,
    inference_steps: Steps = None,
    background: Background = None,
    mark: ShowMark = None,
    mark_text: MarkText = None,
    mark_position: MarkPosition = None,
    mark_font: MarkFont = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Write a film in which AVATAR speaks AUDIO, or the text of --say.

    OUT is .mp4; or .webm or .mov, which can have a transparent background.
    """
    audio, out = _files(files, text, "out.mp4")
    overrides = {
        "video.frame_rate_hz": fps,
        "avatar.name": avatar_name(avatar),
        "speech.style": style,
        **look_overrides(
            preset, inference_steps, background, mark, mark_text, mark_position, mark_font
        ),
    }
    settings = load(config, overrides)
    look = settings.look.look()
    width, height = frame_size(size, settings)
    if "x" not in size.lower():
        width, height = look.size(width, height)
    from kiosk.avatars import Avatars
    from kiosk.film import FILM_KINDS
    from kiosk.render import check_path
    from kiosk.render import render as render_file

    check_path(out, tuple(FILM_KINDS))
    _check_look(look, out)
    pipeline, synthesizer = Avatars(settings.avatar, look, files=True).drawn(avatar, width, height)
    sound = _sound(audio, text, voice, settings)
    with _progress(out.name, quiet=as_json) as progress:
        written = render_file(
            pipeline,
            sound,
            out,
            settings.video.frame_rate_hz,
            avatar if title is None else title,
            progress,
            lambda: synthesizer.alpha,
        )
    more: dict[str, object] = {
        "width": width,
        "height": height,
        "preset": look.preset,
        "mark": look.mark.on,
    }
    more |= {"inference_steps": look.steps, "steps_run": look.steps_run}
    if look.steps_reason:
        more["steps_reason"] = look.steps_reason
    _tell(written, as_json, more, settings)


def _check_look(look: Look, out: Path) -> None:
    from kiosk.film import SEE_THROUGH_SUFFIXES

    if look.background.kind == "transparent" and out.suffix.lower() not in SEE_THROUGH_SUFFIXES:
        raise UsageError(
            f"{out}: {out.suffix} carries no transparency: give a name that ends in "
            f"{' or '.join(SEE_THROUGH_SUFFIXES)}, or another background"
        )
    if not look.mark.on:
        typer.echo("kiosk: without the AI mark: tell viewers that this is synthetic", err=True)
    if look.steps_reason:
        steps = f"{look.steps} inference step{'' if look.steps == 1 else 's'}"
        typer.echo(f"kiosk: {steps} asked, {look.steps_run} run: {look.steps_reason}", err=True)


def motion(
    files: Files,
    text: Say = None,
    fps: Fps = None,
    voice: Annotated[str | None, typer.Option(help="With --say: who speaks.")] = None,
    style: Style = None,
    live_link: Annotated[
        bool, typer.Option("--live-link", help="A CSV laid out as by Epic's Live Link Face.")
    ] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Write the motion of the face that speaks AUDIO: ARKit's blend shapes and the head's pose.

    OUT is .csv or .json, a row for each picture: time_s in seconds, the 52 blend shapes by Apple's
    names from 0 to 1, head_yaw_deg, head_pitch_deg and head_roll_deg in degrees (positive: to the
    viewer's right, up, leaning to the viewer's right), head_x and head_y in distances between the
    eyes' outer corners (right, down), head_scale, and breath from 0 to 1.
    """
    audio, out = _files(files, text, "out.csv")
    settings = load(config, {"video.frame_rate_hz": fps, "speech.style": style})
    from engine.motion.settings import MotionSettings
    from engine.motion.stream import MotionStream
    from kiosk.motion_file import SUFFIXES, write_motion
    from kiosk.render import check_path

    check_path(out, SUFFIXES[:1] if live_link else SUFFIXES)
    scales = settings.avatar
    stream = MotionStream(MotionSettings(scales.dynamic_scale, scales.motion_scale))
    sound = _sound(audio, text, voice, settings)
    written = write_motion(stream, sound, out, settings.video.frame_rate_hz, live_link)
    _tell(written, as_json, {}, settings)


def avatar_name(avatar: str) -> str | None:
    """What to check as ``avatar.name``: a persona's name, or nothing for a file."""
    path = Path(avatar)
    if path.suffix == ".rig":
        return None
    if path.suffix:
        raise UsageError(
            f"{avatar}: a photo has to be made an avatar first, with kiosk portrait add: give a "
            "persona's name such as ada, or a .rig file"
        )
    return avatar


def frame_size(size: str, settings: Settings) -> tuple[int, int]:
    """Width and height in pixels of *size*.

    Raises:
        UsageError: *size* is none of the shapes.
        ConfigError: a number is out of bounds.
    """
    video = settings.video
    if size == "square":
        return video.width, video.height
    if size == "portrait":
        return video.portrait_width, video.portrait_height
    width, _, height = size.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise UsageError(f"--size {size}: give {_SIZES}")
    given = {"video.width": int(width), "video.height": int(height)}
    try:
        video = load(None, given, {}).video
    except ConfigError:
        raise UsageError(
            f"--size {size}: width and height are even numbers from 256 to 1280"
        ) from None
    return video.width, video.height


def _files(files: list[Path], text: str | None, example: str) -> tuple[Path | None, Path]:
    if text is None and len(files) == 2:
        return files[0], files[1]
    if text is not None and len(files) == 1:
        return None, files[0]
    if text is None:
        raise UsageError(f'give AUDIO and OUT, or --say "TEXT" and OUT: {example}')
    raise UsageError(f"with --say give OUT alone, such as {example}")


def _sound(
    audio: Path | None, text: str | None, voice: str | None, settings: Settings
) -> FloatArray:
    from kiosk import sound

    if audio is None:
        return sound.spoken(text or "", voice, settings.speech)
    return sound.from_file(audio)


@contextmanager
def _progress(name: str, quiet: bool) -> Iterator["Progress"]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as RemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("pictures, left:"),
        RemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), disable=quiet) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _tell(
    written: "Rendered", as_json: bool, more: Mapping[str, object], settings: Settings
) -> None:
    if as_json:
        content = {
            "out": str(written.path),
            "frames": written.frames,
            "duration_s": round(written.duration_s, 3),
            "frame_rate_hz": settings.video.frame_rate_hz,
        }
        typer.echo(json.dumps({**content, **more}))
    else:
        typer.echo(f"{written.path}: {written.duration_s:.1f} s, {written.frames} pictures")

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

_AS_CONFIGURED = "as configured"
Style = Annotated[
    str | None,
    typer.Option("--style", help="plain, or gentle: slower.", show_default=_AS_CONFIGURED),
]
Rate = Annotated[float | None, typer.Option(min=0.5, max=2.0, help="Speaking rate, 0.5 to 2.")]
Pitch = Annotated[
    float | None, typer.Option("--pitch-semitones", min=-4, max=4, help="How much higher.")
]
PitchRange = Annotated[
    float | None, typer.Option("--pitch-range", min=0.5, max=1.5, help="Flatter or livelier.")
]
Pause = Annotated[
    float | None, typer.Option("--pause", min=0.5, max=3, help="Scales pauses between phrases.")
]
Loudness = Annotated[
    float | None, typer.Option("--loudness-db", min=-12, max=6, help="How much louder.")
]
Preset = Annotated[
    str | None,
    typer.Option(help="fast, balanced or quality.", show_default=_AS_CONFIGURED),
]
Steps = Annotated[
    int | None,
    typer.Option(help="Of the mouth's refiner, 0 to 30.", show_default=_AS_CONFIGURED),
]
Background = Annotated[
    str | None,
    typer.Option(
        help="photo, blurred, transparent, #rrggbb or a picture's file.",
        show_default=_AS_CONFIGURED,
    ),
]
ShowMark = Annotated[
    bool | None,
    typer.Option("--mark/--no-mark", help="The AI mark.", show_default=_AS_CONFIGURED),
]
MarkText = Annotated[
    str | None, typer.Option(help="What the mark says.", show_default=_AS_CONFIGURED)
]
MarkPosition = Annotated[
    str | None, typer.Option(help="top-left ... bottom-right.", show_default=_AS_CONFIGURED)
]
MarkFont = Annotated[
    str | None, typer.Option(help="A font file for it.", show_default=_AS_CONFIGURED)
]


def look_overrides(
    preset: str | None,
    inference_steps: int | None,
    background: str | None,
    mark: bool | None,
    mark_text: str | None,
    mark_position: str | None,
    mark_font: str | None,
) -> dict[str, object]:
    """The look's flags by the keys that they override."""
    return {
        "look.preset": preset,
        "look.inference_steps": inference_steps,
        "look.background": background,
        "look.mark": mark,
        "look.mark_text": mark_text,
        "look.mark_position": mark_position,
        "look.mark_font": mark_font,
    }


class UsageError(Exception):
    """What was asked cannot be done; the message names the remedy."""

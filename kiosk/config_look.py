"""How the portrait is shown, as an operator sets it: the section ``[look]``."""

from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import Field, field_validator, model_validator

from engine.synthesis.look import (
    DEFAULT_MARK,
    MAX_MARK_CHARACTERS,
    Background,
    Look,
    Mark,
    Position,
    PresetName,
)
from engine.synthesis.mark import refuse_missing
from engine.synthesis.scenery import read_image
from kiosk.config_fields import Section
from kiosk.config_sources import Allowed, ConfigError
from kiosk.fonts import font_for

BACKGROUND_WORDS: Final = (
    '"photo", "blurred", a colour such as "#1f5c4d", the file of a picture, or "transparent" '
    "(kiosk render only)"
)


class LookSettings(Section):
    """Quality, background, and the mark that says that the picture is synthetic."""

    preset: PresetName = "fast"
    """fast; balanced: sharper, refined; quality: so, with up to twice the pixels, at most 1024."""
    inference_steps: Annotated[int, Field(ge=-1, le=30)] = -1
    """Steps of the mouth's refiner: 0 none, more than 1 change little; -1: the preset's."""
    background: Annotated[str, Field(min_length=1), Allowed(BACKGROUND_WORDS)] = "photo"
    """What is behind the person."""
    mark: bool = True
    """Whether the picture says that it is synthetic; off is logged."""
    mark_text: Annotated[str, Field(min_length=1, max_length=MAX_MARK_CHARACTERS)] = DEFAULT_MARK
    """What it says, in one line."""
    mark_position: Position = "top"
    """Where it stands."""
    mark_font: str = ""
    """A font file for it; empty: one of this machine's that has the characters."""

    @field_validator("background")
    @classmethod
    def _background(cls, value: str) -> str:
        if value.startswith("#"):
            Background("colour", value)
        return value

    @model_validator(mode="after")
    def _writable(self) -> Self:
        Mark(self.mark, self.mark_text, self.mark_position)
        return self

    def look(self) -> Look:
        """The look that this is; reads the background's file.

        Raises:
            ConfigError: the file cannot be read, or the mark's characters are in no font.
        """
        try:
            mark = Mark(self.mark, self.mark_text, self.mark_position, self._font())
            steps = None if self.inference_steps < 0 else self.inference_steps
            return Look(self.preset, steps, background(self.background), mark)
        except ValueError as error:
            told = str(error)
            raise ConfigError([told if told.startswith("look.") else f"look: {told}"]) from None

    def _font(self) -> str:
        if not self.mark:
            return ""
        if not self.mark_font:
            return font_for(self.mark_text)
        refuse_missing(self.mark_text, self.mark_font)
        return self.mark_font


def background(value: str) -> Background:
    """A background as it is written: a word, a colour, or the file of a picture.

    Raises:
        ValueError: the file cannot be read, or is no picture.
    """
    match value:
        case "photo" | "blurred" | "transparent" as kind:
            return Background(kind)
    if value.startswith("#"):
        return Background("colour", value)
    path = Path(value).expanduser()
    try:
        image = path.read_bytes()
        read_image(image)
    except OSError as error:
        reason = error.strerror or str(error)
    except ValueError as error:
        reason = str(error)
    else:
        return Background("image", image=image)
    raise ValueError(f"look.background = {value!r}: {reason}: allowed are {BACKGROUND_WORDS}")

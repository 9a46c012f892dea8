"""How a stage is shown: what is asked of it, and what is answered."""

import base64
import binascii
from dataclasses import replace

from pydantic import Field

from engine.synthesis.look import (
    MAX_MARK_CHARACTERS,
    MAX_STEPS,
    Background,
    Look,
    Mark,
    Position,
    PresetName,
)
from kiosk.api import Message
from kiosk.appearance import Appearance
from kiosk.fonts import font_for
from kiosk.ladder import Rung

_BACKGROUND = (
    'photo, blurred, a colour such as #1f5c4d, or image. A live picture cannot be "transparent".'
)


class LookRequest(Message):
    """Changes of how a stage is shown; what is absent stays."""

    preset: PresetName | None = Field(default=None, description="Quality against processor time.")
    inference_steps: int | None = Field(
        default=None,
        ge=-1,
        le=MAX_STEPS,
        description="Of the mouth's refiner; 0: none; more than 1 change little; -1: the preset's.",
    )
    background: str | None = Field(default=None, description=_BACKGROUND)
    background_image: str | None = Field(
        default=None, description="A PNG, JPEG or WebP in base64; makes the background image."
    )
    mark: bool | None = Field(default=None, description="Whether the AI mark is drawn.")
    mark_text: str | None = Field(
        default=None, min_length=1, max_length=MAX_MARK_CHARACTERS, description="What it says."
    )
    mark_position: Position | None = Field(default=None, description="Where it stands.")
    dynamic_scale: float | None = Field(
        default=None, ge=1.0, le=1.2, description="Scales mouth motion."
    )
    motion_scale: float | None = Field(
        default=None, ge=1.0, le=1.1, description="Scales head and body motion."
    )

    def onto(self, shown: Appearance) -> Appearance:
        """*shown* with these changes.

        Raises:
            ValueError: a value is not allowed, or cannot be shown live.
        """
        look = shown.look
        steps = self.inference_steps
        changed = Look(
            preset=self.preset or look.preset,
            inference_steps=look.inference_steps if steps is None else None if steps < 0 else steps,
            background=self._background(look.background),
            mark=self._mark(look.mark),
        )
        dynamic, motion = self.dynamic_scale, self.motion_scale
        return replace(
            shown,
            look=changed,
            dynamic_scale=shown.dynamic_scale if dynamic is None else dynamic,
            motion_scale=shown.motion_scale if motion is None else motion,
        )

    def _background(self, shown: Background) -> Background:
        if self.background_image is not None:
            if self.background not in (None, "image"):
                raise ValueError(
                    f"background = {self.background!r} beside a background_image: give either"
                )
            return replace(shown, kind="image", image=_decoded(self.background_image))
        match self.background:
            case None:
                return shown
            case "photo" | "blurred" | "transparent" | "image" as kind:
                return replace(shown, kind=kind)
            case colour if colour.startswith("#"):
                return replace(shown, kind="colour", colour=colour)
            case other:
                raise ValueError(f"background = {other!r}: allowed are {_BACKGROUND}")

    def _mark(self, shown: Mark) -> Mark:
        text = shown.text if self.mark_text is None else self.mark_text
        return Mark(
            on=shown.on if self.mark is None else self.mark,
            text=text,
            position=self.mark_position or shown.position,
            font=shown.font if text == shown.text else font_for(text),
        )


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f"background_image is not base64 ({error}): encode the file") from None


def _slow(rung: Rung) -> str:
    return (
        f"this machine cannot keep up just now (its rung, as /v1/sync tells: {rung.name}): choose "
        "a cheaper preset or smaller pictures, or let other programs end"
    )


class LookAnswer(Message):
    """How a stage is shown."""

    stage: str = Field(description="Name of the stage.")
    preset: PresetName = Field(description="Quality against processor time.")
    inference_steps: int = Field(ge=0, description="Steps of the refiner that are asked for.")
    steps_run: int = Field(
        ge=0, description="Steps that are done just now, by the rung of /v1/sync."
    )
    steps_reason: str = Field(
        description="Why fewer are done, or by the smaller network; empty if neither."
    )
    background: str = Field(description="photo, blurred, image or a colour #rrggbb.")
    mark: bool = Field(description="Whether the AI mark is drawn.")
    mark_text: str = Field(description="What it says.")
    mark_position: Position = Field(description="Where it stands.")
    dynamic_scale: float = Field(description="Scales mouth motion.")
    motion_scale: float = Field(description="Scales head and body motion.")
    width: int = Field(description="Pixels of the picture.")
    height: int = Field(description="Pixels of the picture.")

    @classmethod
    def of(cls, stage: str, shown: Appearance, rung: Rung) -> "LookAnswer":
        """The answer for *stage*, which works by *rung* now. Loads the refiner."""
        look, (width, height) = shown.look, shown.size
        behind = look.background
        steps = 0 if rung.hold else look.steps_at(rung.detail)
        less = look.steps > 0 and (rung.hold or rung.detail > 0)  # fewer, or of a smaller network
        return cls(
            stage=stage,
            preset=look.preset,
            inference_steps=look.steps,
            steps_run=steps,
            steps_reason=look.steps_reason or (_slow(rung) if less else ""),
            background=behind.colour if behind.kind == "colour" else behind.kind,
            mark=look.mark.on,
            mark_text=look.mark.text,
            mark_position=look.mark.position,
            dynamic_scale=shown.dynamic_scale,
            motion_scale=shown.motion_scale,
            width=width,
            height=height,
        )

"""The contract of the stages: how each stands, and how it listens."""

from typing import Literal

from pydantic import Field

from kiosk.api import Message
from kiosk.listen.hearing import Mode

StageState = Literal["idle", "speaking"]


class StageAnswer(Message):
    """An avatar that is alive."""

    stage: str = Field(description="Name of the stage.")
    avatar: str = Field(description="Persona on it.")
    state: StageState = Field(description="What it does.")
    viewers: int = Field(ge=0, description="How many are watching.")
    queued: int = Field(default=0, ge=0, description="Utterances that wait their turn.")
    mode: Mode = Field(
        default="speak", description="What is made of live speech: see StageRequest."
    )
    barge_in: bool = Field(default=True, description="Whether a visitor who speaks interrupts.")
    attend: bool = Field(default=True, description="Whether the face listens to a visitor.")


class StageRequest(Message):
    """How a stage shall listen; what is left out stays as it is."""

    mode: Mode | None = Field(
        default=None,
        description="speak: microphones are visitors; preview: the avatar says what they say. "
        "For sources that come from now on.",
    )
    barge_in: bool | None = Field(
        default=None, description="Whether a visitor who speaks interrupts the avatar."
    )
    attend: bool | None = Field(
        default=None, description="Whether the face turns to listening while a visitor speaks."
    )


class StagesAnswer(Message):
    """The avatars that are alive."""

    stages: list[StageAnswer] = Field(description="The avatars that are alive.")

"""What can be set about the ears: whose speech arrives live, and what is made of it."""

from typing import Annotated, Literal

from pydantic import Field

from kiosk.config_fields import Section
from kiosk.config_sources import Allowed
from kiosk.listen.hearing import Mode

MICROPHONE_WORDS = '"" for none, "default", a name or part of one, or a number: kiosk microphones'


class ListenSettings(Section):
    """What is done with speech that arrives live."""

    mode: Mode = "speak"
    """speak: microphones are visitors, whom the avatar hears; preview: it says what they say."""
    page_microphone: bool = False
    """Whether the page shows a button by which a visitor turns the microphone on."""
    barge_in: bool = True
    """Whether a visitor who speaks interrupts the avatar; a stage may be told otherwise."""
    attend: bool = True
    """Whether the face turns to listening while a visitor speaks."""
    detector: Literal["webrtc", "silero"] = "silero"
    """What tells speech from other sound; webrtc: lighter, and misled by talk in the room."""
    sensitivity: Annotated[float, Field(ge=0.0, le=1.0)] = 0.5
    """How readily a visitor is heard: 0, only who is loud and clear; 1, whoever is near."""
    microphone: Annotated[str, Field(max_length=200), Allowed(MICROPHONE_WORDS)] = ""
    """Microphone of this machine that is listened to."""
    microphone_stage: Annotated[str, Field(max_length=64)] = ""
    """Stage that hears this machine's microphone; empty: the first that is open."""
    echo_guard: bool = True
    """Whether the avatar's own voice in the microphone is kept from counting as a visitor's."""

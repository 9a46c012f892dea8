"""What can be set about the ears: whose speech arrives live, and what is made of it."""

from typing import Literal

from kiosk.config_fields import Section


class ListenSettings(Section):
    """What is done with speech that arrives live."""

    mode: Literal["speak", "preview"] = "speak"
    """speak: microphones are visitors, whom the avatar hears; preview: it says what they say."""
    barge_in: bool = True
    """Whether a visitor who speaks interrupts the avatar; a stage may be told otherwise."""
    attend: bool = True
    """Whether the face turns to listening while a visitor speaks."""

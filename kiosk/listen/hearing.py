"""How one stage listens; the settings ``[listen]`` say how it begins."""

from dataclasses import dataclass
from typing import Literal

Mode = Literal["speak", "preview"]


@dataclass(frozen=True, slots=True)
class Hearing:
    """What a stage makes of speech that arrives live."""

    mode: Mode = "speak"
    """speak: microphones are visitors; preview: the avatar says what they say."""
    barge_in: bool = True
    """Whether a visitor who speaks interrupts the avatar."""
    attend: bool = True
    """Whether the face turns to listening while a visitor speaks."""

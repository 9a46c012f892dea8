"""How something is said: speed, pitch, liveliness, pauses, loudness; and styles of them.

Speech for those who hear badly is slower, with longer pauses between phrases, and a little lower:
what age takes first are the high tones.
"""

from dataclasses import dataclass, fields, replace
from typing import Final, Literal, get_args

Style = Literal["plain", "gentle"]

LIMITS: Final = {
    "rate": (0.5, 2.0),
    "pitch_semitones": (-4.0, 4.0),
    "pitch_range": (0.5, 1.5),
    "pause": (0.5, 3.0),
    "loudness_db": (-12.0, 6.0),
}
"""Least and most of each part of a ``Manner``."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a voice speaks; as it is made, it is the voice's own way."""

    rate: float = 1.0
    """Speaking rate."""
    pitch_semitones: float = 0.0
    """How much higher it speaks."""
    pitch_range: float = 1.0
    """Scales the melody about its mean: below 1 flatter, above 1 livelier."""
    pause: float = 1.0
    """Scales the pauses between phrases."""
    loudness_db: float = 0.0
    """How much louder it speaks."""

    @property
    def sound(self) -> "Manner":
        """Of it, what changes the sound of one phrase: all but the pauses after it."""
        return replace(self, pause=1.0)

    @property
    def moves_pitch(self) -> bool:
        """Whether the melody is not the voice's own."""
        return self.pitch_semitones != 0.0 or self.pitch_range != 1.0

    def then(self, style: "Manner") -> "Manner":
        """*style* laid over this: factors multiply, semitones and decibels add, within bounds."""
        return Manner(
            rate=_within("rate", self.rate * style.rate),
            pitch_semitones=_within(
                "pitch_semitones", self.pitch_semitones + style.pitch_semitones
            ),
            pitch_range=_within("pitch_range", self.pitch_range * style.pitch_range),
            pause=_within("pause", self.pause * style.pause),
            loudness_db=_within("loudness_db", self.loudness_db + style.loudness_db),
        )

    def fault(self) -> str | None:
        """The first part that is out of bounds, in words; None if all are within."""
        for name, (least, most) in LIMITS.items():
            value = getattr(self, name)
            if not least <= value <= most:
                return f"{name} {value:g}: allowed are {least:g} to {most:g}"
        return None


STYLES: Final[dict[Style, Manner]] = {
    "plain": Manner(),
    "gentle": Manner(rate=0.75, pitch_semitones=-1.0, pause=1.8, loudness_db=2.0),
}
"""Ways of speaking that have a name."""

STYLE_NAMES: Final[tuple[Style, ...]] = get_args(Style)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a request says about the manner; None: as usual."""

    style: Style | None = None
    rate: float | None = None
    pitch_semitones: float | None = None
    pitch_range: float | None = None
    pause: float | None = None
    loudness_db: float | None = None

    def over(self, usual: Manner, style: Style) -> Manner:
        """The manner that comes of it.

        Args:
            usual: how this kiosk speaks, whatever the style.
            style: the style where none is wished.

        Returns:
            The style laid over *usual*; what is wished for by itself overrides both.
        """
        styled = usual.then(STYLES[self.style or style])
        asked = {field.name: getattr(self, field.name) for field in fields(Manner)}
        return replace(styled, **{name: v for name, v in asked.items() if v is not None})


def _within(name: str, value: float) -> float:
    least, most = LIMITS[name]
    return min(max(value, least), most)

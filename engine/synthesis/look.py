"""How a portrait is shown: quality, background and the mark that says it is synthetic."""

import re
from dataclasses import dataclass
from typing import Final, Literal, cast, get_args

PresetName = Literal["fast", "balanced", "quality"]
BackgroundKind = Literal["photo", "colour", "image", "blurred", "transparent"]
RefinerSize = Literal["small", "large"]
"""Which refiner: one that any processor has time for, or a larger one, for larger pictures."""
Position = Literal["top-left", "top", "top-right", "bottom-left", "bottom", "bottom-right"]

PRESETS: Final[tuple[PresetName, ...]] = get_args(PresetName)
BACKGROUNDS: Final[tuple[BackgroundKind, ...]] = get_args(BackgroundKind)
POSITIONS: Final[tuple[Position, ...]] = get_args(Position)
NETWORKS: Final[tuple[RefinerSize, ...]] = get_args(RefinerSize)

MAX_STEPS: Final = 30
WHOLE_STEPS_MOST: Final = 4
"""Of a refiner in a whole picture as one network: each is the whole refiner once more."""
FEWER: Final = (4, 1)
"""Steps that a slower machine does instead of more, at once: little differs between them, and to
pass from one to the other would need both."""
MAX_MARK_CHARACTERS: Final = 40
MAX_SIDE_PX: Final = 1280
PORTRAIT_SIDE_PX: Final = 1024
DEFAULT_MARK: Final = "AI-generated"
DEFAULT_COLOUR: Final = "#e8ecef"
NO_REFINER: Final = "no refiner installed: install the project again"
_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")


def _one_of(field: str, value: object, allowed: tuple[str, ...]) -> None:
    if cast(str, value) not in allowed:
        raise ValueError(f"{field} = {value!r}: allowed are {', '.join(allowed)}")


def step_choices(steps: int) -> tuple[int, ...]:
    """*steps* of the refiner, at least 1, and what a slower machine does instead, best first."""
    return (steps, *(fewer for fewer in FEWER if fewer < steps))


@dataclass(frozen=True, slots=True)
class Preset:
    """What a preset stands for."""

    inference_steps: int
    """Steps of the refiner."""
    network: RefinerSize
    """Which refiner does them, and those that are asked for instead."""
    enlargement: float
    """The picture's sides over those that were asked for."""
    fine: bool
    """Whether the portrait is resampled bicubically: sharper, and dearer."""


PRESET: Final[dict[PresetName, Preset]] = {
    "fast": Preset(0, "small", 1.0, fine=False),
    "balanced": Preset(1, "small", 1.0, fine=True),
    "quality": Preset(1, "large", 2.0, fine=True),
}


@dataclass(frozen=True, slots=True)
class Background:
    """What is seen behind the person; a value that is not allowed raises ``ValueError``."""

    kind: BackgroundKind = "photo"
    """``photo`` and ``blurred`` are the portrait's own; ``transparent`` cannot be shown live."""
    colour: str = DEFAULT_COLOUR
    """``#rrggbb``, for ``colour``."""
    image: bytes = b""
    """An encoded picture (PNG, JPEG or WebP), for ``image``; it fills the background."""

    def __post_init__(self) -> None:
        _one_of("background.kind", self.kind, BACKGROUNDS)
        if not isinstance(self.colour, str) or not _COLOUR.fullmatch(self.colour):
            raise ValueError(
                f"background.colour = {self.colour!r}: allowed are #rrggbb, such as #1f5c4d"
            )
        if not isinstance(self.image, bytes):
            kind = type(self.image).__name__
            raise ValueError(f"background.image is {kind}: allowed are the bytes of a picture")
        if self.kind == "image" and not self.image:
            raise ValueError("background.image is empty: give the bytes of a PNG, JPEG or WebP")

    @property
    def bgr(self) -> tuple[int, int, int]:
        """The colour as blue, green, red."""
        red, green, blue = (int(self.colour[i : i + 2], 16) for i in (1, 3, 5))
        return blue, green, red


@dataclass(frozen=True, slots=True)
class Mark:
    """The visible sign that the picture is synthetic."""

    on: bool = True
    """Whether it is drawn. Where it is not, say it to viewers in another way."""
    text: str = DEFAULT_MARK
    """One line, at most ``MAX_MARK_CHARACTERS``."""
    position: Position = "top"
    """Where in the picture. Pages may crop the sides and cover the foot; the middle above stays."""
    font: str = ""
    """A font file that has the text's characters; empty: Pillow's own, which is Latin."""

    def __post_init__(self) -> None:
        _one_of("mark.position", self.position, POSITIONS)
        if not isinstance(self.on, bool):
            raise ValueError(f"mark.on = {self.on!r}: allowed are true and false")
        text = self.text if isinstance(self.text, str) else ""
        if not (0 < len(text) <= MAX_MARK_CHARACTERS and text.strip() and text.isprintable()):
            raise ValueError(
                f"mark.text = {self.text!r}: allowed are 1 to {MAX_MARK_CHARACTERS} characters on "
                "one line; to show none, set mark.on to false"
            )


@dataclass(frozen=True, slots=True)
class Look:
    """How a portrait is shown; a value that is not allowed raises ``ValueError`` naming it."""

    preset: PresetName = "fast"
    """Quality of the picture against processor time."""
    inference_steps: int | None = None
    """Steps of the refiner, 0 to 30; None: the preset's."""
    background: Background = Background()
    """What is behind the person."""
    mark: Mark = Mark()
    """The sign that this is synthetic."""

    def __post_init__(self) -> None:
        _one_of("preset", self.preset, PRESETS)
        steps = self.inference_steps
        whole = isinstance(steps, int) and not isinstance(steps, bool)
        if steps is not None and not (whole and 0 <= steps <= MAX_STEPS):
            raise ValueError(f"inference_steps = {steps!r}: allowed are 0 to {MAX_STEPS}")

    @property
    def steps(self) -> int:
        """Steps of the refiner that are asked for."""
        asked = self.inference_steps
        return PRESET[self.preset].inference_steps if asked is None else asked

    @property
    def network(self) -> RefinerSize:
        """Which refiner does them."""
        return PRESET[self.preset].network

    @property
    def steps_run(self) -> int:
        """Steps that are really done: none where the refiner is missing."""
        return 0 if self.steps_reason else self.steps

    def steps_at(self, level: int) -> int:
        """Steps that are done in the *level*-th cheaper way of drawing it (0: in full)."""
        if (steps := self.steps_run) == 0:
            return 0
        from engine.synthesis.refiner import SHELF

        smaller = () if SHELF.stand_in(self.network) is None else (1,)
        choices: tuple[int, ...] = (*step_choices(steps), *smaller, 0)
        return choices[min(level, len(choices) - 1)]

    @property
    def steps_reason(self) -> str:
        """Why fewer steps are done than are asked for; empty if not. Loads the refiner."""
        if self.steps == 0:
            return ""
        from engine.synthesis.refiner import SHELF  # a runtime of networks: slow to import

        found = SHELF.take(self.network)
        return found if isinstance(found, str) else ""

    @property
    def fine(self) -> bool:
        """Whether the portrait is resampled bicubically."""
        return PRESET[self.preset].fine

    def size(self, width: int, height: int) -> tuple[int, int]:
        """The picture's size in pixels where *width* × *height* was asked for.

        Never smaller than that; enlarged no further than the portrait's own 1024 pixels carry.
        """
        most = min(MAX_SIDE_PX / max(width, height), PORTRAIT_SIDE_PX / min(width, height))
        most = max(1.0, most)
        factor = min(PRESET[self.preset].enlargement, most)
        return round(width * factor / 2) * 2, round(height * factor / 2) * 2

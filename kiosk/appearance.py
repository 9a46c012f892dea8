"""How a stage is shown just now: its look, its liveliness, the size that was asked for."""

from dataclasses import dataclass, field

from engine.synthesis.look import Look
from kiosk.capacity import Kind


class AppearanceError(ValueError):
    """An appearance that cannot be shown live; the message names the remedy."""


@dataclass(frozen=True, slots=True)
class Appearance:
    """What can be changed while a stage is watched.

    Raises:
        AppearanceError: it cannot be shown live.
    """

    look: Look = field(default_factory=Look)
    """Quality, background and mark."""
    dynamic_scale: float = 1.0
    """Scales mouth motion."""
    motion_scale: float = 1.0
    """Scales head and body motion."""
    asked_px: tuple[int, int] = (512, 512)
    """Width and height that were asked for; the preset may enlarge them."""

    def __post_init__(self) -> None:
        check_live(self.look)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the pictures."""
        return self.look.size(*self.asked_px)

    @property
    def kind(self) -> Kind:
        """What the pictures' cost depends on."""
        return Kind(self.size, self.look.preset, self.look.steps)


def check_live(look: Look) -> None:
    """See whether *look* can be shown live.

    Raises:
        AppearanceError: it is transparent.
    """
    if look.background.kind == "transparent":
        raise AppearanceError(
            "background = 'transparent': a live picture carries no transparency: use a colour to "
            "key out, such as #00b140, or kiosk render into .webm or .mov"
        )

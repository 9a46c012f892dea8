"""How the face moves: what can be set."""

from dataclasses import dataclass
from typing import Final

ALLOWED: Final[dict[str, tuple[float, float]]] = {
    "dynamic_scale": (1.0, 1.2),
    "motion_scale": (1.0, 1.1),
    "lip_alignment_s": (-0.02, 0.02),
    "smile": (0.0, 0.2),
    "smoothing_min_cutoff_hz": (1.0, 25.0),
    "smoothing_beta": (0.0, 50.0),
    "blinks_per_min": (0.0, 40.0),
}
"""Closed range of every number."""


@dataclass(frozen=True, slots=True)
class MotionSettings:
    """Settings of ``MotionStream``; a value out of range raises ``ValueError`` naming it."""

    dynamic_scale: float = 1.0
    """Scales the motion of the mouth."""
    motion_scale: float = 1.0
    """Scales the motion of head and body."""
    seed: int = 0
    """Who moves: another seed, another idle life. Any integer from 0."""
    lip_alignment_s: float = 0.0
    """Lips ahead of the sound by this much more than the network was trained for."""
    smile: float = 0.05
    """Friendliness at rest, as a coefficient of ``mouthSmile``."""
    smoothing_min_cutoff_hz: float = 8.0
    """One Euro filter: cutoff for a mouth at rest. Higher: less lag, more jitter."""
    smoothing_beta: float = 12.0
    """One Euro filter: how much the cutoff rises with speed (coefficient per second)."""
    blinks_per_min: float = 17.0
    """Mean rate of blinks."""

    def __post_init__(self) -> None:
        for name, (low, high) in ALLOWED.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"motion.{name} = {value}: allowed are {low} to {high}")
        if self.seed < 0:
            raise ValueError(f"motion.seed = {self.seed}: allowed are integers from 0")

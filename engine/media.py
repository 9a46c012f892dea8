"""The currencies that stages pass to each other: frozen, with their time attached.

``pts`` is always a sample index of the master timeline (``timeline.SAMPLE_RATE_HZ``).
``generation`` numbers the speech turn; a flush (barge-in) bumps it, and what is older is stale.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.timeline import SAMPLE_RATE_HZ

FloatArray = NDArray[np.float32]
ByteArray = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Audio:
    """A stretch of mono sound on the master timeline."""

    pts: int
    samples: FloatArray
    """Shape (n,), full scale ±1.0, at ``SAMPLE_RATE_HZ``."""
    generation: int = 0

    @property
    def end_pts(self) -> int:
        """The sample index just after the last sample."""
        return self.pts + len(self.samples)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / SAMPLE_RATE_HZ


@dataclass(frozen=True, slots=True)
class Pose:
    """Where the head is, relative to the portrait as photographed."""

    yaw_deg: float = 0.0
    """Positive: the head turns to the viewer's right."""
    pitch_deg: float = 0.0
    """Positive: the head looks up."""
    roll_deg: float = 0.0
    """Positive: the top of the head leans to the viewer's right."""
    x: float = 0.0
    """Shift to the viewer's right, in distances between the eyes' outer corners."""
    y: float = 0.0
    """Shift down, in distances between the eyes' outer corners."""
    scale: float = 1.0
    """Size of the head relative to the portrait: leaning in is > 1."""
    breath: float = 0.0
    """Chest and shoulders: 0 breathed out, 1 breathed in."""


@dataclass(frozen=True, slots=True)
class MotionFrame:
    """What the face does at one instant."""

    pts: int
    coefficients: FloatArray
    """Shape (len(COEFFICIENTS),), each in 0..1, in the order of ``motion.coefficients``."""
    pose: Pose = field(default_factory=Pose)
    generation: int = 0


@dataclass(frozen=True, slots=True)
class PictureFrame:
    """One picture, ready for the video encoder."""

    index: int
    pts: int
    planes: ByteArray
    """Shape (height * 3 // 2, width): planar YUV 4:2:0 (I420), BT.601 limited range."""
    generation: int = 0
    shown_pts: int = 0
    """The instant whose face it shows; differs from ``pts`` by the lip-sync correction."""
    mouth: float = 0.0
    """How far the jaw is open, 0 to 1."""

    @property
    def width(self) -> int:
        """Pixels."""
        return int(self.planes.shape[1])

    @property
    def height(self) -> int:
        """Pixels."""
        return int(self.planes.shape[0]) * 2 // 3

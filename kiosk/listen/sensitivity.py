"""One number for how readily a visitor is heard, and the thresholds that it stands for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What is asked of sound before it is a visitor's speech."""

    aggressiveness: int
    """Of webrtcvad, 0 to 3: how much it refuses."""
    above_floor_db: float
    """How much louder than the room."""
    probability: float
    """Of Silero's network."""
    needed_frames: int
    """Of the last ``window_frames``, so many are speech when it starts."""
    window_frames: int
    above_echo_db: float
    """How much louder than the echo that is expected."""


def thresholds(sensitivity: float) -> Thresholds:
    """The thresholds for *sensitivity*, from 0 (only loud and clear) to 1 (the first breath)."""
    s = min(1.0, max(0.0, sensitivity))
    needed_frames = 6 - round(4 * s)
    return Thresholds(
        aggressiveness=3 if s < 0.85 else 2,
        above_floor_db=12.0 - 10.0 * s,
        probability=0.75 - 0.5 * s,
        needed_frames=needed_frames,
        window_frames=needed_frames + 1,
        above_echo_db=9.0 - 6.0 * s,
    )

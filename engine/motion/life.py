"""What a face does besides speaking: head, gaze, blinks, brows, breath.

All of it is a pure function of a seed, the time and the prosody of that instant: nothing has to be
rewound when speech is cut off, and silence and speech join without a jump.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.media import FloatArray, Pose
from engine.motion.coefficients import COEFFICIENTS, INDEX
from engine.motion.noise import chance, drift, ease, smooth, steps
from engine.motion.prosody import Prosody
from engine.motion.settings import MotionSettings

EYE_RANGE_DEG: Final = 30.0
"""Rotation of the eye at a full ``eyeLook`` coefficient."""

BLINK_CLOSING_S: Final = 0.09
BLINK_CLOSED_S: Final = 0.04
BLINK_OPENING_S: Final = 0.18
"""Lids fall faster than they rise (Trutoiu et al., *Modeling and animating eye blinks*, 2011)."""

GAZE_CELL_S: Final = 6.5
"""The eyes may leave the visitor once in this time."""

LOOK_AWAY_CHANCE: Final = 0.45
BLINK_AT_SACCADE_CHANCE: Final = 0.5

HEAD_LIMIT_DEG: Final = 6.0


@dataclass(frozen=True, slots=True)
class _Glance:
    """One look away from the visitor and back."""

    start_s: float
    end_s: float
    yaw_deg: float
    pitch_deg: float
    blinks: bool

    @property
    def saccade_s(self) -> float:
        """Duration of a saccade of this size (main sequence: Bahill, Clark and Stark 1975)."""
        return 0.021 + 0.0022 * math.hypot(self.yaw_deg, self.pitch_deg)

    def part(self, time_s: float) -> float:
        """0 at the visitor, 1 away."""
        out = ease((time_s - self.start_s) / self.saccade_s)
        return out - ease((time_s - self.end_s) / self.saccade_s)


def blink_shape(since_s: float) -> float:
    """Lid closure *since_s* seconds after a blink began: 0 open, 1 shut."""
    if since_s <= 0.0:
        return 0.0
    if since_s < BLINK_CLOSING_S:
        return ease(since_s / BLINK_CLOSING_S)
    rising = (since_s - BLINK_CLOSING_S - BLINK_CLOSED_S) / BLINK_OPENING_S
    return 1.0 - ease(max(0.0, min(1.0, rising)) ** 0.8)


class Life:
    """The idle and prosodic motion of one seed."""

    def __init__(self, settings: MotionSettings) -> None:
        self._seed = settings.seed
        self._scale = settings.motion_scale
        self._smile = settings.smile
        own = (
            settings.blinks_per_min
            - 60.0 / GAZE_CELL_S * LOOK_AWAY_CHANCE * BLINK_AT_SACCADE_CHANCE
        )
        self._blink_cell_s = 60.0 / max(own, 0.1) if settings.blinks_per_min else math.inf

    def pose(self, time_s: float, prosody: Prosody) -> Pose:
        """Head and chest at *time_s*."""
        seed, speaking, scale = self._seed, prosody.speaking, self._scale
        breath = self.breath(time_s)

        def turn(channel: int, idle_deg: float, shift_deg: float, speech_deg: float) -> float:
            still = idle_deg * drift(seed, channel, time_s, 6.0)
            shift = shift_deg * steps(seed, channel + 1, time_s, 9.0, 0.9)
            lively = speech_deg * speaking * drift(seed, channel + 2, time_s, 1.5, 2)
            total = scale * (still + shift + lively)
            return HEAD_LIMIT_DEG * math.tanh(total / HEAD_LIMIT_DEG)

        yaw = turn(1, 2.4, 1.4, 2.2)
        roll = turn(9, 1.2, 0.6, 1.1)
        pitch = turn(5, 1.3, 0.8, 1.4) + scale * (0.25 * breath - 2.4 * prosody.nod)
        lean = 0.006 * drift(seed, 13, time_s, 8.0, 2) + 0.006 * speaking
        return Pose(
            yaw_deg=yaw,
            pitch_deg=pitch,
            roll_deg=roll,
            x=scale * (0.002 * yaw + 0.006 * drift(seed, 14, time_s, 7.0, 2)),
            y=scale
            * (0.004 * drift(seed, 15, time_s, 6.5, 2) - 0.004 * breath + 0.006 * prosody.nod),
            scale=1.0 + scale * lean,
            breath=breath,
        )

    def breath(self, time_s: float) -> float:
        """Chest: 0 out, 1 in; 0.2 to 0.28 breaths a second, in quicker than out."""
        # The wander's slope is bounded, so the rate stays within its range.
        turns = 0.24 * time_s + 0.17 * smooth(self._seed, 900, time_s / 16.0)
        phase = turns - math.floor(turns)
        return ease(phase / 0.42) if phase < 0.42 else 1.0 - ease((phase - 0.42) / 0.58)

    def _glance(self, cell: int) -> _Glance | None:
        def draw(channel: int) -> float:
            return chance(self._seed, 1000 + channel, cell)

        if draw(0) >= LOOK_AWAY_CHANCE:
            return None
        start_s = (cell + 0.05 + 0.45 * draw(1)) * GAZE_CELL_S
        side = -1.0 if draw(3) < 0.5 else 1.0
        return _Glance(
            start_s=start_s,
            end_s=start_s + 0.6 + 1.6 * draw(2),
            yaw_deg=side * (5.0 + 8.0 * draw(4)),
            pitch_deg=-5.0 + 8.0 * draw(5),
            blinks=draw(6) < BLINK_AT_SACCADE_CHANCE,
        )

    def gaze(self, time_s: float) -> tuple[float, float]:
        """Where the eyes want to look, (yaw, pitch) in degrees from the visitor."""
        yaw = 0.55 * steps(self._seed, 70, time_s, 0.9, 0.025)
        pitch = 0.35 * steps(self._seed, 71, time_s, 1.1, 0.025)
        glance = self._glance(math.floor(time_s / GAZE_CELL_S))
        if glance is not None:
            part = glance.part(time_s)
            yaw, pitch = yaw + part * glance.yaw_deg, pitch + part * glance.pitch_deg
        return yaw, pitch

    def blink(self, time_s: float) -> float:
        """Lid closure: 0 open, 1 shut."""
        closure = 0.0
        if math.isfinite(self._blink_cell_s):
            cell = math.floor(time_s / self._blink_cell_s)
            for i in (cell - 1, cell):
                start_s = (i + 0.1 + 0.8 * chance(self._seed, 1100, i)) * self._blink_cell_s
                depth = 0.92 + 0.08 * chance(self._seed, 1101, i)
                closure = max(closure, depth * blink_shape(time_s - start_s))
            glance = self._glance(math.floor(time_s / GAZE_CELL_S))
            if glance is not None and glance.blinks:
                closure = max(closure, blink_shape(time_s - glance.start_s + 0.02))
        return closure

    def coefficients(self, time_s: float, prosody: Prosody, pose: Pose) -> FloatArray:
        """Eyes, brows and the friendly rest, shape (len(COEFFICIENTS),)."""
        out = np.zeros(len(COEFFICIENTS), np.float32)
        yaw, pitch = self.gaze(time_s)
        # The eyes turn against the head, so that they stay on the visitor.
        self._look(out, yaw - 0.8 * pose.yaw_deg, pitch - 0.6 * pose.pitch_deg)
        lids = max(self.blink(time_s), 0.3 * float(out[INDEX["eyeLookDown_L"]]))
        brow = 0.26 * self._scale * prosody.brow + 0.05 * max(
            0.0, drift(self._seed, 60, time_s, 5.0)
        )
        self._both(out, "eyeBlink", lids)
        self._both(out, "browInnerUp", brow)
        self._both(out, "browOuterUp", 0.8 * brow)
        self._both(out, "mouthSmile", self._smile)
        self._both(out, "cheekSquint", 0.6 * self._smile)
        return out

    @staticmethod
    def _both(out: FloatArray, name: str, value: float) -> None:
        out[INDEX[f"{name}_L"]] = out[INDEX[f"{name}_R"]] = min(max(value, 0.0), 1.0)

    def _look(self, out: FloatArray, yaw_deg: float, pitch_deg: float) -> None:
        # The viewer's right is the subject's left: the left eye turns out, the right one in.
        side = min(abs(yaw_deg) / EYE_RANGE_DEG, 1.0)
        outer, inner = ("L", "R") if yaw_deg > 0 else ("R", "L")
        out[INDEX[f"eyeLookOut_{outer}"]] = out[INDEX[f"eyeLookIn_{inner}"]] = side
        self._both(
            out, "eyeLookUp" if pitch_deg > 0 else "eyeLookDown", abs(pitch_deg) / EYE_RANGE_DEG
        )

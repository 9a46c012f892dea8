"""What a face does besides speaking: head, gaze, blinks, brows, breath.

All of it is a pure function of a seed, the time and the prosody of that instant: nothing has to be
rewound when speech is cut off, and silence and speech join without a jump.
"""

import math
from typing import Final

import numpy as np

from engine.media import FloatArray, Pose
from engine.motion.attention import CHIN_DEG, Attention
from engine.motion.blink import Blinks
from engine.motion.coefficients import COEFFICIENTS, INDEX
from engine.motion.gaze import Gaze
from engine.motion.glide import Glide
from engine.motion.noise import Noise, ease
from engine.motion.pause import Pause
from engine.motion.prosody import Prosody
from engine.motion.settings import MotionSettings

EYE_RANGE_DEG: Final = 30.0
"""Rotation of the eye at a full ``eyeLook`` coefficient."""

HEAD_LIMIT_DEG: Final = 6.0
"""People turn their heads further in talk; one photo does not show more without harm."""

NOD_DEG: Final = 2.4
"""Down, at full stress: beats of the head go with stress (Hadar et al., *Kinematics of head
movements accompanying speech during conversation*, 1983; McClave 2000)."""

SETTLE_DEG: Final = 1.4
"""Down and up again at the end of a phrase: nods are most frequent in speech where a phrase ends
(Ishi, Ishiguro and Hagita, *Analysis of relationship between head motion events and speech*, 2014).
"""

BROW_RAISE: Final = 0.34
"""At full stress or the begin of a phrase (Cavé et al., *About the relationship between eyebrow
movements and F0 variations*, 1996; Flecha-García 2010)."""

BREATH_HZ: Final = 0.24
"""14 breaths a minute, wandering from 12 to 17; adults at rest take 10 to 20 (Russo et al., *The
physiological effects of slow breathing in the healthy human*, 2017)."""

BREATH_IN: Final = 0.42
"""Part of a breath that goes in: in is quicker than out."""

LEAN: Final = 0.006
SWAY: Final = 0.006


def settling(pause: Pause) -> float:
    """The small nod after a phrase: 0 at rest, 1 lowest."""
    since_s = pause.since_s
    if since_s > 1.4:
        return 0.0
    return pause.weight * (ease((since_s - 0.25) / 0.38) - ease((since_s - 0.63) / 0.75))


class Life:
    """The idle and prosodic motion of one seed."""

    def __init__(self, settings: MotionSettings) -> None:
        self._noise = Noise(settings.seed)
        self._gaze = Gaze(self._noise)
        self._blinks = Blinks(self._noise, self._gaze, settings.blinks_per_min)
        self.scale = Glide(settings.motion_scale)
        """Of head and body; may be changed while they move."""
        self.attention = Attention(self._noise)
        """To a visitor who speaks; may be turned on and off while the face moves."""
        self._rest = np.zeros(len(COEFFICIENTS), np.float32)
        self._rest[_both("mouthSmile")] = settings.smile
        self._rest[_both("cheekSquint")] = 0.6 * settings.smile

    def pose(self, time_s: float, prosody: Prosody) -> Pose:
        """Head and chest at *time_s*."""
        drift, scale, lively = self._noise.drift, self.scale.at(time_s), prosody.lively
        breath = self.breath(time_s)
        listening = self.attention.at(time_s)
        calm = listening.drift
        down = NOD_DEG * prosody.nod + SETTLE_DEG * settling(prosody.pause) + listening.nod_deg
        yaw = self._turn(1, time_s, calm * 2.4, calm * 1.4, 3.0 * lively)
        roll = self._turn(9, time_s, calm * 1.2, calm * 0.6, 1.6 * lively, listening.tilt_deg)
        chin = 0.25 * breath - down - CHIN_DEG * listening.part
        pitch = self._turn(5, time_s, calm * 1.3, calm * 0.8, 1.8 * lively, chin)
        lean = LEAN * (drift(13, time_s, 8.0, 2) + lively) + listening.lean
        return Pose(
            yaw_deg=yaw,
            pitch_deg=pitch,
            roll_deg=roll,
            x=0.002 * yaw + scale * SWAY * drift(14, time_s, 7.0, 2),
            y=scale * (0.004 * drift(15, time_s, 6.5, 2) + 0.0025 * down) - 0.004 * breath,
            scale=1.0 + scale * lean,
            breath=breath,
        )

    def _turn(
        self, channel: int, time_s: float, idle_deg: float, shift_deg: float, speech_deg: float,
        besides_deg: float = 0.0,
    ) -> float:  # fmt: skip
        """One angle of the head, in degrees: slow drift, a new posture at times, life in speech."""
        noise = self._noise
        turned = idle_deg * noise.drift(channel, time_s, 6.0, 4)
        turned += shift_deg * noise.steps(channel + 1, time_s, 9.0, 0.9)
        turned += speech_deg * noise.drift(channel + 2, time_s, 1.5, 2)
        scale = self.scale.at(time_s)
        return HEAD_LIMIT_DEG * math.tanh(scale * (turned + besides_deg) / HEAD_LIMIT_DEG)

    def breath(self, time_s: float) -> float:
        """Chest: 0 out, up to 1 in; 12 to 17 breaths a minute, none as deep as the last."""
        # The wander's slope is bounded, so the rate stays within its range.
        turns = BREATH_HZ * time_s + 0.17 * self._noise.smooth(900, time_s / 16.0)
        count = math.floor(turns)
        phase = turns - count
        depth = (0.76 + 0.14 * self._noise.chance(901, count)) * self.scale.at(time_s)
        if phase < BREATH_IN:
            return depth * ease(phase / BREATH_IN)
        return depth * (1.0 - ease((phase - BREATH_IN) / (1.0 - BREATH_IN)))

    def gaze(self, time_s: float, pause: Pause) -> tuple[float, float]:
        """Where the eyes want to look, (yaw, pitch) in degrees from the visitor."""
        return self._gaze.at(time_s, pause, self.attention.at(time_s).elsewhere)

    def blink(self, time_s: float, prosody: Prosody) -> float:
        """Lid closure: 0 open, 1 shut."""
        return self._blinks.at(time_s, prosody, self.attention.at(time_s).part)

    def coefficients(self, time_s: float, prosody: Prosody, pose: Pose) -> FloatArray:
        """Eyes, brows and the friendly rest, shape (len(COEFFICIENTS),)."""
        out = self._rest.copy()
        yaw, pitch = self.gaze(time_s, prosody.pause)
        # The eyes turn against the head, so that they stay on the visitor.
        down = _look(out, yaw - 0.8 * pose.yaw_deg, pitch - 0.6 * pose.pitch_deg)
        # The upper lid follows the eye down.
        out[_BLINK] = max(self.blink(time_s, prosody), 0.3 * down)
        idle = 0.05 * max(0.0, self._noise.drift(60, time_s, 5.0))
        brow = BROW_RAISE * self.scale.at(time_s) * prosody.brow + idle
        brow += self.attention.at(time_s).brows
        out[_BROW_INNER] = min(brow, 1.0)
        out[_BROW_OUTER] = min(0.8 * brow, 1.0)
        return out


def _both(name: str) -> list[int]:
    return [INDEX[f"{name}_L"], INDEX[f"{name}_R"]]


_BLINK, _UP, _DOWN = _both("eyeBlink"), _both("eyeLookUp"), _both("eyeLookDown")
_BROW_INNER, _BROW_OUTER = _both("browInnerUp"), _both("browOuterUp")
# The viewer's right is the subject's left: the left eye turns out, the right one in.
_RIGHTWARD = [INDEX["eyeLookOut_L"], INDEX["eyeLookIn_R"]]
_LEFTWARD = [INDEX["eyeLookOut_R"], INDEX["eyeLookIn_L"]]


def _look(out: FloatArray, yaw_deg: float, pitch_deg: float) -> float:
    """Turn both eyes; how far they look down, 0..1, comes back."""
    out[_RIGHTWARD if yaw_deg > 0.0 else _LEFTWARD] = min(abs(yaw_deg) / EYE_RANGE_DEG, 1.0)
    height = min(abs(pitch_deg) / EYE_RANGE_DEG, 1.0)
    out[_UP if pitch_deg > 0.0 else _DOWN] = height
    return 0.0 if pitch_deg > 0.0 else height

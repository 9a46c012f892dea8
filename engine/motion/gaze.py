"""Where the eyes look: at the visitor, now and then away, aside in thought."""

import math
from dataclasses import dataclass
from typing import Final

from engine.motion.noise import Noise, ease
from engine.motion.pause import Pause

GAZE_CELL_S: Final = 6.5
"""The eyes may leave the visitor once in this time."""

LOOK_AWAY_CHANCE: Final = 0.45

THINKING_CHANCE: Final = 0.6
"""Of the pauses that last, those in which the eyes leave the visitor."""

THINKING_FROM_S: Final = (0.7, 1.3)
"""After the end of a phrase. Speakers look at the listener as they end, and away while they plan
(Kendon, *Some functions of gaze-direction*, 1967); shorter pauses lie within what is being said."""

THINKING_FOR_S: Final = (0.9, 2.6)
"""One to three seconds (Andrist et al., *Conversational gaze aversion for virtual agents*, 2013),
but never into speech: a voice brings the eyes back (``Pause.waiting``)."""


def saccade_s(degrees: float) -> float:
    """Duration of a saccade: 21 ms and 2.2 ms a degree (Bahill, Clark and Stark 1975)."""
    return 0.021 + 0.0022 * degrees


@dataclass(frozen=True, slots=True)
class Glance:
    """One look away from the visitor and back; times on whatever clock it was drawn for."""

    start_s: float
    end_s: float
    yaw_deg: float
    pitch_deg: float
    saccade_s: float
    draw: float = 0.0
    """Chance, 0..1, for what goes along with it."""

    def part(self, time_s: float) -> float:
        """0 at the visitor, 1 away."""
        if not self.start_s < time_s < self.end_s + self.saccade_s:
            return 0.0
        out = ease((time_s - self.start_s) / self.saccade_s)
        return out - ease((time_s - self.end_s) / self.saccade_s)


class Gaze:
    """The eyes of one seed."""

    def __init__(self, noise: Noise) -> None:
        self._noise = noise
        # The draws last asked for; what is answered depends on the arguments alone.
        self._glance: tuple[int, Glance | None] = (-1, self._draw_glance(-1))
        self._thought: tuple[int, Glance | None] = (-1, self._draw_thought(-1))

    def at(self, time_s: float, pause: Pause, free: float = 1.0) -> tuple[float, float]:
        """Where the eyes want to look, (yaw, pitch) in degrees from the visitor.

        Args:
            time_s: when.
            pause: of the voice, at that instant.
            free: how far they may leave the visitor: 1 as they like, 0 not at all.
        """
        yaw = 0.55 * self._noise.steps(70, time_s, 0.9, 0.025)
        pitch = 0.35 * self._noise.steps(71, time_s, 1.1, 0.025)
        thought = self.thought(pause)
        absent = free * thought.part(pause.since_s) * pause.waiting if thought else 0.0
        if thought and absent:
            yaw, pitch = yaw + absent * thought.yaw_deg, pitch + absent * thought.pitch_deg
        glance = self.glance(time_s)
        if glance is not None:
            part = free * (1.0 - absent) * glance.part(time_s)
            yaw, pitch = yaw + part * glance.yaw_deg, pitch + part * glance.pitch_deg
        return yaw, pitch

    def glance(self, time_s: float) -> Glance | None:
        """The look away of the cell that *time_s* lies in, if there is one."""
        cell = math.floor(time_s / GAZE_CELL_S)
        if self._glance[0] != cell:
            self._glance = (cell, self._draw_glance(cell))
        return self._glance[1]

    def thought(self, pause: Pause) -> Glance | None:
        """The look aside of this pause, on the clock ``Pause.since_s``, if there is one."""
        if self._thought[0] != pause.phrases:
            self._thought = (pause.phrases, self._draw_thought(pause.phrases))
        return self._thought[1]

    def _draw_glance(self, cell: int) -> Glance | None:
        drawn = [self._noise.chance(1000 + i, cell) for i in range(7)]
        if drawn[0] >= LOOK_AWAY_CHANCE:
            return None
        start_s = (cell + 0.05 + 0.45 * drawn[1]) * GAZE_CELL_S
        yaw_deg = math.copysign(5.0 + 8.0 * drawn[4], drawn[3] - 0.5)
        pitch_deg = -5.0 + 8.0 * drawn[5]
        return Glance(
            start_s=start_s,
            end_s=start_s + 0.6 + 1.6 * drawn[2],
            yaw_deg=yaw_deg,
            pitch_deg=pitch_deg,
            saccade_s=saccade_s(math.hypot(yaw_deg, pitch_deg)),
            draw=drawn[6],
        )

    def _draw_thought(self, phrase: int) -> Glance | None:
        """Up and aside, as most people do in thought (McCarthy et al., *Cultural display rules
        drive eye gaze during thinking*, 2006)."""
        drawn = [self._noise.chance(1200 + i, phrase) for i in range(6)]
        if drawn[0] >= THINKING_CHANCE:
            return None
        start_s = THINKING_FROM_S[0] + (THINKING_FROM_S[1] - THINKING_FROM_S[0]) * drawn[1]
        lasts_s = THINKING_FOR_S[0] + (THINKING_FOR_S[1] - THINKING_FOR_S[0]) * drawn[2]
        return Glance(
            start_s=start_s,
            end_s=start_s + lasts_s,
            yaw_deg=math.copysign(4.0 + 6.0 * drawn[4], drawn[3] - 0.5),
            pitch_deg=3.0 + 5.0 * drawn[5],
            saccade_s=saccade_s(24.0),  # it may begin at a glance to the other side
        )

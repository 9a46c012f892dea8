"""Where somebody at a microphone pauses: by loudness alone, above the noise of the place."""

from typing import Final

import numpy as np

from engine.media import FloatArray
from engine.timeline import SAMPLE_RATE_HZ, samples

FRAME_SAMPLES: Final = samples(0.01)

ABOVE_NOISE: Final = 3.0
"""Speech is louder than the noise by this factor (10 dB)."""

QUIETEST_LEVEL: Final = 0.002
"""Below -54 dBFS (root mean square) it is a pause in any case."""

LOUDEST_NOISE_LEVEL: Final = 0.02 / ABOVE_NOISE
"""What is steady and louder is no noise of a place."""

LOOK_BACK_SAMPLES: Final = samples(3.0)


class Pauses:
    """Hears one microphone at 48 kHz. The noise is what was quietest lately."""

    def __init__(self) -> None:
        self._quiet_samples = 0
        self._lows = [QUIETEST_LEVEL / ABOVE_NOISE] * 2
        """The least level of the stretch that is heard, and of the one before it."""
        self._heard_samples = 0

    @property
    def quiet_s(self) -> float:
        """How long the pause lasts by now; 0.0 while somebody speaks."""
        return self._quiet_samples / SAMPLE_RATE_HZ

    def hear(self, sound: FloatArray) -> None:
        """Take the next samples, shape (n,)."""
        for begin in range(0, len(sound), FRAME_SAMPLES):
            frame = sound[begin : begin + FRAME_SAMPLES]
            level = float(np.sqrt(np.mean(np.square(frame))))
            self._note(level, len(frame))
            noise = min(min(self._lows), LOUDEST_NOISE_LEVEL)
            if level > max(QUIETEST_LEVEL, ABOVE_NOISE * noise):
                self._quiet_samples = 0
            else:
                self._quiet_samples += len(frame)

    def _note(self, level: float, count: int) -> None:
        self._lows[0] = min(self._lows[0], level)
        self._heard_samples += count
        if self._heard_samples >= LOOK_BACK_SAMPLES:
            self._heard_samples = 0
            self._lows = [level, self._lows[0]]

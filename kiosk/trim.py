"""The outer trim: do the lips that are really sent move with the sound that is really sent?

Timestamps cannot tell a bias of the motion network or of a voice. The mouth's opening and the
envelope of speech can: where they agree best, shifted against each other, tells how late the mouth
is (audio-visual correlation, after Bredin & Chollet, 2007). It is slow and shy: it moves by a few
milliseconds, and only when several stretches of speech say the same. Pure.
"""

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.timeline import PACKET_SAMPLES, SAMPLE_RATE_HZ

STEP_SAMPLES: Final = PACKET_SAMPLES
STEP_MS: Final = 1000.0 * STEP_SAMPLES / SAMPLE_RATE_HZ
WINDOW_STEPS: Final = 750
"""15 s."""

EVERY_STEPS: Final = 250
"""5 s between estimates."""

MAX_LAG_STEPS: Final = 12
"""240 ms either way."""

NATURAL_MS: Final = -10.0
"""How late the jaw's opening is behind the envelope in speech that is in step: measured on half a
minute of English and Mandarin with the motion network that ships, -7.6 to -19 ms."""

MIN_CORRELATION: Final = 0.45
MIN_PROMINENCE: Final = 0.15
"""The best agreement must stand out from that half a window of lags away by this much."""

MIN_SPEECH_SHARE: Final = 0.3
AGREEING: Final = 3
"""Estimates in a row that must agree ..."""

AGREE_MS: Final = 15.0
"""... within this."""

MAX_STEP_MS: Final = 5.0
MAX_TRIM_MS: Final = 30.0
DEAD_MS: Final = 10.0
"""A bias below this is not told from chance."""

SPEECH_RMS: Final = 0.01

Array = NDArray[np.float64]


class OuterTrim:
    """Watches what one stage sends and says what to add to its lip-sync correction."""

    def __init__(self, natural_ms: float = NATURAL_MS) -> None:
        """Nothing is known yet; the trim is 0."""
        self.trim_ms = 0.0
        self.bias_ms: float | None = None
        """The latest estimate of how late the mouth is; None while it is not confident."""
        self._natural_ms = natural_ms
        self._mouth: dict[int, float] = {}
        self._sound: deque[tuple[int, float]] = deque(maxlen=WINDOW_STEPS)
        self._estimates: deque[float] = deque(maxlen=AGREEING)
        self._heard = 0

    def show(self, pts: int, opening: float) -> None:
        """A picture was sent whose mouth belongs to the sound at *pts*, open by *opening*."""
        self._mouth[pts] = opening
        while len(self._mouth) > WINDOW_STEPS:
            del self._mouth[next(iter(self._mouth))]

    def hear(self, pts: int, rms: float) -> None:
        """A packet of sound was sent, as loud as *rms*; updates the trim now and then."""
        self._sound.append((pts, rms))
        self._heard += 1
        if self._heard % EVERY_STEPS == 0 and len(self._sound) == WINDOW_STEPS:
            self._update()

    def _update(self) -> None:
        pts = np.array([at for at, _ in self._sound], np.float64)
        rms = np.array([loud for _, loud in self._sound])
        shown = np.array(sorted(self._mouth), np.float64)
        lag_ms = None
        if len(shown) > 2 and (rms > SPEECH_RMS).mean() > MIN_SPEECH_SHARE:
            opening = np.array([self._mouth[int(at)] for at in shown])
            # The middle of a packet against the instant of a picture.
            mouth = np.interp(pts + STEP_SAMPLES / 2, shown, opening)
            lag_ms = lateness_ms(mouth, np.sqrt(rms))
        if lag_ms is None:
            self._estimates.clear()
            self.bias_ms = None
            return
        self._estimates.append(lag_ms - self._natural_ms)
        self._move()

    def _move(self) -> None:
        agree = np.ptp(list(self._estimates)) <= AGREE_MS
        self.bias_ms = float(np.median(list(self._estimates))) if agree else None
        if self.bias_ms is None or len(self._estimates) < AGREEING:
            return
        aim_ms = self.bias_ms if abs(self.bias_ms) > DEAD_MS else 0.0
        aim_ms = max(-MAX_TRIM_MS, min(MAX_TRIM_MS, aim_ms))
        self.trim_ms += max(-MAX_STEP_MS, min(MAX_STEP_MS, aim_ms - self.trim_ms))


def lateness_ms(mouth: Array, envelope: Array) -> float | None:
    """How late *mouth* is behind *envelope*; None if they do not clearly agree.

    Args:
        mouth: shape (n,), one value for each step of 20 ms.
        envelope: shape (n,), likewise.
    """
    inner = slice(MAX_LAG_STEPS, len(envelope) - MAX_LAG_STEPS)
    reference = _normal(envelope[inner])
    lags = range(-MAX_LAG_STEPS, MAX_LAG_STEPS + 1)
    width = len(reference)
    agreement = np.array(
        [float(reference @ _normal(mouth[MAX_LAG_STEPS + lag :][:width])) / width for lag in lags]
    )
    best = int(agreement.argmax())
    if not 0 < best < len(agreement) - 1 or agreement[best] < MIN_CORRELATION:
        return None
    far = [best - MAX_LAG_STEPS // 2, best + MAX_LAG_STEPS // 2]
    beside = max(float(agreement[at]) for at in far if 0 <= at < len(agreement))
    if agreement[best] - beside < MIN_PROMINENCE:
        return None
    before, top, after = agreement[best - 1 : best + 2]
    vertex = 0.5 * (before - after) / (before - 2 * top + after)
    return float((best - MAX_LAG_STEPS + vertex) * STEP_MS)


def _normal(values: Array) -> Array:
    spread = values.std()
    return (values - values.mean()) / spread if spread > 1e-9 else np.zeros_like(values)

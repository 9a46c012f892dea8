"""How the avatar's own voice comes back through a microphone: how late, and how loud.

The delay is where the bands' envelopes of what was heard resemble most those of what was played
(normalised cross-correlation of log envelopes); the gain of each band is a high quantile of heard
over played, so that somebody who speaks over the avatar for a moment hardly moves it.

What was played and what is heard arrive by different clocks, in bursts. Both are counted in frames
of 20 ms; the median of the difference over a second joins them, and the delay takes the rest.
"""

from collections import deque
from statistics import median_low
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from engine.media import FloatArray
from kiosk.listen.bands import BANDS
from kiosk.listen.frames import FRAME_S, SILENCE_DB

MAX_DELAY_FRAMES: Final = 27
"""540 ms: the browser's buffers, the room and the microphone's."""

MIN_DELAY_FRAMES: Final = -2
"""Counting by bursts may be off by so much."""

HISTORY_FRAMES: Final = 400
"""Eight seconds, of which gain and delay are learnt."""

LEARN_EVERY_FRAMES: Final = 25

SMEAR_FRAMES: Final = 1
"""A frame that was played falls between two that are heard."""

MIN_RESEMBLANCE: Final = 0.35
MIN_ACTIVE_FRAMES: Final = 25
"""Half a second of the avatar's voice, before which nothing is known."""

START_GAIN_DB: Final = 10.0
"""Before anything is known: nobody is heard over the avatar's voice."""

GAIN_QUANTILE: Final = 0.8
QUIETEST_ACTIVE_DB: Final = -65.0
ACTIVE_RANGE_DB: Final = 22.0
"""What is played counts as loud within so much of the loudest."""

_SKEW_FRAMES: Final = 50
_SKEW_SLACK: Final = 1


class EchoPath:
    """Learns delay and gain while it runs; one column of levels at a time."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        shape = (HISTORY_FRAMES + MAX_DELAY_FRAMES - MIN_DELAY_FRAMES + 128, BANDS)
        self._played = np.full(shape, SILENCE_DB, np.float32)
        self._heard = np.full((HISTORY_FRAMES, BANDS), SILENCE_DB, np.float32)
        self._clean = self._heard.copy()
        self.played_count = 0
        self.heard_count = 0
        self.delay_frames: int | None = None
        self.gain_db: FloatArray = np.full(BANDS, START_GAIN_DB, np.float32)
        self._same_since = 0
        self._skew = 0
        self._skews: deque[int] = deque(maxlen=_SKEW_FRAMES)
        self._candidate: int | None = None

    @property
    def delay_ms(self) -> float | None:
        """How much later what is played is heard; None: not known."""
        return None if self.delay_frames is None else 1000.0 * FRAME_S * self.delay_frames

    def play(self, levels_db: FloatArray) -> None:
        """Take in the levels, shape (BANDS,), of the next frame that is played."""
        self._played[self.played_count % len(self._played)] = levels_db
        self.played_count += 1

    def hear(self, heard_db: FloatArray, clean_db: FloatArray) -> FloatArray:
        """Take in the levels of the next frame that is heard.

        Args:
            heard_db: as the microphone gave it, shape (BANDS,).
            clean_db: after echo cancellation, if there is any; the gain is of this.

        Returns:
            The level in each band of what was played of which this frame may be the echo.
        """
        self._heard[self.heard_count % HISTORY_FRAMES] = heard_db
        self._clean[self.heard_count % HISTORY_FRAMES] = clean_db
        self.heard_count += 1
        self._join()
        if self.heard_count % LEARN_EVERY_FRAMES == 0:
            self._learn()
        newest, oldest = self._lags
        at = self.played_at(self.heard_count - 1)
        return np.asarray(self._rows(at - oldest, at - newest + 1).max(axis=0), np.float32)

    def relearn_gain(self) -> None:
        """What is heard from now on is cleaned otherwise: nobody is heard until that is known."""
        self.gain_db[:] = START_GAIN_DB
        self._same_since = self.heard_count

    def played_at(self, heard: int) -> int:
        """Which frame was being played when frame *heard* came, delay aside."""
        return heard + self._skew

    @property
    def _lags(self) -> tuple[int, int]:
        """Between which delays the echo lies, both inclusive."""
        if self.delay_frames is None:
            return MIN_DELAY_FRAMES, MAX_DELAY_FRAMES
        return self.delay_frames - SMEAR_FRAMES, self.delay_frames + SMEAR_FRAMES

    def _join(self) -> None:
        self._skews.append(self.played_count - self.heard_count)
        middle = median_low(self._skews)
        if abs(middle - self._skew) > _SKEW_SLACK:
            self._skew = middle

    def _rows(self, start: int, end: int) -> FloatArray:
        """Levels of the frames played in [start, end); silence where there are none."""
        index = np.arange(start, end)
        known = (index >= max(0, self.played_count - len(self._played))) & (
            index < self.played_count
        )
        rows = self._played[index % len(self._played)]
        rows[~known] = SILENCE_DB
        return np.asarray(rows, np.float32)

    def _last(self, ring: FloatArray) -> FloatArray:
        """The last frames of a ring of what was heard, in order."""
        count = min(self.heard_count, HISTORY_FRAMES)
        index = np.arange(self.heard_count - count, self.heard_count)
        return np.asarray(ring[index % HISTORY_FRAMES])

    def _learn(self) -> None:
        count = min(self.heard_count, HISTORY_FRAMES)
        start = self.played_at(self.heard_count - count)
        played = self._rows(start - MAX_DELAY_FRAMES, start + count - MIN_DELAY_FRAMES)
        loudest_db = played.max(axis=0)
        if (played.max(axis=1) > QUIETEST_ACTIVE_DB).sum() < MIN_ACTIVE_FRAMES:
            return
        self._learn_delay(_clipped(self._last(self._heard)), _clipped(played))
        self._learn_gain(played, count, loudest_db)

    def _learn_delay(self, heard: FloatArray, played: FloatArray) -> None:
        """Believe a delay that is found twice running."""
        lag, resemblance = best_lag(heard, played)
        found = MAX_DELAY_FRAMES - lag
        if resemblance < MIN_RESEMBLANCE:
            self._candidate = None
            return
        if self._candidate is not None and abs(found - self._candidate) <= 1:
            self.delay_frames = found
        self._candidate = found

    def _learn_gain(self, played: FloatArray, count: int, loudest_db: FloatArray) -> None:
        newest, oldest = self._lags
        # Row k of `around` is the loudest that was played at the delays of heard frame k.
        around = sliding_window_view(played, oldest - newest + 1, axis=0).max(axis=-1)
        around = around[MAX_DELAY_FRAMES - oldest :][:count]
        active = around > np.maximum(QUIETEST_ACTIVE_DB, loudest_db - ACTIVE_RANGE_DB)
        active[: max(0, self._same_since - (self.heard_count - count))] = False
        clean = self._last(self._clean)[: len(around)]
        for band in range(BANDS):
            ratio = (clean[:, band] - around[:, band])[active[:, band]]
            if len(ratio) >= MIN_ACTIVE_FRAMES:
                self.gain_db[band] = np.quantile(ratio, GAIN_QUANTILE)


def _clipped(levels_db: FloatArray) -> FloatArray:
    """Envelopes without the depth of their silences."""
    return np.asarray(np.maximum(levels_db, levels_db.max(axis=0) - 40.0), np.float32)


def best_lag(short: FloatArray, long: FloatArray) -> tuple[int, float]:
    """Where *short* lies in *long*.

    Args:
        short: envelopes, shape (n, bands).
        long: envelopes, shape (n + k, bands).

    Returns:
        The row of *long* at which *short* fits best, and how well: the correlation, at most 1,
        averaged over the bands.
    """
    count = len(short)
    centred = short - short.mean(axis=0)
    norm = np.sqrt((centred**2).sum(axis=0)) + 1e-6
    fits: list[float] = []
    for lag in range(len(long) - count + 1):
        part = long[lag : lag + count]
        part = part - part.mean(axis=0)
        part_norm: NDArray[np.float32] = np.sqrt((part**2).sum(axis=0)) + 1e-6
        fits.append(float(np.mean((centred * part).sum(axis=0) / norm / part_norm)))
    lag = int(np.argmax(fits))
    return lag, fits[lag]

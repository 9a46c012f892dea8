"""How the avatar's own voice comes back through a microphone: how late, and how loud.

The delay is where the bands' envelopes of what was heard resemble most those of what was played
(normalised cross-correlation of log envelopes); the gain of each band is a high quantile of heard
over played, so that somebody who speaks over the avatar for a moment hardly moves it.

What was played and what is heard arrive by different clocks, in bursts, and some of it is lost.
Both are counted in frames of 20 ms; the least difference of late joins them, as a frame can come
late and not early, and the delay takes the rest. Where the counts differ by more just now, the echo
may lie anywhere between.
"""

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.media import FloatArray
from kiosk.listen.bands import BANDS
from kiosk.listen.frames import SILENCE_DB

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

UNSETTLED_FRAMES: Final = 2
SETTLE_FRAMES: Final = 200

MAX_BURST_FRAMES: Final = 10
"""Frames that come at once; of more, some are taken for lost."""


class EchoPath:
    """Learns delay and gain while it runs; one column of levels at a time."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        shape = (HISTORY_FRAMES + MAX_DELAY_FRAMES - MIN_DELAY_FRAMES + 256, BANDS)
        self._played = np.full(shape, SILENCE_DB, np.float32)
        self._heard = np.full((HISTORY_FRAMES, BANDS), SILENCE_DB, np.float32)
        self._clean = self._heard.copy()
        self._while_played = np.zeros(HISTORY_FRAMES, np.int64)
        self.played_count = 0
        self.heard_count = 0
        self.delay_frames: int | None = None
        """How much later what is played is heard; None: not known."""
        self.gain_db: FloatArray = np.full(BANDS, START_GAIN_DB, np.float32)
        """Of what is left after echo cancellation, in each band."""
        self.whole_gain_db: FloatArray = self.gain_db.copy()
        """Without cancellation."""
        self._same_since = 0
        self._skews: deque[int] = deque(maxlen=MAX_BURST_FRAMES)
        self._moved_count = 0
        self._candidate: int | None = None

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
        before = self.skew
        self._skews.append(self.played_count - self.heard_count - 1)
        if self.skew != before:
            self._moved_count = self.heard_count
        row, at = self.heard_count % HISTORY_FRAMES, self.heard_count + self.skew
        self._heard[row], self._clean[row], self._while_played[row] = heard_db, clean_db, at
        self.heard_count += 1
        if self.heard_count % LEARN_EVERY_FRAMES == 0:
            self._learn()
        newest, oldest = self._lags
        late = self._skews[-1] - self.skew
        played = self._rows(np.arange(at - oldest, at - newest + late + 1))
        return np.asarray(played.max(axis=0), np.float32)

    @property
    def settled(self) -> bool:
        """Whether the counts are joined now as they have been for four seconds."""
        late = self._skews[-1] - self.skew if self._skews else 0
        return late < UNSETTLED_FRAMES and self.heard_count - self._moved_count > SETTLE_FRAMES

    @property
    def skew(self) -> int:
        """Which frame was being played when frame 0 was heard, delay aside."""
        return min(self._skews, default=0)

    def relearn_gain(self) -> None:
        """What is heard from now on is cleaned otherwise: nobody is heard until that is known."""
        self.gain_db[:] = START_GAIN_DB
        self._same_since = self.heard_count

    @property
    def _lags(self) -> tuple[int, int]:
        """Between which delays the echo lies, both inclusive."""
        if self.delay_frames is None:
            return MIN_DELAY_FRAMES, MAX_DELAY_FRAMES
        return self.delay_frames - SMEAR_FRAMES, self.delay_frames + SMEAR_FRAMES

    def _rows(self, index: NDArray[np.int64]) -> FloatArray:
        """Levels of the frames played at *index*, any shape; silence where there are none."""
        oldest = max(0, self.played_count - len(self._played))
        rows = self._played[index % len(self._played)]
        rows[(index < oldest) | (index >= self.played_count)] = SILENCE_DB
        return np.asarray(rows, np.float32)

    def _learn(self) -> None:
        count = min(self.heard_count, HISTORY_FRAMES)
        rows = np.arange(self.heard_count - count, self.heard_count) % HISTORY_FRAMES
        lags = np.arange(MIN_DELAY_FRAMES, MAX_DELAY_FRAMES + 1)
        played = self._rows(self._while_played[rows] - lags[:, None])
        active = played[-MIN_DELAY_FRAMES].max(axis=1) > QUIETEST_ACTIVE_DB
        if active.sum() < MIN_ACTIVE_FRAMES:
            return
        self._learn_delay(self._heard[rows], played)
        for heard, gain_db in (
            (self._clean[rows], self.gain_db),
            (self._heard[rows], self.whole_gain_db),
        ):
            self._learn_gain(heard, played, gain_db)

    def _learn_delay(self, heard: FloatArray, played: FloatArray) -> None:
        """Believe a delay that is found twice running."""
        found, resemblance = most_alike(heard, played)
        found += MIN_DELAY_FRAMES
        if resemblance < MIN_RESEMBLANCE:
            self._candidate = None
            return
        if self._candidate is not None and abs(found - self._candidate) <= 1:
            self.delay_frames = found
        self._candidate = found

    def _learn_gain(self, heard: FloatArray, played: FloatArray, gain_db: FloatArray) -> None:
        newest, oldest = (lag - MIN_DELAY_FRAMES for lag in self._lags)
        around = played[max(0, newest) : oldest + 1].max(axis=0)
        loud = np.maximum(QUIETEST_ACTIVE_DB, around.max(axis=0) - ACTIVE_RANGE_DB)
        active = around > loud
        if gain_db is self.gain_db:
            active[: max(0, self._same_since - (self.heard_count - len(heard)))] = False
        for band in range(BANDS):
            ratio = (heard[:, band] - around[:, band])[active[:, band]]
            if len(ratio) >= MIN_ACTIVE_FRAMES:
                gain_db[band] = np.quantile(ratio, GAIN_QUANTILE)


def _centred(levels_db: FloatArray) -> FloatArray:
    """Envelopes, shape (..., n, bands), without their silences' depth, of mean 0 and length 1."""
    clipped = np.maximum(levels_db, levels_db.max(axis=-2, keepdims=True) - 40.0)
    centred = clipped - clipped.mean(axis=-2, keepdims=True)
    length = np.sqrt((centred**2).sum(axis=-2, keepdims=True)) + 1e-6
    return np.asarray(centred / length, np.float32)


def most_alike(heard: FloatArray, played: FloatArray) -> tuple[int, float]:
    """Which of several envelopes resembles what was heard most.

    Args:
        heard: shape (n, bands), in dB.
        played: shape (lags, n, bands), in dB.

    Returns:
        Its index, and how well: the correlation, at most 1, averaged over the bands.
    """
    fits = (_centred(played) * _centred(heard)).sum(axis=1).mean(axis=1)
    best = int(np.argmax(fits))
    return best, float(fits[best])

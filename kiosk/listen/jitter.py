"""A jitter buffer: sound that arrives unevenly, given evenly, with as little delay as it allows.

What decides is the *reserve*: how much was held at the least, after a packet was taken, over the
last seconds. More than a little of it is delay for nothing, less means that the next late packet is
missed. The reserve is kept by leaving out or repeating a few milliseconds where it is quiet, and
elsewhere by playing faster or slower by a share that nobody hears. Clocks that differ, bursts and
changed jitter are all the same to it. How long it looks back grows with every packet that is missed
and shrinks again when none is, so that jitter that comes back finds its reserve.
"""

import time
from collections.abc import Callable
from typing import Final

import numpy as np

from engine.media import FloatArray
from engine.timeline import SAMPLE_RATE_HZ, samples
from kiosk.listen.interpolate import Interpolator
from kiosk.listen.reserve import Reserve
from kiosk.listen.sound_store import FADE_SAMPLES, KEPT_SAMPLES, SoundStore

PRIME_SAMPLES: Final = samples(0.04)
"""Held before sound is given: at first, and after it ran out."""

LIMIT_SAMPLES: Final = samples(0.5)
"""Held at most, unless told otherwise; beyond it the oldest goes."""

SETTLING_S: Final = 0.01
"""Whoever begins to take fills the lead first, several packets in one moment; they stay silent, for
sound would not come as quickly."""

BEND: Final = 1 / 240
"""By what share it is played faster or slower: 7 cents, where a trained ear tells 5 in steady tones
and a voice wanders by 100 and more."""

LONG_GAP_SAMPLES: Final = SAMPLE_RATE_HZ
"""A gap longer than this is a pause of the sender's: neither counted nor learnt from."""

QUIET_SHARE: Final = 0.05
"""Quiet is what stays below this share of the loudest sample lately (26 dB)."""

LEAST_LOUD: Final = 0.04
LOUD_HALVES_S: Final = 10.0

_BEND_REACH: Final = 8
_BETWEEN: Final = Interpolator(_BEND_REACH)


class JitterBuffer:
    """A ``LiveSound`` at 48 kHz, mono, full scale ±1.0. Pushed to and taken from in one thread."""

    def __init__(
        self,
        limit_samples: int = LIMIT_SAMPLES,
        clock: Callable[[], float] = time.monotonic,
        on_take: Callable[[], None] = lambda: None,
        waiting_limit_samples: int | None = None,
    ) -> None:
        """Make an empty buffer.

        Args:
            limit_samples: held at most; the oldest is dropped.
            clock: seconds; used only to tell the first moment from later ones.
            on_take: called after every ``take``.
            waiting_limit_samples: held at most before the first ``take``; None: as much.
        """
        self.catches_up = True
        """Whether a reserve that is too large is reduced. False for a sender that is held back:
        what it is ahead is no delay."""
        self.concealed_samples = 0
        """Given in place of what had not come, pauses of the sender's left out."""
        self.dropped_samples = 0
        """What came and was never given, because too much was held."""
        self._limit_samples = limit_samples
        self._store = SoundStore(limit_samples)
        self._store.limit_samples = waiting_limit_samples or limit_samples
        self._clock = clock
        self._on_take = on_take
        self._reserve = Reserve()
        self._playing = False
        self._ending = False
        self._first_take_s: float | None = None
        self._gap_samples: int | None = None
        """How long the gap lasts that it is in; None before the first sound."""
        self._dying: FloatArray = np.zeros(0, np.float32)
        """What is still to be given of sound that ran out."""
        self._loudest = LEAST_LOUD

    @property
    def held_samples(self) -> int:
        """What has come and was not given yet."""
        return self._store.held_samples

    @property
    def begun(self) -> bool:
        """Whether anything was asked for yet."""
        return self._first_take_s is not None

    @property
    def ended(self) -> bool:
        """Whether all was given and nothing more comes."""
        return self._ending and not self._store.held_samples and not len(self._dying)

    def push(self, samples: FloatArray) -> None:
        """Take in what has come, shape (n,); nothing after ``end``."""
        if self._ending:
            self.dropped_samples += len(samples)
            return
        self.dropped_samples += self._store.append(samples)

    def end(self) -> None:
        """Nothing more comes; what is held is still given, dying away at its end."""
        if not self._ending and (self._store.held_samples or self._playing):
            self._store.die_away()
        self._ending = True

    def clear(self) -> None:
        """Forget what is held, and end."""
        self.dropped_samples += self._store.clear()
        self._dying = self._dying[:0]
        self._ending = True

    def take(self, count: int) -> FloatArray:
        """The next *count* samples, shape (count,): silence until enough is held."""
        if self._first_take_s is None:
            self._first_take_s = self._clock()
            self._store.limit_samples = self._limit_samples
        if not self._playing and self._is_primed():
            self._start()
        sound = self._play(count) if self._playing else self._wait(count)
        self._on_take()
        return sound

    def _is_primed(self) -> bool:
        if self._ending:
            return self._store.held_samples > 0
        assert self._first_take_s is not None
        settled = self._clock() - self._first_take_s >= SETTLING_S
        return settled and self._store.held_samples >= min(PRIME_SAMPLES, self._limit_samples)

    def _start(self) -> None:
        self._playing = True
        self._store.fade_in()
        rest = self._store.around(0, min(len(self._dying), self._store.held_samples))
        rest += self._dying[: len(rest)]
        self._dying = self._dying[:0]
        if self._gap_samples is not None:
            self._reserve.missed(late=self._gap_samples < LONG_GAP_SAMPLES)

    def _wait(self, count: int) -> FloatArray:
        sound = np.zeros(count, np.float32)
        dying = self._dying[:count]
        sound[: len(dying)] = dying
        self._dying = self._dying[len(dying) :]
        if self._gap_samples is not None and not self._ending:
            if self._gap_samples < LONG_GAP_SAMPLES:
                self.concealed_samples += count
            self._gap_samples += count
        return sound

    def _play(self, count: int) -> FloatArray:
        if self._store.held_samples < count:
            return self._run_out(count)
        sound = self._store.take(count) if self._ending else self._correct(count)
        self._reserve.observe(self._store.held_samples, count)
        fade = 0.5 ** (count / (LOUD_HALVES_S * SAMPLE_RATE_HZ))
        peak = float(np.abs(sound).max(initial=0.0))
        self._loudest = max(peak, LEAST_LOUD, self._loudest * fade)
        return sound

    def _run_out(self, count: int) -> FloatArray:
        """What is left, dying away, then silence."""
        if not self._ending:
            self._dying = self._store.echo()
        left = self._store.take(count)
        self._playing = False
        self._gap_samples = 0
        return np.concatenate([left, self._wait(count - len(left))])

    def _correct(self, count: int) -> FloatArray:
        """Take *count*, moving the reserve towards what it should be."""
        surplus = self._reserve.surplus_samples
        if surplus > 0 and not self.catches_up:
            surplus = 0
        if surplus:
            surplus -= self._jump(surplus, count)
        limit = int(BEND * count)
        bend = max(-limit, min(limit, surplus))
        if not bend or count <= _BEND_REACH or self._store.held_samples < count + bend:
            return self._store.take(count)
        return self._bend(count, bend)

    def _bend(self, count: int, bend: int) -> FloatArray:
        """*count* samples out of ``count + bend``, the last few, which have no others after them
        to look at, as they are."""
        bent = count - _BEND_REACH
        lying = self._store.around(_BEND_REACH, count + bend)
        places = np.arange(bent, dtype=np.int64) * (bent + bend)
        whole = places // bent
        part = ((places % bent) / bent).astype(np.float32)
        sound = _BETWEEN.at(lying, whole + _BEND_REACH, part)
        self._store.take(bent + bend)
        self._reserve.moved(bend)
        return np.concatenate([sound, self._store.take(_BEND_REACH)])

    def _jump(self, surplus: int, count: int) -> int:
        """Leave out what is quiet, or repeat it; returns by how much the reserve shrinks."""
        if surplus > 0:
            most = min(surplus, self._store.held_samples - count - FADE_SAMPLES)
            jump = max(0, min(most, self._quiet(0, most + FADE_SAMPLES) - FADE_SAMPLES))
        else:
            jump = max(surplus, FADE_SAMPLES - KEPT_SAMPLES)
            if self._quiet(-jump, FADE_SAMPLES - jump) < FADE_SAMPLES - jump:
                return 0
        if abs(jump) < FADE_SAMPLES:
            return 0
        self._store.jump(jump)
        self._reserve.moved(jump)
        return jump

    def _quiet(self, before: int, count: int) -> int:
        """How many of the *count* samples from *before* on are quiet, up to the first loud one."""
        lying = self._store.around(before, count - before)
        loud = np.abs(lying) > QUIET_SHARE * self._loudest
        return int(loud.argmax()) if loud.any() else len(lying)

"""One connected source of live sound at one stage."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final, Literal, Protocol

import numpy as np

from engine.media import FloatArray
from engine.timeline import MEL_SAMPLE_RATE_HZ
from kiosk.listen.pace import Pace
from kiosk.listen.resample import Resampler
from kiosk.stage import Stage

logger = logging.getLogger(__name__)

Kind = Literal["microphone", "whip", "pcm"]

VISITOR_ROOM_S: Final = 0.5
"""How far ahead of the clock a visitor's sound may be before it waits."""

VISITOR_LIMIT_S: Final = 2.0
"""How far before it is dropped."""


class Inlet(ABC):
    """What the two kinds of inlet share. Used from the event loop only."""

    def __init__(self, stage: Stage, in_rate_hz: int, out_rate_hz: int) -> None:
        """Lead to *stage*.

        Args:
            stage: where the sound goes.
            in_rate_hz: of what is pushed.
            out_rate_hz: of what the inlet hands on.
        """
        self.stage = stage
        self.closed = False
        self.utterance = ""
        """Name of the utterance that is being spoken, or will be next; empty for a visitor."""
        self.dropped_samples = 0
        """What was pushed and went nowhere, at the inlet's rate."""
        self.on_said: Callable[[str, bool], None] = lambda _utterance, _interrupted: None
        """Told once for each ``end_utterance``, when all has been said or broken off."""
        self.on_interrupted: Callable[[str], None] = lambda _utterance: None
        """Told when an utterance is broken off while it is still being pushed."""
        self.closing: list[Callable[[], None]] = []
        """Called once, when the inlet closes for whatever reason."""
        self._out_rate_hz = out_rate_hz
        self._resampler = Resampler(in_rate_hz, out_rate_hz)

    @property
    def held_samples(self) -> int:
        """What has come and was not given on yet, at 48 kHz."""
        return 0

    @property
    def concealed_s(self) -> float:
        """How much of what was given on did not come in time."""
        return 0.0

    @property
    def dropped_s(self) -> float:
        """How much of what was pushed went nowhere."""
        return self.dropped_samples / self._out_rate_hz

    def push(self, samples: FloatArray) -> None:
        """Take the next samples, mono at the source's rate, shape (n,); what is no sound is 0."""
        if self.closed or not len(samples):
            return
        if not np.isfinite(samples).all():
            samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
        self._hear(self._resampler.push(np.clip(samples, -1.0, 1.0).astype(np.float32)))

    async def room(self) -> None:
        """Wait while too much is held."""
        return

    @abstractmethod
    def end_utterance(self) -> None:
        """What was pushed so far belongs together, and is complete."""

    def close(self) -> None:
        """Nothing more comes. May be called again."""
        if self.closed:
            return
        self._finish()
        self.closed = True
        for tell in tuple(self.closing):
            tell()

    @abstractmethod
    def _hear(self, sound: FloatArray) -> None:
        """Take *sound* at the inlet's rate."""

    @abstractmethod
    def _finish(self) -> None:
        """Let go of the stage."""


class Hears(Protocol):
    """An ear at a stage; see ``barge_in.BargeIn``."""

    def hear(self, samples: FloatArray) -> None:
        """Take what a visitor says, 16 kHz mono, shape (n,), as it arrives."""
        ...

    def close(self) -> None:
        """Nobody is there any more."""
        ...


class VisitorInlet(Inlet):
    """A visitor, whom the avatar hears."""

    def __init__(self, stage: Stage, rate_hz: int, ear: Hears) -> None:
        """Let *ear* hear what is pushed at *rate_hz*."""
        super().__init__(stage, rate_hz, MEL_SAMPLE_RATE_HZ)
        self._ear = ear
        self._pace = Pace(asyncio.get_running_loop().time)

    async def room(self) -> None:
        """Wait until the visitor is not further ahead of the clock than anybody can speak."""
        await asyncio.sleep(max(0.0, self._pace.ahead_s - VISITOR_ROOM_S))

    def end_utterance(self) -> None:
        """The ear finds the ends by itself; what the resampler holds is heard."""
        self._hear(self._resampler.flush())
        self.on_said("", False)

    def _hear(self, sound: FloatArray) -> None:
        if self._pace.ahead_s > VISITOR_LIMIT_S:
            self.dropped_samples += len(sound)
            return
        self._pace.push(len(sound) / MEL_SAMPLE_RATE_HZ)
        self._ear.hear(sound)

    def _finish(self) -> None:
        self._ear.close()

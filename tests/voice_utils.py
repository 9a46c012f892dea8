"""A source that speaks at a stage, and what it was told."""

import asyncio

import numpy as np
from numpy.typing import NDArray

from kiosk.listen.inlet import Kind
from kiosk.listen.voice_inlet import VoiceInlet
from kiosk.stage import Stage
from tests.live_utils import Source, steady
from tests.stage_utils import Recorder


class Voice:
    """A source at a stage, and what it was told."""

    def __init__(
        self, stage: Stage, kind: Kind = "pcm", rate_hz: int = 48_000, takeover: bool = False
    ) -> None:
        self.inlet = VoiceInlet(stage, kind, rate_hz, takeover)
        self.rate_hz = rate_hz
        self.said: list[tuple[str, bool]] = []
        self.interrupted: list[str] = []
        self.inlet.on_said = self._said
        self.inlet.on_interrupted = self.interrupted.append
        self.pushed = 0
        self._told = asyncio.Event()

    def _said(self, name: str, interrupted: bool) -> None:
        self.said.append((name, interrupted))
        self._told.set()

    async def told(self, count: int) -> None:
        """Wait until *count* ends were told."""
        while len(self.said) < count:
            self._told.clear()
            await self._told.wait()

    async def speak(self, duration_s: float, make: Source = steady) -> None:
        for _ in range(round(duration_s / 0.02)):
            self.push(make)
            await asyncio.sleep(0.02)

    def push(self, make: Source = steady) -> None:
        count = self.rate_hz // 50
        self.inlet.push(make(self.pushed, count))
        self.pushed += count


def loud(recorder: Recorder) -> NDArray[np.bool_]:
    """Of every tenth of a second that left, whether it was loud."""
    sound = recorder.sound()
    blocks = sound[: len(sound) // 4_800 * 4_800].reshape(-1, 4_800)
    return np.asarray(np.abs(blocks).max(axis=1) > 0.1)


def events(recorder: Recorder) -> list[tuple[object, object]]:
    return [(m["utterance"], m["event"]) for m in recorder.of_type("utterance")]

"""What the speech tests share: where the voices are, and a voice that costs nothing."""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from engine.media import FloatArray
from kiosk.speech import assets
from kiosk.speech.registry import Voices
from kiosk.speech.stop import StopSignal
from kiosk.speech.voice import Speech, Voice, VoiceError, VoiceInfo, WordTime

VOICES_DIR = assets.default_voices_dir()

needs_voices = pytest.mark.skipif(
    assets.model_path(VOICES_DIR) is None or "af_heart" not in assets.style_paths(VOICES_DIR),
    reason="the voices are not set up: make setup",
)


class FakeVoice:
    """Says a tenth of a second for each word. Can be held up, stopped and made to fail."""

    def __init__(self, name: str = "fake", language: str = "en") -> None:
        self.info = VoiceInfo(name, "kokoro", (language,), "female", "CC0-1.0")
        self.gate = threading.Event()
        self.gate.set()
        self.busy = threading.Event()
        self.spoken: list[str] = []
        self.level = 0.0
        self.error: Exception | None = None
        self.on_speak: Callable[[], None] = lambda: None

    def speak(self, text: str, rate: float = 1.0) -> Speech:
        return self.speak_until(text, rate, StopSignal())

    def speak_until(self, text: str, rate: float, stop: StopSignal) -> Speech:
        self.busy.set()
        self.on_speak()
        with stop.calling(self.gate.set):
            self.gate.wait()
        if stop.is_set:
            raise VoiceError("stopped")
        if self.error:
            raise self.error
        self.spoken.append(text)
        words = text.split()
        times = tuple(WordTime(w, 0.1 * i, 0.1 * (i + 1)) for i, w in enumerate(words))
        length = round(2400 * len(words) / rate)
        return Speech(text, self._sound(length), 24_000, times)

    def _sound(self, length: int) -> FloatArray:
        """A tone of 300 Hz: a constant would not pass a codec."""
        tone: FloatArray = (self.level * np.sin(np.arange(length) * 0.0785)).astype(np.float32)
        return tone


class FakeVoices(Voices):
    """A registry of fakes."""

    def __init__(self, *fakes: FakeVoice, chosen: Mapping[str, str] | None = None) -> None:
        super().__init__(Path("/nonexistent"), chosen=chosen)
        self._loaders = {fake.info.name: (fake.info, _giver(fake)) for fake in fakes}


def _giver(fake: FakeVoice) -> Callable[[], Voice]:
    def give() -> Voice:
        return fake

    return give

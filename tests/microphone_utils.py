"""A machine with microphones, a stage and inlets, none of them real."""

import threading
from collections.abc import Iterator, Mapping
from typing import Any, Literal, cast

import numpy as np

from engine.media import FloatArray
from kiosk.api import ProblemError
from kiosk.config_listen import ListenSettings
from kiosk.listen.devices import DeviceError, SoundModule
from kiosk.listen.microphone import Microphone
from kiosk.metrics import Metrics
from kiosk.stage import Stage


def entry(name: str, inputs: int = 1, rate_hz: float = 48_000.0) -> Mapping[str, Any]:
    return {"name": name, "max_input_channels": inputs, "default_samplerate": rate_hz}


class FakeSound:
    """``sounddevice`` with the devices of a list; what is plugged in later is seen on refresh."""

    InputStream: Any = None

    def __init__(self, *plugged: Mapping[str, Any], default: int = -1) -> None:
        self.plugged = list(plugged)
        self.known = list(plugged)
        self.default = type("Default", (), {"device": (default, -1)})
        self.error: Exception | None = None

    def query_devices(self) -> list[Mapping[str, Any]]:
        if self.error:
            raise self.error
        return self.known

    def _terminate(self) -> None:
        self.known = []

    def _initialize(self) -> None:
        if self.error:
            raise self.error
        self.known = list(self.plugged)


class FakeStream:
    """A stream that gives what it is told to, in a thread of its own."""

    def __init__(self, sound: "Sound", **asked: Any) -> None:  # noqa: ANN401
        self.sound, self.asked = sound, asked
        if sound.broken:
            raise RuntimeError("Device unavailable")
        sound.streams.append(self)
        self.closed = False

    def start(self) -> None:
        self.give()

    def give(self, blocks: int = 1, value: float = 0.25, status: object = "") -> None:
        block = np.full((self.asked["blocksize"], 1), value, np.float32)

        def call() -> None:
            for _ in range(blocks):
                self.asked["callback"](block, len(block), None, status)

        thread = threading.Thread(target=call)
        thread.start()
        thread.join()

    def abort(self) -> None:
        raise RuntimeError("a device that is gone cannot be stopped")

    def close(self) -> None:
        self.closed = True


class Sound(FakeSound):
    """A machine whose microphone can be unplugged."""

    def __init__(self, *plugged: Mapping[str, Any]) -> None:
        super().__init__(*plugged)
        self.streams: list[FakeStream] = []
        self.broken = False
        self.InputStream = lambda **asked: FakeStream(self, **asked)


class FakeInlet:
    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.closed = False
        self.got: list[FloatArray] = []

    def push(self, samples: FloatArray) -> None:
        self.got.append(samples)

    def close(self) -> None:
        self.closed = True


class FakeStage:
    def __init__(self, name: str) -> None:
        self.name = name


class Room:
    """A machine, its stages and its inlets."""

    def __init__(self, sound: Sound, **settings: object) -> None:
        self.sound = sound
        self.stages: list[FakeStage] = []
        self.inlets: list[FakeInlet] = []
        self.opened: list[tuple[str, str, object, int, bool]] = []
        self.refuse = False
        self.metrics = Metrics()
        self.missing: DeviceError | None = None
        given = {"microphone": "default", **settings}
        self.microphone = Microphone(
            ListenSettings.model_validate(given), self, self, self.metrics, self._load
        )

    def _load(self) -> SoundModule:
        if self.missing:
            raise self.missing
        return cast(SoundModule, self.sound)

    def __iter__(self) -> Iterator[Stage]:
        return iter(cast(list[Stage], list(self.stages)))

    def open(
        self,
        stage: Stage,
        kind: Literal["microphone"],
        role: Literal["voice", "visitor"] | None,
        rate_hz: int,
        takeover: bool,
    ) -> FakeInlet:
        if self.refuse:
            raise ProblemError(503, "too_many_sources", "8 are connected", "close one")
        self.opened.append((stage.name, kind, role, rate_hz, takeover))
        self.inlets.append(FakeInlet(stage))
        return self.inlets[-1]

    def count(self, event: str) -> float:
        labels = {"event": event}
        return self.metrics.registry.get_sample_value("kiosk_microphone_total", labels) or 0.0

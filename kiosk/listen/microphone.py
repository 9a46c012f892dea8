"""The server's own microphone, heard by a stage; it may be unplugged and come back.

PortAudio calls back in a thread of its own; what it gives crosses to the event loop through a
bounded queue and is pushed into an inlet. The device is open only while a stage hears it.
"""

import asyncio
import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final, Literal, Protocol

import numpy as np

from engine.media import FloatArray
from kiosk.api import ProblemError
from kiosk.config_listen import ListenSettings
from kiosk.listen.devices import (
    Device,
    DeviceError,
    SoundModule,
    Stream,
    choose,
    microphones,
    refresh,
    sound_module,
)
from kiosk.listen.resample import MAX_RATE_HZ
from kiosk.metrics import Metrics
from kiosk.stage import Stage

logger = logging.getLogger(__name__)

BLOCK_S: Final = 0.020
MAX_BLOCKS: Final = 50
"""One second may wait for the event loop; beyond it the oldest is dropped."""

CHECK_S: Final = 0.5
RETRY_S: Final = 2.0
GONE_S: Final = 2.0
"""A microphone that gives nothing for so long was unplugged: a silent one gives silence."""


class Inlet(Protocol):
    """Where the sound goes; see ``inlets.Inlet``."""

    @property
    def closed(self) -> bool:
        """Whether the stage takes no more."""
        ...

    def push(self, samples: FloatArray) -> None:
        """Take in mono sound."""
        ...

    def close(self) -> None:
        """No more comes."""
        ...


class Opens(Protocol):
    """Who gives inlets; see ``inlets.Inlets``."""

    def open(
        self,
        stage: Stage,
        kind: Literal["microphone"],
        role: Literal["voice", "visitor"] | None,
        rate_hz: int,
        takeover: bool,
    ) -> Inlet:
        """An inlet at *stage*; raises ``ProblemError``."""
        ...


class Crossing:
    """A bounded queue from any thread to the event loop."""

    def __init__(
        self, deliver: Callable[[FloatArray], None], count: Callable[[], None] = lambda: None
    ) -> None:
        """Lead to *deliver*, on the running loop; *count* is told of each block that is dropped."""
        self.count = count
        self._loop = asyncio.get_running_loop()
        self._deliver = deliver
        self._blocks: deque[FloatArray] = deque()
        self._lock = threading.Lock()
        self.delivered_s = self._loop.time()
        """When the event loop last got something."""

    def put(self, block: FloatArray) -> None:
        """Hand *block* over, from any thread; never waits."""
        with self._lock:
            self._blocks.append(block)
            if len(self._blocks) > MAX_BLOCKS:
                self._blocks.popleft()
                self.count()
        with contextlib.suppress(RuntimeError):  # the loop is closed: the server has ended
            self._loop.call_soon_threadsafe(self._drain)

    def _drain(self) -> None:
        with self._lock:
            blocks = list(self._blocks)
            self._blocks.clear()
        for block in blocks:
            self._deliver(block)
        if blocks:
            self.delivered_s = self._loop.time()


class _Stages(Protocol):
    def __iter__(self) -> Iterator[Stage]: ...


class Microphone:
    """Listens for as long as the server runs."""

    def __init__(
        self,
        settings: ListenSettings,
        stages: _Stages,
        inlets: Opens,
        metrics: Metrics,
        load: Callable[[], SoundModule] = sound_module,
    ) -> None:
        """Make it; ``run`` listens.

        Args:
            settings: which microphone, and which stage hears it.
            stages: those that are open.
            inlets: gives the way into a stage.
            metrics: counts what happens.
            load: gives ``sounddevice``, or raises ``DeviceError``.
        """
        self._settings = settings
        self._stages = stages
        self._inlets = inlets
        self._counts = metrics.microphone
        self._load = load
        self._missing = ""

    async def run(self) -> None:
        """Look for the microphone and for a stage, listen, and begin again; never returns."""
        while True:
            try:
                device = await self._look()
                stage = await self._open_stage()
                await self._listen(device, stage)
            except (DeviceError, ProblemError) as error:
                self._complain(str(error))
                await asyncio.sleep(RETRY_S)
            except Exception:
                # A fault of a driver or of ours must not end the server, nor its hearing.
                logger.exception("the microphone failed and is opened again")
                await asyncio.sleep(RETRY_S)

    def _complain(self, why: str) -> None:
        """Say it once, until it is over or becomes another."""
        if why != self._missing:
            self._missing = why
            logger.warning("no microphone: %s; it is looked for every %.0f s", why, RETRY_S)

    async def _look(self) -> Device:
        """The microphone, if it is there."""
        return await asyncio.to_thread(self._find)

    def _find(self) -> Device:
        sound = self._load()
        if self._missing:  # PortAudio knows only what was there when it was initialised
            refresh(sound)
        return choose(microphones(sound), self._settings.microphone)

    async def _open_stage(self) -> Stage:
        while True:
            for stage in self._stages:
                if self._settings.microphone_stage in ("", stage.name):
                    return stage
            await asyncio.sleep(CHECK_S)

    async def _listen(self, device: Device, stage: Stage) -> None:
        """Listen to *device* until it, or *stage*, is gone.

        Raises:
            DeviceError: it cannot be opened, or gives nothing any more.
            ProblemError: the stage hears somebody else.
        """
        inlet = self._inlets.open(stage, "microphone", None, _rate_hz(device), False)
        crossing = Crossing(inlet.push, self._counts.labels("dropped").inc)
        opening = asyncio.create_task(asyncio.to_thread(self._open, device, crossing))
        try:
            await asyncio.shield(opening)
            logger.info("stage %s hears the microphone %s", stage.name, device.name)
            self._missing = ""
            self._counts.labels("opened").inc()
            await self._watch(device, stage, inlet, crossing)
        finally:
            inlet.close()
            await _end(opening)

    async def _watch(self, device: Device, stage: Stage, inlet: Inlet, crossing: Crossing) -> None:
        loop = asyncio.get_running_loop()
        crossing.delivered_s = loop.time()
        while not inlet.closed and any(stage is other for other in self._stages):
            await asyncio.sleep(CHECK_S)
            if loop.time() - crossing.delivered_s > GONE_S:
                self._counts.labels("lost").inc()
                raise DeviceError(f"{device.name} gives no sound any more", "plug it in again")

    def _open(self, device: Device, crossing: Crossing) -> Stream:
        def heard(indata: FloatArray, frames: int, time: object, status: object) -> None:
            if status:
                crossing.count()
            crossing.put(np.array(indata[:, 0], np.float32))

        try:
            stream: Stream = self._load().InputStream(
                device=device.index,
                channels=1,
                samplerate=_rate_hz(device),
                blocksize=round(BLOCK_S * _rate_hz(device)),
                dtype="float32",
                latency="low",
                callback=heard,
            )
            stream.start()
        except Exception as error:  # PortAudioError, of a module that may not be there
            raise DeviceError(
                f"{device.name} cannot be opened ({error})", "end what else uses it"
            ) from error
        return stream


def _rate_hz(device: Device) -> int:
    """At which it is opened: no more is heard of a faster one."""
    return min(device.rate_hz, MAX_RATE_HZ)


async def _end(opening: asyncio.Task[Stream]) -> None:
    """Close what was opened, or is being opened still."""
    with contextlib.suppress(DeviceError):
        stream = await opening
        await asyncio.to_thread(_close, stream)


def _close(stream: Stream) -> None:
    for end in (stream.abort, stream.close):
        with contextlib.suppress(Exception):  # a device that is gone cannot be closed well
            end()

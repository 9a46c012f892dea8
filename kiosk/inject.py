"""Faults on demand, for tests and measurements: ``kiosk serve --inject video-delay=150ms``.

Off unless asked for, and loud while on. What is delayed leaves late with its timestamps unchanged,
as from a server that cannot keep up; what is lost or jitters, as on a bad network.
"""

import asyncio
import logging
import random
import re
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Self

from kiosk.metrics import Metrics

logger = logging.getLogger(__name__)

STALL_EVERY_S: Final = 10.0
REMIND_EVERY_S: Final = 60.0

# aiortc offers no public way to it; tests/test_kiosk_inject.py fails if it goes away.
SEND_RTP: Final = "_send_rtp"

_UNITS: Final = {"ms": 0.001, "s": 1.0, "%": 0.01, "ppm": 1e-6, "": 1.0}
_VALUE: Final = re.compile(r"(-?\d+(?:\.\d+)?)\s*(ms|s|%|ppm|)")


class FaultError(ValueError):
    """A fault that cannot be injected; the message names what can."""


@dataclass(frozen=True, slots=True)
class _Kind:
    units: tuple[str, ...]
    low: float
    high: float
    words: str


_SECONDS: Final = ("ms", "s")
KINDS: Final[Mapping[str, _Kind]] = {
    "video-delay": _Kind(_SECONDS, 0.0, 0.4, "0 to 400ms"),
    "audio-delay": _Kind(_SECONDS, 0.0, 0.4, "0 to 400ms"),
    "drift": _Kind(("ppm",), -0.002, 0.002, "-2000 to 2000ppm"),
    "jitter": _Kind(_SECONDS, 0.0, 0.5, "0 to 500ms"),
    "loss": _Kind(("%", ""), 0.0, 0.9, "0 to 90%"),
    "stall": _Kind(_SECONDS, 0.0, 10.0, "0 to 10s"),
    "cpu": _Kind(("%", ""), 0.05, 1.0, "0.05 to 1"),
}


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong; times in seconds, shares from 0 to 1."""

    video_delay: float = 0.0
    """Pictures leave this much late."""
    audio_delay: float = 0.0
    """Sound leaves this much late."""
    drift: float = 0.0
    """Pictures leave later by this share of the time since it was injected."""
    jitter: float = 0.0
    """Every RTP packet waits for a random time up to this."""
    loss: float = 0.0
    """This share of the RTP packets is dropped."""
    stall: float = 0.0
    """The event loop stops for this long, every ten seconds."""
    cpu: float = 1.0
    """Cores that the whole process may use."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``video-delay=150ms,loss=20%``; the empty text is no fault.

        Raises:
            FaultError: an unknown fault, or a value out of range.
        """
        values = {}
        for part in filter(None, (part.strip() for part in text.split(","))):
            name, _, value = part.partition("=")
            values[name.strip().replace("-", "_")] = _read(name.strip(), value.strip())
        return cls(**values)

    def __str__(self) -> str:
        told = []
        for field in fields(self):
            value = getattr(self, field.name)
            if value != field.default:
                told.append(f"{field.name.replace('_', '-')}={_shown(field.name, value)}")
        return ",".join(told)


def _read(name: str, value: str) -> float:
    kind = KINDS.get(name)
    if kind is None:
        raise FaultError(f"there is no fault {name!r}: there are {', '.join(KINDS)}")
    match = _VALUE.fullmatch(value)
    number = round(float(match[1]) * _UNITS[match[2]], 9) if match else 0.0
    if not match or match[2] not in kind.units or not kind.low <= number <= kind.high:
        raise FaultError(f"{name}={value!r}: give {kind.words}, with its unit")
    return number


def _shown(name: str, value: float) -> str:
    if name in ("video_delay", "audio_delay", "jitter", "stall"):
        return f"{value * 1000:g}ms"
    return f"{value * 1e6:g}ppm" if name == "drift" else f"{value:g}"


class Injector:
    """The faults of one server, which may be changed while it runs."""

    def __init__(self, faults: Faults, metrics: Metrics) -> None:
        """Nothing is wrong before ``start``; the event loop must run by then."""
        self._faults = Faults()
        self._wanted = faults
        self._metrics = metrics
        self._since_s = 0.0
        self._chance = random.Random(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self._throttle: asyncio.subprocess.Process | None = None

    @property
    def faults(self) -> Faults:
        """What is wrong now."""
        return self._faults

    async def start(self) -> None:
        """Begin with what was asked for."""
        await self.change(self._wanted)
        for work in (self._stall, self._remind):
            self._spawn(work())

    async def change(self, faults: Faults) -> None:
        """Let *faults* be wrong instead of what was."""
        self._faults = faults
        self._since_s = asyncio.get_running_loop().time()
        self._metrics.injected.set(float(bool(str(faults))))
        logger.warning("FAULTS INJECTED: %s", str(faults) or "none now")
        await self._limit_cpu(faults.cpu)

    async def aclose(self) -> None:
        """Nothing is wrong any more."""
        for task in self._tasks:
            task.cancel()
        await self._limit_cpu(1.0)

    def hold_s(self, kind: str) -> float:
        """How long a packet of *kind* is held back before it leaves."""
        faults = self._faults
        if kind == "audio":
            return faults.audio_delay
        elapsed_s = asyncio.get_running_loop().time() - self._since_s
        return max(0.0, faults.video_delay + faults.drift * elapsed_s)

    def spoil(self, transport: Any) -> None:  # noqa: ANN401  # aiortc's, and tests' stand-ins
        """Lose and delay what leaves through *transport*, once however often it is asked."""
        send = getattr(transport, SEND_RTP)
        if getattr(send, "__self__", None) is self or hasattr(transport, "_kiosk_spoiled"):
            return
        transport._kiosk_spoiled = True
        setattr(transport, SEND_RTP, lambda data: self._send(send, data))

    async def _send(self, send: Callable[[bytes], Awaitable[None]], data: bytes) -> None:
        faults = self._faults
        if not _is_rtp(data) or not (faults.loss or faults.jitter):
            await send(data)
        elif self._chance.random() < faults.loss:
            return
        elif faults.jitter:
            self._spawn(self._send_later(send, data, self._chance.uniform(0, faults.jitter)))
        else:
            await send(data)

    async def _send_later(
        self, send: Callable[[bytes], Awaitable[None]], data: bytes, delay_s: float
    ) -> None:
        await asyncio.sleep(delay_s)
        try:
            await send(data)
        except ConnectionError:
            logger.debug("a delayed packet found its viewer gone")

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _stall(self) -> None:
        while True:
            await asyncio.sleep(STALL_EVERY_S)
            if self._faults.stall:
                time.sleep(self._faults.stall)  # noqa: ASYNC251  # it is meant to block

    async def _remind(self) -> None:
        while True:
            await asyncio.sleep(REMIND_EVERY_S)
            if text := str(self._faults):
                logger.warning("FAULTS INJECTED: %s", text)

    async def _limit_cpu(self, cores: float) -> None:
        process, self._throttle = self._throttle, None
        if process is not None:
            process.terminate()
            await process.wait()
        if cores < 1.0:
            arguments = ("-m", "kiosk.throttle", str(cores))
            self._throttle = await asyncio.create_subprocess_exec(sys.executable, *arguments)


def _is_rtp(data: bytes) -> bool:
    """Whether *data* is media rather than RTCP (RFC 5761, section 4)."""
    return len(data) > 1 and not 192 <= data[1] <= 223

"""The microphones of this machine, as PortAudio knows them."""

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

DEFAULT: Final = "default"
"""The word by which a configuration asks for the machine's default microphone."""

SOUND_REMEDY: Final = "see the machine's sound set-up: arecord -l"
LOOK_REMEDY: Final = "plug it in, or set listen.microphone to one of: kiosk microphones"


class DeviceError(Exception):
    """A microphone cannot be had; the message ends with the remedy."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}: {remedy}")
        self.problem = problem
        self.remedy = remedy


class Stream(Protocol):
    """An open microphone; see ``sounddevice.InputStream``."""

    def start(self) -> None:
        """Begin to call back."""
        ...

    def abort(self) -> None:
        """Stop at once."""
        ...

    def close(self) -> None:
        """Give the device back."""
        ...


class SoundModule(Protocol):
    """What is used of ``sounddevice``; two of its names are private, as there is no other way to
    see a device that was plugged in after the start."""

    InputStream: Any

    def query_devices(self) -> Sequence[Mapping[str, Any]]:
        """All devices, inputs and outputs."""
        ...

    def _initialize(self) -> None: ...

    def _terminate(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Device:
    """A microphone."""

    index: int
    name: str
    channels: int
    rate_hz: int
    """At which it works by itself."""
    default: bool = False
    """Whether it is the machine's choice."""


def sound_module() -> SoundModule:
    """``sounddevice``, with PortAudio initialised.

    Raises:
        DeviceError: it, or PortAudio, is not installed.
    """
    try:
        module: SoundModule = importlib.import_module("sounddevice")
    except ImportError:
        raise DeviceError(
            "sounddevice is not installed", ".venv/bin/pip install -e '.[microphone]'"
        ) from None
    except OSError as error:
        raise DeviceError(
            f"PortAudio cannot be loaded ({error})", "apt install libportaudio2"
        ) from None
    return module


def microphones(sound: SoundModule) -> list[Device]:
    """What can be listened to, in PortAudio's order.

    Raises:
        DeviceError: PortAudio failed.
    """
    try:
        found = list(sound.query_devices())
        default = _default_index(sound)
    except Exception as error:  # PortAudioError, of a module that may not be there
        raise DeviceError(f"PortAudio failed ({error})", SOUND_REMEDY) from error
    return [
        Device(
            index,
            str(device["name"]),
            int(device["max_input_channels"]),
            round(float(device["default_samplerate"])),
            index == default,
        )
        for index, device in enumerate(found)
        if device["max_input_channels"] > 0
    ]


def _default_index(sound: SoundModule) -> int:
    chosen = getattr(getattr(sound, "default", None), "device", (-1, -1))
    return int(chosen[0])


def refresh(sound: SoundModule) -> None:
    """Have PortAudio look at what is plugged in now; no stream may be open.

    Raises:
        DeviceError: PortAudio failed.
    """
    try:
        sound._terminate()
        sound._initialize()
    except Exception as error:
        raise DeviceError(f"PortAudio failed ({error})", SOUND_REMEDY) from error


def choose(devices: Sequence[Device], wanted: str) -> Device:
    """The microphone that *wanted* names.

    Args:
        devices: what there is.
        wanted: ``default``, an index, a name, or a part of one, whatever its case.

    Raises:
        DeviceError: there is none, or it is not there.
    """
    if not devices:
        raise DeviceError("this machine has no microphone", "plug one in")
    if wanted == DEFAULT:
        return next((device for device in devices if device.default), devices[0])
    if wanted.isdecimal():
        matching = [device for device in devices if device.index == int(wanted)]
    else:
        asked = wanted.casefold()
        matching = [device for device in devices if device.name.casefold() == asked]
        matching = matching or [device for device in devices if asked in device.name.casefold()]
    if not matching:
        raise DeviceError(f"the microphone {wanted!r} is not there", LOOK_REMEDY)
    return matching[0]


def finding(wanted: str) -> tuple[Literal["ok", "warn"], str, str]:
    """What ``kiosk doctor`` says of the microphone: state, detail, remedy.

    Args:
        wanted: as configured; empty: none is listened to.
    """
    try:
        there = microphones(sound_module())
        chosen = choose(there, wanted) if wanted else None
    except DeviceError as error:
        if not wanted:
            return "ok", f"none is listened to ({error.problem})", ""
        return "warn", error.problem, error.remedy
    if chosen is None:
        return "ok", f"{len(there)} there, none is listened to (listen.microphone)", ""
    return "ok", f"{chosen.index}: {chosen.name}, {chosen.rate_hz} Hz", ""

"""Client of speech servers that speak the Wyoming protocol, over TCP.

An event is a line of JSON (``type``, ``data``, ``data_length``, ``payload_length``), then
``data_length`` bytes of more JSON data, then ``payload_length`` bytes of payload, as the protocol's
own description says (OHF-Voice, MIT). ``describe`` is answered by ``info``, ``synthesize`` by
``audio-start``, ``audio-chunk`` … and ``audio-stop``.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

import numpy as np

from engine.media import FloatArray
from kiosk.speech.remote_link import MAX_BYTES, MAX_SPEECH_S, RemoteError, Server, linked
from kiosk.speech.stop import StopSignal

MAX_HEADER_BYTES: Final = 65_536
MAX_DATA_BYTES: Final = 4_000_000
RATES_HZ: Final = (8_000, 48_000)

_EVENTS_MAX: Final = 20_000


@dataclass(frozen=True, slots=True)
class Event:
    """One message of the protocol."""

    type: str
    data: Mapping[str, Any] = field(default_factory=dict)
    payload: bytes = b""

    def encoded(self) -> bytes:
        """As it is sent."""
        data = json.dumps(self.data, ensure_ascii=False).encode() if self.data else b""
        header: dict[str, object] = {"type": self.type}
        if data:
            header["data_length"] = len(data)
        if self.payload:
            header["payload_length"] = len(self.payload)
        return json.dumps(header).encode() + b"\n" + data + self.payload


@dataclass(frozen=True, slots=True)
class Told:
    """A voice as a server tells it."""

    name: str
    languages: tuple[str, ...]
    """ISO 639-1 codes."""
    speaker: str | None = None
    """Of several that it has, the one meant."""


def described(server: Server, stop: StopSignal) -> tuple[Told, ...]:
    """The voices of *server* that are installed there.

    Raises:
        RemoteError: it does not answer, or not in this protocol.
        VoiceError: it was stopped.
    """
    with linked(server, stop) as link:
        link.sendall(Event("describe").encoded())
        with link.makefile("rb") as source:
            for event in events(source):
                if event.type == "info":
                    return tuple(_told(event.data))
    raise RemoteError("broken", "it closed without telling its voices")


def synthesized(server: Server, voice: Told, text: str, stop: StopSignal) -> tuple[FloatArray, int]:
    """*text* as *server* speaks it: mono samples, and their rate in hertz.

    Raises:
        RemoteError: it does not answer, or with something that is no speech.
        VoiceError: it was stopped.
    """
    chosen = {"name": voice.name} | ({"speaker": voice.speaker} if voice.speaker else {})
    with linked(server, stop) as link:
        link.sendall(Event("synthesize", {"text": text, "voice": chosen}).encoded())
        with link.makefile("rb") as source:
            return _heard(events(source))


def events(source: BinaryIO) -> Iterator[Event]:
    """The events that arrive at *source*, until the other side closes.

    Raises:
        RemoteError: what arrives is no event, is cut off, or has no end.
    """
    for _ in range(_EVENTS_MAX):
        line = source.readline(MAX_HEADER_BYTES)
        if not line:
            return
        if not line.endswith(b"\n"):
            raise RemoteError("broken", "its header is cut off or has no end")
        yield _event(line, source)
    raise RemoteError("broken", "its events have no end")


def _event(line: bytes, source: BinaryIO) -> Event:
    header = _json(line)
    kind, data = header.get("type"), header.get("data") or {}
    if not isinstance(kind, str) or not isinstance(data, dict):
        raise RemoteError("broken", "it does not speak the Wyoming protocol")
    more = _exactly(source, header.get("data_length"), MAX_DATA_BYTES)
    payload = _exactly(source, header.get("payload_length"), MAX_BYTES)
    return Event(kind, data | (_json(more) if more else {}), payload)


def _json(encoded: bytes) -> dict[str, Any]:
    try:
        value = json.loads(encoded)
    except (ValueError, RecursionError) as error:
        raise RemoteError("broken", "it does not speak the Wyoming protocol") from error
    if not isinstance(value, dict):
        raise RemoteError("broken", "it does not speak the Wyoming protocol")
    return value


def _exactly(source: BinaryIO, length: object, most: int) -> bytes:
    if length is None:
        return b""
    if not isinstance(length, int) or not 0 <= length <= most:
        raise RemoteError("broken", f"it announces {length!r} bytes")
    content = source.read(length)
    if len(content) < length:
        raise RemoteError("broken", "it broke off in the middle")
    return content


def _told(info: Mapping[str, Any]) -> Iterator[Told]:
    """The installed voices, each speaker of a voice by itself; what is misshapen is left out."""
    for program in _dicts(info.get("tts")):
        for voice in _dicts(program.get("voices")):
            name = voice.get("name")
            if not isinstance(name, str) or not name or voice.get("installed") is False:
                continue
            codes = voice.get("languages")
            spoken = [c for c in codes if isinstance(c, str)] if isinstance(codes, list) else []
            languages = tuple(dict.fromkeys(code[:2].lower() for code in spoken))
            speakers = [s.get("name") for s in _dicts(voice.get("speakers"))]
            named = [s for s in speakers if isinstance(s, str) and s]
            for speaker in named or (None,):
                yield Told(name, languages, speaker)


def _dicts(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _heard(answer: Iterator[Event]) -> tuple[FloatArray, int]:
    shape: tuple[int, int, int] | None = None
    pcm = bytearray()
    for event in answer:
        if event.type == "error":
            raise RemoteError("refused", f"it refuses: {str(event.data.get('text'))[:80]}")
        if event.type == "audio-stop":
            return _samples(bytes(pcm), shape)
        if event.type in ("audio-start", "audio-chunk"):
            given = _shape(event.data)
            if shape not in (None, given):
                raise RemoteError("broken", "its sound changes its rate in the middle")
            shape = given
            pcm += event.payload
            if len(pcm) > MAX_SPEECH_S * given[0] * given[1] * given[2]:
                raise RemoteError("broken", "its sound has no end")
    raise RemoteError("broken", "it broke off in the middle")


def _shape(data: Mapping[str, Any]) -> tuple[int, int, int]:
    """Rate in hertz, bytes a sample, channels."""
    rate, width, channels = (data.get(key) for key in ("rate", "width", "channels"))
    whole = all(isinstance(value, int) for value in (rate, width, channels))
    if not whole or not RATES_HZ[0] <= rate <= RATES_HZ[1]:  # type: ignore[operator]
        raise RemoteError("broken", f"its sound has a rate of {rate!r} Hz")
    if width not in (2, 4) or channels not in (1, 2):
        raise RemoteError("broken", f"its sound has {channels!r} channels of {width!r} bytes")
    return rate, width, channels  # type: ignore[return-value]


def _samples(pcm: bytes, shape: tuple[int, int, int] | None) -> tuple[FloatArray, int]:
    if shape is None:
        raise RemoteError("broken", "it sends no sound")
    rate_hz, width, channels = shape
    whole = len(pcm) // (width * channels) * width * channels
    values = np.frombuffer(pcm[:whole], "<i2" if width == 2 else "<i4")
    mono = values.reshape(-1, channels).astype(np.float64).mean(axis=1)
    return (mono / 2.0 ** (8 * width - 1)).astype(np.float32), rate_hz

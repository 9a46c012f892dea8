"""Samples as they come over a wire, and what a caller says about them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, Self

import numpy as np

from engine.media import FloatArray
from kiosk.api import ProblemError, flag
from kiosk.listen.inlets import Role, asked_role

PcmFormat = Literal["s16le", "f32le"]

_TYPES: Final[Mapping[str, str]] = {"s16le": "<i2", "f32le": "<f4"}


@dataclass(frozen=True, slots=True)
class PcmQuery:
    """What a caller will send, mono."""

    rate_hz: int
    format: PcmFormat = "s16le"
    role: Role | None = None
    takeover: bool = False

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """Read the query of a request.

        Raises:
            ProblemError: 422 for what is missing or unknown, with what is allowed.
        """
        role = asked_role(query)
        return cls(
            _rate_hz(query.get("rate")),
            _format(query.get("format", "s16le")),
            role,
            flag(query, "takeover", default=False),
        )


class PcmReader:
    """Bytes to samples; a sample may be split between two chunks."""

    def __init__(self, pcm_format: PcmFormat) -> None:
        """Read *pcm_format*."""
        self._type = np.dtype(_TYPES[pcm_format])
        self._rest = b""

    def read(self, data: bytes) -> FloatArray:
        """The samples that are complete now, shape (n,), full scale ±1.0."""
        data = self._rest + data
        whole = len(data) - len(data) % self._type.itemsize
        self._rest = data[whole:]
        found = np.frombuffer(data[:whole], self._type)
        if self._type.kind == "i":
            return found.astype(np.float32) / np.float32(32_768)
        return found.astype(np.float32)

    def reset(self) -> int:
        """Forget the bytes of an incomplete sample; returns how many there were."""
        count = len(self._rest)
        self._rest = b""
        return count


def _rate_hz(value: str | None) -> int:
    if value is not None and re.fullmatch(r"[0-9]{1,6}", value):
        return int(value)
    given = "the rate is missing" if value is None else f"rate={value!r} is no whole number"
    raise ProblemError(
        422, "invalid_rate", given, "give rate=, samples a second, from 8000 to 48000"
    )


def _format(value: str) -> PcmFormat:
    if value == "s16le":
        return "s16le"
    if value == "f32le":
        return "f32le"
    raise ProblemError(
        422,
        "invalid_format",
        f"format={value!r} is unknown",
        "send mono samples as s16le (16-bit integers) or f32le (32-bit floats), little-endian",
    )

"""The kinds of value that settings are made of, each with what it allows in words."""

import ipaddress
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from engine.timeline import FRAME_RATES_HZ
from kiosk.config_sources import Allowed

_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
_HOST = re.compile(r"^(\[[0-9a-f:.]+\]|[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?)(:\d{1,5})?$")


class Section(BaseModel):
    """A section of the settings: frozen, its keys known, each with a docstring."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", str_strip_whitespace=True, use_attribute_docstrings=True
    )


def _frame_rate(value: int) -> int:
    if value not in FRAME_RATES_HZ:
        raise ValueError
    return value


def _origin(value: str) -> str:
    """An origin as browsers send it: scheme, host, port; no path."""
    parts = urlsplit(value.strip().lower())
    if parts.scheme not in ("http", "https") or not _HOST.match(parts.netloc):
        raise ValueError
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError
    return f"{parts.scheme}://{parts.netloc}"


def _address(value: str) -> str:
    """An address or a host name: no port, IPv6 without brackets."""
    bare = value.strip().lower().removeprefix("[").removesuffix("]")
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        if ":" in bare or bare.replace(".", "").isdigit():
            raise
        if not _HOST.match(bare):
            raise
        return bare


def _token(value: str) -> str:
    if not re.fullmatch(r"[!-~]*", value):
        raise ValueError
    return value


def _spoken(value: str) -> str:
    if not any(character.isalnum() for character in value):
        raise ValueError
    return value


def _listed(value: object) -> object:
    """A variable or a flag gives a list as ``a, b``."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


Origins = Annotated[
    tuple[Annotated[str, AfterValidator(_origin)], ...],
    BeforeValidator(_listed),
    Allowed('a list of origins such as "https://hall.example", without a path and without "*"'),
]
Hosts = Annotated[
    tuple[Annotated[str, AfterValidator(_address)], ...],
    BeforeValidator(_listed),
    Allowed('a list of host names or addresses, without ports, such as "kiosk.hall.example"'),
]
Token = Annotated[
    str, AfterValidator(_token), Allowed("printable ASCII without spaces, or empty for no token")
]
FrameRate = Annotated[int, AfterValidator(_frame_rate), Allowed("20 or 25")]
Name = Annotated[
    str,
    Field(min_length=1, max_length=64, pattern=_NAME),
    Allowed("a name of letters, digits, '_', '-' and '.', 1 to 64 characters"),
]
Title = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(_spoken)]
Pixels = Annotated[int, Field(ge=256, le=1280, multiple_of=2)]
Address = Annotated[
    str,
    AfterValidator(_address),
    Allowed('an address or a host name such as "127.0.0.1" or "kiosk.hall.example"'),
]

Spoken = Annotated[str, Field(min_length=1, max_length=20_000), AfterValidator(_spoken)]

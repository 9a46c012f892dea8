"""What can be set about voices on other machines of the local network."""

import ipaddress
import os
import re
from collections.abc import Mapping
from typing import Annotated, Final, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from kiosk.config_fields import Section
from kiosk.config_sources import Allowed

KEY_VARIABLE: Final = "SONIC_KIOSK_SPEECH_KEY"
"""Environment variable with the key that OpenAI-compatible servers are sent; no setting, so that
it stands in no file."""

_VOICE: Final = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]*(:(en|zh)(:(female|male))?)?$")


def is_private(address: str) -> bool:
    """Whether an IP address is of this machine or of a private network.

    Raises:
        ValueError: it is no IP address.
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    found = mapped or found
    return (found.is_private or found.is_loopback or found.is_link_local) and not (
        found.is_multicast or found.is_unspecified
    )


def _split(value: str, schemes: tuple[str, ...]) -> SplitResult:
    parts = urlsplit(value.strip())
    port = parts.port  # a ValueError if it is none
    if parts.scheme not in schemes or not parts.hostname or port == 0:
        raise ValueError
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError
    return parts


def _wyoming(value: str) -> str:
    parts = _split(value, ("tcp",))
    if parts.port is None or parts.path not in ("", "/"):
        raise ValueError
    return f"tcp://{parts.netloc.lower()}"


def _openai(value: str) -> str:
    parts = _split(value, ("http", "https"))
    path = parts.path.rstrip("/").removesuffix("/v1")
    return f"{parts.scheme}://{parts.netloc.lower()}{path}"


def _voice(value: str) -> str:
    if not _VOICE.match(value) or len(value) > 64:
        raise ValueError
    return value


def _listed(value: object) -> object:
    """A variable gives a list as ``a, b``."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


class RemoteVoicesSettings(Section):
    """Speech servers of the local network that lend their voices; none is asked unless named."""

    wyoming: Annotated[
        tuple[Annotated[str, AfterValidator(_wyoming)], ...],
        BeforeValidator(_listed),
        Allowed('a list of addresses such as "tcp://10.0.0.5:10200"'),
    ] = ()
    """Servers that speak the Wyoming protocol; they tell their voices themselves."""
    openai: Annotated[
        tuple[Annotated[str, AfterValidator(_openai)], ...],
        BeforeValidator(_listed),
        Allowed('a list of addresses such as "http://speech.example:8000"'),
    ] = ()
    """Servers with OpenAI's ``/v1/audio/speech``."""
    openai_model: Annotated[str, Field(min_length=1, max_length=128)] = "tts-1"
    """What those are asked for as model."""
    openai_voices: Annotated[
        tuple[Annotated[str, AfterValidator(_voice)], ...],
        BeforeValidator(_listed),
        Allowed('a list of voices such as "alloy", "alloy:zh" or "alloy:en:female"'),
    ] = ("alloy",)
    """Their voices, with language (``en`` if none) and gender."""
    timeout_s: Annotated[float, Field(ge=0.2, le=30.0)] = 3.0
    """Silence borne before the local voice speaks instead; a phrase may take four times it."""
    retry_s: Annotated[float, Field(ge=1.0, le=3600.0)] = 30.0
    """How long a server that failed is left alone."""
    allow_public: bool = False
    """Whether a server may be outside the private address ranges: what is said leaves the house."""

    @model_validator(mode="after")
    def _private(self) -> Self:
        if self.allow_public:
            return self
        for key in ("wyoming", "openai"):
            for address in getattr(self, key):
                if _is_public(urlsplit(address).hostname or ""):
                    raise ValueError(
                        f'remote_voices.{key}: "{address}" is not in a private network: what is '
                        "said would leave the house; if that is wanted, set "
                        "remote_voices.allow_public = true"
                    )
        return self


def _is_public(host: str) -> bool:
    """Whether *host* is an address out of the house; a name is looked at when it is reached."""
    try:
        return not is_private(host)
    except ValueError:
        return False


def speech_key(environment: Mapping[str, str] | None = None) -> str:
    """The key for OpenAI-compatible servers; empty: none is sent."""
    return (os.environ if environment is None else environment).get(KEY_VARIABLE, "").strip()

"""What can be set, within which bounds: ``kiosk.toml`` < ``KIOSK_SECTION__KEY`` < flags.

Everything is validated once, at start, and frozen. A fault names where the value came from, the
key, the value and what is allowed; all faults are told together.
"""

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, Field, ValidationError, model_validator

from kiosk.config_engine import EngineSettings
from kiosk.config_fields import (
    Address,
    FrameRate,
    Hosts,
    Name,
    Origins,
    Pixels,
    Section,
    Spoken,
    Title,
    Token,
)
from kiosk.config_listen import ListenSettings
from kiosk.config_look import LookSettings
from kiosk.config_remote import RemoteVoicesSettings
from kiosk.config_sources import ConfigError as ConfigError
from kiosk.config_sources import Values, complaints, merge, read_file
from kiosk.config_speech import SpeechSettings as SpeechSettings
from kiosk.config_sync import SyncSettings
from kiosk.flags import FLAGS as FLAGS
from kiosk.flags import PORTRAIT_FLAGS
from kiosk.packages import default_dir

PROJECT: Final = Path(__file__).resolve().parent.parent
"""Where the project lies: ``kiosk.toml`` and ``voices/`` are beside the packages."""

CONFIG_NAME: Final = "kiosk.toml"

CONFIG_VARIABLE: Final = "KIOSK_CONFIG"
"""Environment variable that names the configuration file when no flag does."""

MIN_TOKEN_CHARACTERS: Final = 16
"""The shortest token that may guard a kiosk reachable from other machines."""


class ServerSettings(Section):
    """Where the kiosk listens and whom it lets in."""

    host: Address = "127.0.0.1"
    """Address to listen on; beyond loopback, a token and TLS are required."""
    port: Annotated[int, Field(ge=1, le=65535)] = 8080
    """TCP port of the page and of the HTTP interface."""
    token: Annotated[Token, Field(repr=False)] = ""
    """Secret that callers send as ``Authorization: Bearer TOKEN``; empty: none is asked."""
    tls_certificate: str = ""
    """Certificate chain, a PEM file; empty: plain HTTP."""
    tls_key: str = ""
    """Private key of the certificate, a PEM file."""
    allowed_origins: Origins = ()
    """Other sites whose pages may call this server."""
    allowed_hosts: Hosts = ()
    """Names, beyond its own address, under which this server answers."""
    connect_timeout_s: Annotated[float, Field(ge=1.0, le=120.0)] = 15.0
    """How long a viewer may take to connect before its session is dropped."""

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def tls(self) -> bool:
        """Whether the server speaks HTTPS."""
        return bool(self.tls_certificate and self.tls_key)

    @property
    def url(self) -> str:
        """The address to open in a browser on this machine."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        host = "localhost" if host in ("0.0.0.0", "[::]", "127.0.0.1") else host
        return f"http{'s' if self.tls else ''}://{host}:{self.port}"

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        if bool(self.tls_certificate) != bool(self.tls_key):
            raise ValueError("server.tls_certificate and server.tls_key: set both, or neither")
        for key in ("tls_certificate", "tls_key"):
            path = getattr(self, key)
            if path and not Path(path).is_file():
                raise ValueError(f'server.{key} = "{path}": no such file: give a PEM file')
        if not self.loopback and not (self.token and self.tls):
            raise ValueError(
                f'server.host = "{self.host}" is reachable from other machines: set server.token, '
                "server.tls_certificate and server.tls_key, or use 127.0.0.1"
            )
        if not self.loopback and len(self.token) < MIN_TOKEN_CHARACTERS:
            raise ValueError(
                f"server.token is too short for a host beyond this machine: at least "
                f"{MIN_TOKEN_CHARACTERS} characters, for example from: openssl rand -hex 16"
            )
        return self


class PageSettings(Section):
    """How the page greets."""

    title: Title = "Service hall"
    """Heading of the page."""
    language: Literal["en", "zh"] = "en"
    """Language of the page's own words."""
    captions: bool = True
    """Whether captions show from the start."""
    captions_size: Literal["normal", "large"] = "normal"
    """Type of the captions: ``large`` can be read from two metres away."""


class Topic(Section):
    """A touch button and what the avatar says when it is touched."""

    title: Title
    """Words on the button."""
    text: Spoken
    """What is spoken."""


class VideoSettings(Section):
    """Size and rate of the picture."""

    width: Pixels = 512
    """Pixels of the square picture."""
    height: Pixels = 512
    """Pixels of the square picture."""
    portrait_width: Pixels = 720
    """Pixels of the full-height picture."""
    portrait_height: Pixels = 1280
    """Pixels of the full-height picture."""
    frame_rate_hz: FrameRate = 25
    """Pictures per second."""
    bitrate_kbps: Annotated[int, Field(ge=200, le=20_000)] = 2500
    """Video bitrate for each viewer."""


class AvatarSettings(Section):
    """Who appears, and how lively."""

    name: Name = "ada"
    """Persona shown when a viewer asks for none."""
    dynamic_scale: Annotated[float, Field(ge=1.0, le=1.2)] = 1.0
    """Scales mouth motion."""
    motion_scale: Annotated[float, Field(ge=1.0, le=1.1)] = 1.0
    """Scales head and body motion."""
    dir: str = ""
    """Folder of the avatars that were added; empty: ``avatars`` beside the project."""
    expand_ratio: Annotated[float, Field(ge=0.15, le=0.2)] = 0.18
    """Room that is left about head and shoulders when a portrait is added, as a share of them."""
    min_resolution: Annotated[int, Field(ge=512, le=1024)] = 512
    """Pixels that head and shoulders must have in a photo that is added."""

    @property
    def path(self) -> Path:
        """Folder of the avatars that were added."""
        return Path(self.dir).expanduser() if self.dir else default_dir("avatars")


class StagesSettings(Section):
    """How many avatars and viewers at once."""

    max_stages: Annotated[int, Field(ge=1, le=64)] = 4
    """Avatars alive at once."""
    capacity: Annotated[int, Field(ge=0, le=64)] = 0
    """Avatars that this machine draws at once; 0: measured at start."""
    max_viewers_per_stage: Annotated[int, Field(ge=1, le=256)] = 8
    """Viewers that share one avatar."""
    linger_s: Annotated[float, Field(ge=0.0, le=3600.0)] = 2.0
    """How long a stage outlives its last viewer."""


class LogSettings(Section):
    """What is logged."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severe level that is logged."""


class Settings(Section):
    """Everything that can be set."""

    server: ServerSettings = ServerSettings()
    page: PageSettings = PageSettings()
    topics: Annotated[tuple[Topic, ...], Field(max_length=48)] = ()
    video: VideoSettings = VideoSettings()
    speech: SpeechSettings = SpeechSettings()
    remote_voices: RemoteVoicesSettings = RemoteVoicesSettings()
    avatar: AvatarSettings = AvatarSettings()
    look: LookSettings = LookSettings()
    engine: EngineSettings = EngineSettings()
    stages: StagesSettings = StagesSettings()
    sync: SyncSettings = SyncSettings()
    listen: ListenSettings = ListenSettings()
    log: LogSettings = LogSettings()


def find_file(path: Path | None, environment: Mapping[str, str]) -> Path | None:
    """The configuration file to read: as asked, ``KIOSK_CONFIG``, here, or the project's own."""
    if path is not None:
        return path
    if named := environment.get(CONFIG_VARIABLE):
        return Path(named)
    return next((p for p in (Path(CONFIG_NAME), PROJECT / CONFIG_NAME) if p.is_file()), None)


def load(
    path: Path | None = None,
    overrides: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Read, merge and validate the settings.

    Args:
        path: the configuration file; None looks for one (``find_file``), and none is needed.
        overrides: flags by dotted key, e.g. ``{"server.port": 9000}``; a value None is unset.
        environment: variables; None takes the process's own.

    Raises:
        ConfigError: the file cannot be read, or values are refused: every fault, one a line.
    """
    environment = os.environ if environment is None else environment
    file = find_file(path, environment)
    values = Values(sections={name: set(_keys(name)) for name in Settings.model_fields})
    if file is not None:
        read_file(file, values)
    merge(values, environment, overrides or {}, {**FLAGS, **PORTRAIT_FLAGS})
    try:
        settings = Settings.model_validate(values.tree)
    except ValidationError as error:
        raise ConfigError([*values.problems, *complaints(error, Settings, values)]) from None
    if values.problems:
        raise ConfigError(values.problems)
    return settings


def _keys(section: str) -> tuple[str, ...]:
    annotation = Settings.model_fields[section].annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return tuple(annotation.model_fields)
    return ()

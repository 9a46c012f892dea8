"""Talks to a running kiosk: what ``kiosk say``, ``play`` and ``voices`` use."""

import http.client
import mimetypes
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError

from kiosk.api import (
    HealthAnswer,
    InterruptAnswer,
    InterruptRequest,
    Problem,
    SayAnswer,
    SayRequest,
)
from kiosk.api_sync import CalibrationAnswer, CalibrationRequest

_TIMEOUT_S: Final = 15.0
_UPLOAD_TIMEOUT_S: Final = 120.0


AnswerT = TypeVar("AnswerT", bound=BaseModel)


class ClientError(Exception):
    """The kiosk could not be asked, or refused; the message names the remedy."""


def _is_web_address(url: str) -> bool:
    try:
        parts = urllib.parse.urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none
        return False


# A kiosk is reached directly: a proxy of the environment must not see what is said.
def _opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Client:
    """A kiosk somewhere."""

    url: str
    """Base address, e.g. ``http://localhost:8080``."""
    token: str = field(default="", repr=False)
    """Sent as bearer token if not empty."""

    def __post_init__(self) -> None:
        """Refuse what is not a web address.

        Raises:
            ClientError: *url* is not ``http://`` or ``https://``.
        """
        if not _is_web_address(self.url):
            raise ClientError(f"{self.url}: not a web address: give one like http://localhost:8080")

    def say(self, request: SayRequest) -> SayAnswer:
        """Have text spoken."""
        return self._post("/v1/say", request, SayAnswer)

    def interrupt(self, request: InterruptRequest) -> InterruptAnswer:
        """Have speech broken off."""
        return self._post("/v1/interrupt", request, InterruptAnswer)

    def calibration(self, terminal: str) -> CalibrationAnswer:
        """Ask what a terminal adds to the picture's delay."""
        target = f"/v1/calibration?{urllib.parse.urlencode({'terminal': terminal})}"
        return self._read(CalibrationAnswer, self._ask(target, None, "", _TIMEOUT_S))

    def calibrate(self, terminal: str, offset_ms: float) -> CalibrationAnswer:
        """Keep what a terminal adds, and correct its viewers."""
        request = CalibrationRequest(terminal=terminal, offset_ms=offset_ms)
        return self._post("/v1/calibration", request, CalibrationAnswer)

    def health(self, timeout_s: float = _TIMEOUT_S) -> HealthAnswer:
        """Ask whether the kiosk is alive; needs no token."""
        return self._read(HealthAnswer, self._ask("/healthz", None, "", timeout_s))

    def play(self, path: Path, stage: str | None = None, interrupt: bool = True) -> SayAnswer:
        """Have a sound file spoken.

        Raises:
            ClientError: the file cannot be read, or the kiosk cannot be asked or refuses.
        """
        query = {"interrupt": "true" if interrupt else "false"} | (
            {"stage": stage} if stage else {}
        )
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        try:
            sound = path.read_bytes()
        except OSError as error:
            raise ClientError(f"{path}: {error.strerror}: give a readable sound file") from None
        target = f"/v1/play?{urllib.parse.urlencode(query)}"
        return self._read(SayAnswer, self._ask(target, sound, kind, _UPLOAD_TIMEOUT_S))

    def _post(self, target: str, request: BaseModel, answer: type[AnswerT]) -> AnswerT:
        body = request.model_dump_json(exclude_none=True).encode()
        return self._read(answer, self._ask(target, body, "application/json", _TIMEOUT_S))

    def _ask(self, target: str, body: bytes | None, kind: str, timeout_s: float) -> bytes:
        address = self.url.rstrip("/") + target
        request = urllib.request.Request(address, body)  # GET without a body, else POST
        if kind:
            request.add_header("Content-Type", kind)
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        try:
            with _opener().open(request, timeout=timeout_s) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            raise ClientError(self._refusal(error)) from None
        except (OSError, http.client.HTTPException) as error:
            raise ClientError(self._unreachable(error)) from None

    def _read(self, model: type[AnswerT], content: bytes) -> AnswerT:
        try:
            return model.model_validate_json(content)
        except ValidationError:
            raise ClientError(
                f"{self.url} answers, but not as a kiosk of this version: check --url"
            ) from None

    def _refusal(self, error: urllib.error.HTTPError) -> str:
        try:
            problem = Problem.model_validate_json(error.read())
        except (ValidationError, OSError):
            return f"{self.url} answers {error.code} {error.reason}: check --url"
        return f"{problem.detail}: {problem.remedy}"

    def _unreachable(self, error: Exception) -> str:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        if isinstance(reason, ConnectionRefusedError):
            return f"no kiosk answers at {self.url}: start one with kiosk serve, or give --url"
        if isinstance(reason, TimeoutError):
            return f"the kiosk at {self.url} does not answer in time: see its log"
        if "CERTIFICATE_VERIFY_FAILED" in str(reason):
            return (
                f"the certificate of {self.url} is not trusted: set SSL_CERT_FILE to the file of "
                "the authority that issued it"
            )
        return f"{self.url} cannot be reached ({reason}): check --url"

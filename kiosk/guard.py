"""Who may call: host and origin checks, CORS, the token, and problems instead of tracebacks."""

import hmac
import ipaddress
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from kiosk.api import PROBLEM_TYPE, Problem, ProblemError
from kiosk.config import ServerSettings
from kiosk.metrics import Metrics

logger = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

OPEN_PATHS: Final = ("/", "/admin", "/stats", "/favicon.ico", "/healthz", "/v1/page")
"""What needs no token, besides the pages' own files: the pages themselves hold nothing."""

WEBSOCKET_PROTOCOL: Final = "sonic-kiosk"
"""What every WebSocket here speaks. Pages cannot send headers with one: they offer this protocol
and ``bearer.TOKEN`` beside it, which, unlike a query, is kept in no log and no history."""

EXPOSED_HEADERS: Final = "Location, ETag, Link, Retry-After, Kiosk-Lip-Sync"
SECURITY_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=()",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-site",
}

_PLAIN: Final = {
    404: ("there is nothing under this path", "see /openapi.json for what there is"),
    405: ("this path does not take the method", "see /openapi.json for its methods"),
    413: ("the body is over 32 MB", "send at most 32 MB; longer speech in several parts"),
}
"""What is said of the framework's own refusals, and the remedy."""


class Guard:
    """Checks every request before it reaches a handler."""

    def __init__(self, settings: ServerSettings, metrics: Metrics) -> None:
        """Take the rules from *settings*; refusals are counted in *metrics*."""
        self._settings = settings
        self._metrics = metrics
        self._hosts = {"localhost", "127.0.0.1", "::1", settings.host.lower()}
        self._hosts |= {host.lower() for host in settings.allowed_hosts}
        if not settings.loopback:
            self._hosts.add(socket.gethostname().lower())

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse strangers, answer preflights, turn errors into problems, add headers."""
        origin = ""
        try:
            self._check_host(request)
            origin = self._check_origin(request)
            response = await self._respond(request, handler)
        except ProblemError as error:
            response = self._refuse(error.problem, error.retry_after_s)
            logger.info("%s %s refused: %s", request.method, request.path, error)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            response = self._refuse(_http_problem(error))
            logger.info("%s %s refused: %s", request.method, request.path, error.reason)
        except ConnectionResetError:
            raise
        except Exception:
            logger.exception("%s %s failed", request.method, request.path)
            self._metrics.faults.inc()
            response = self._refuse(_FAULT)
        if not response.prepared:
            response.headers.update(SECURITY_HEADERS | _cors(origin))
        return response

    async def _respond(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            return _preflight()
        self._check_token(request)
        return await handler(request)

    def _check_host(self, request: web.Request) -> None:
        """Refuse names that are not ours: a rebound DNS name would make a stranger same-origin."""
        host = (urlsplit(f"//{request.host}").hostname or "").lower()
        if host in self._hosts or (not self._settings.loopback and _is_address(host)):
            return
        raise ProblemError(
            403,
            "forbidden_host",
            f"the request is for the host {host!r}, which is not this server",
            "use localhost, or add the name to server.allowed_hosts",
        )

    def _check_origin(self, request: web.Request) -> str:
        """Refuse other sites' pages; returns the foreign origin that is allowed, or ''."""
        origin = request.headers.get("Origin", "")
        if not origin or origin.lower() == f"{request.scheme}://{request.host}".lower():
            return ""
        if origin.rstrip("/") in self._settings.allowed_origins:
            return origin
        raise ProblemError(
            403,
            "forbidden_origin",
            f"pages of {origin!r} may not call this server",
            "add the origin to server.allowed_origins",
        )

    def _check_token(self, request: web.Request) -> None:
        token = self._settings.token
        if not token or request.path in OPEN_PATHS or request.path.startswith("/static/"):
            return
        if _same(request.headers.get("Authorization", ""), f"Bearer {token}"):
            return
        offered = request.headers.get("Sec-WebSocket-Protocol", "").split(",")
        if any(_same(name.strip(), f"bearer.{token}") for name in offered):
            return
        raise ProblemError(
            401,
            "token_required",
            "the request carries no valid token",
            "send Authorization: Bearer TOKEN with the value of server.token",
        )

    def _refuse(self, problem: Problem, retry_after_s: int = 10) -> web.Response:
        self._metrics.requests_refused.labels(problem.code).inc()
        headers = {}
        if problem.status == 503:
            headers["Retry-After"] = str(retry_after_s)
        if problem.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return web.Response(
            status=problem.status,
            body=problem.model_dump_json().encode(),
            content_type=PROBLEM_TYPE,
            headers=headers,
        )


_FAULT: Final = Problem(
    title="Internal error",
    status=500,
    detail="the server failed on this request; the fault is in its log",
    remedy="try again; if it happens again, report it with the log",
    code="internal_error",
)


def _same(given: str, wanted: str) -> bool:
    """Compared in a time that tells nothing about *wanted*."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def _http_problem(error: web.HTTPException) -> Problem:
    detail, remedy = _PLAIN.get(error.status, (error.text or error.reason, "see /openapi.json"))
    return Problem(
        title=error.reason,
        status=error.status,
        detail=detail,
        remedy=remedy,
        code=error.reason.lower().replace(" ", "_").replace("-", "_").replace("'", ""),
    )


def _preflight() -> web.Response:
    return web.Response(
        status=204,
        headers={
            "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
            "Access-Control-Allow-Headers": "Content-Type, Authorization, If-Match",
            "Access-Control-Max-Age": "600",
        },
    )


def _cors(origin: str) -> dict[str, str]:
    if not origin:
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": EXPOSED_HEADERS,
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Vary": "Origin",
    }


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True

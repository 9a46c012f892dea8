"""A connection to a speech server of the local network: checked, bounded in time, stoppable."""

import errno
import ipaddress
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

from kiosk.config_remote import is_private
from kiosk.speech.stop import StopSignal
from kiosk.speech.voice import VoiceError

WHOLE_PHRASE: Final = 4
"""A phrase may take this many times ``timeout_s``."""

MAX_SPEECH_S: Final = 60.0
"""No phrase is longer: what goes on beyond it is not speech."""

MAX_BYTES: Final = 12_000_000
"""Of one answer: more than ``MAX_SPEECH_S`` at 48 kHz, 32 bits."""

_LOOK_S: Final = 0.05

Fault = Literal["timeout", "refused", "broken"]


class RemoteError(VoiceError):
    """A server did not speak; the local voice does."""

    def __init__(self, fault: Fault, reason: str) -> None:
        self.fault: Final[Fault] = fault
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Server:
    """Where a server is, and what it is allowed."""

    address: str
    """``tcp://host:port``, ``http://host[:port][/path]`` or ``https://…``."""
    timeout_s: float
    """Silence that is borne."""
    allow_public: bool = False
    """Whether it may be outside the private ranges."""

    @property
    def host(self) -> str:
        """Name or address, without port."""
        return urlsplit(self.address).hostname or ""

    @property
    def port(self) -> int:
        """TCP port."""
        parts = urlsplit(self.address)
        return parts.port or {"https": 443}.get(parts.scheme, 80)

    @property
    def path(self) -> str:
        """What stands before ``/v1``."""
        return urlsplit(self.address).path.rstrip("/")

    @property
    def tls(self) -> bool:
        """Whether the connection is encrypted."""
        return urlsplit(self.address).scheme == "https"


@contextmanager
def linked(server: Server, stop: StopSignal) -> Iterator[socket.socket]:
    """A connection to *server*, for one phrase.

    It is cut when *stop* is set or the phrase has taken ``WHOLE_PHRASE`` time-outs; each read and
    write may wait for one.

    Raises:
        RemoteError: it cannot be reached, is not allowed, went silent or broke off; also for what
            goes wrong inside the block.
        VoiceError: it was stopped.
    """
    late = threading.Event()
    try:
        with _connected(server, stop) as link:
            timer = threading.Timer(WHOLE_PHRASE * server.timeout_s, _cut, (link, late))
            timer.daemon = True
            timer.start()
            try:
                with stop.calling(lambda: _cut(link)):
                    yield link
            finally:
                timer.cancel()
    except (OSError, RemoteError) as error:
        if stop.is_set:
            raise VoiceError("stopped") from error
        if late.is_set():
            raise RemoteError("timeout", "a phrase takes it too long") from error
        raise _explained(error) from error


def _explained(error: OSError | RemoteError) -> RemoteError:
    if isinstance(error, RemoteError):
        return error
    if isinstance(error, TimeoutError):
        return RemoteError("timeout", "it does not answer in time")
    if isinstance(error, ssl.SSLError):
        return RemoteError("refused", f"its certificate is refused ({error.reason})")
    if isinstance(error, socket.gaierror):
        return RemoteError("refused", "its name is not known")
    return RemoteError("refused", error.strerror or repr(error))


def _cut(link: socket.socket, late: threading.Event | None = None) -> None:
    """End what waits at *link*."""
    if late is not None:
        late.set()
    with suppress(OSError):
        link.shutdown(socket.SHUT_RDWR)


@contextmanager
def _connected(server: Server, stop: StopSignal) -> Iterator[socket.socket]:
    family, address = _looked_up(server)
    with socket.socket(family, socket.SOCK_STREAM) as link:
        _connect(link, address, server.timeout_s, stop)
        link.settimeout(server.timeout_s)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not server.tls:
            yield link
            return
        context = ssl.create_default_context()
        with context.wrap_socket(link, server_hostname=server.host) as wrapped:
            yield wrapped


def _looked_up(server: Server) -> tuple[socket.AddressFamily, tuple[object, ...]]:
    """Family and address of *server*: the very one that was found to be allowed."""
    found = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
    for family, _, _, _, address in found:
        if server.allow_public or is_private(str(address[0])):
            return family, address
    raise RemoteError(
        "refused",
        f"{server.host} is {ipaddress.ip_address(str(found[0][4][0]))}, not in a private network; "
        "remedy: correct the address, or set remote_voices.allow_public",
    )


def _connect(
    link: socket.socket, address: tuple[object, ...], timeout_s: float, stop: StopSignal
) -> None:
    """Connect within *timeout_s*, looking now and then whether it was stopped."""
    link.setblocking(False)
    state = link.connect_ex(address)
    until_s = time.monotonic() + timeout_s
    with selectors.DefaultSelector() as selector:
        selector.register(link, selectors.EVENT_WRITE)
        while state == errno.EINPROGRESS:
            if stop.is_set:
                raise VoiceError("stopped")
            if time.monotonic() > until_s:
                raise TimeoutError
            if selector.select(_LOOK_S):
                state = link.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if state:
        raise OSError(state, errno.errorcode.get(state, "cannot connect"))

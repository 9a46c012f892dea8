"""A connection to a speech server of the local network: checked, bounded in time, stoppable."""

import errno
import ipaddress
import queue
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

_Place = tuple[socket.AddressFamily, tuple[object, ...]]
"""Family and address."""

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
    with _reached(server, stop) as link:
        link.settimeout(server.timeout_s)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not server.tls:
            yield link
            return
        context = ssl.create_default_context()
        with context.wrap_socket(link, server_hostname=server.host) as wrapped:
            yield wrapped


def _reached(server: Server, stop: StopSignal) -> socket.socket:
    """A socket that is connected to one of the addresses of *server*, tried in turn."""
    until_s = time.monotonic() + server.timeout_s
    allowed = _allowed(server, _looked_up(server, until_s, stop))
    failure: OSError = TimeoutError()
    for number, (family, address) in enumerate(allowed):
        left_s = (until_s - time.monotonic()) / (len(allowed) - number)
        try:
            link = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:  # a family that this machine has not
            failure = error
            continue
        try:
            _connect(link, address, left_s, stop)
        except OSError as error:
            link.close()
            failure = error
        except BaseException:
            link.close()
            raise
        else:
            return link
    raise failure


def _allowed(server: Server, found: list[_Place]) -> list[_Place]:
    """Those of *found* that may be connected to: the very ones that were judged."""
    allowed = [
        (family, address)
        for family, address in found
        if server.allow_public or is_private(str(address[0]))
    ]
    if not allowed:
        raise RemoteError(
            "refused",
            f"{server.host} is {ipaddress.ip_address(str(found[0][1][0]))}, not in a private "
            "network; remedy: correct the address, or set remote_voices.allow_public",
        )
    return allowed


def _looked_up(server: Server, until_s: float, stop: StopSignal) -> list[_Place]:
    """Families and addresses of *server*, by *until_s*.

    A name may take the system half a minute: it is asked on a thread that is waited for no longer.
    """
    try:
        return _places(server, socket.AI_NUMERICHOST)
    except socket.gaierror:
        pass  # a name
    answer: queue.SimpleQueue[list[_Place] | Exception] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            answer.put(_places(server, 0))
        except Exception as error:
            answer.put(error)

    threading.Thread(target=look_up, name="look-up", daemon=True).start()
    while not stop.is_set:
        left_s = until_s - time.monotonic()
        if left_s <= 0.0:
            raise RemoteError("timeout", "its name is not found in time")
        with suppress(queue.Empty):
            found = answer.get(timeout=min(_LOOK_S, left_s))
            if isinstance(found, Exception):
                raise found
            return found
    raise VoiceError("stopped")


def _places(server: Server, flags: int) -> list[_Place]:
    try:
        found = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM, flags=flags)
    except UnicodeError:
        raise RemoteError("refused", "its name can be no name of a machine") from None
    return [(family, address) for family, _, _, _, address in found]


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

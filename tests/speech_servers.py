"""Speech servers on loopback that behave as a test wants: well, badly, or not at all."""

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from kiosk.speech.wyoming import Event, events

RATE_HZ = 22_050
Handler = Callable[[socket.socket], None]


class SpeechServer:
    """Accepts connections one after the other and gives each to *handler*."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.connections = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(0.05)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._listening.getsockname()[1]}"

    def close(self) -> None:
        self._over.set()
        self._thread.join()
        self._listening.close()

    def _serve(self) -> None:
        while not self._over.is_set():
            try:
                link, _ = self._listening.accept()
            except TimeoutError:
                continue
            self.connections += 1
            link.settimeout(2.0)
            with link, contextlib.suppress(OSError):
                self.handler(link)


@contextlib.contextmanager
def serving(handler: Handler) -> Iterator[SpeechServer]:
    server = SpeechServer(handler)
    try:
        yield server
    finally:
        server.close()


def pcm(duration_s: float = 0.5, rate_hz: int = RATE_HZ) -> bytes:
    """A tone, 16 bits, mono."""
    times_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    tone: bytes = (8000 * np.sin(2 * np.pi * 300 * times_s)).astype("<i2").tobytes()
    return tone


def send(link: socket.socket, *sent: Event) -> None:
    for event in sent:
        link.sendall(event.encoded())


def info(*voices: dict[str, Any]) -> Event:
    return Event("info", {"tts": [{"name": "piper", "voices": list(voices)}]})


SHAPE = {"rate": RATE_HZ, "width": 2, "channels": 1}
GOOD = (
    Event("audio-start", SHAPE),
    Event("audio-chunk", SHAPE, pcm()),
    Event("audio-stop", {}),
)
AMY = {"name": "en_US-amy-low", "languages": ["en_US"], "installed": True}


def wyoming_server(*answer: Event, asked: list[Event] | None = None) -> Handler:
    """Tells one voice; answers every text with *answer*."""

    def handle(link: socket.socket) -> None:
        with link.makefile("rb") as source:
            for event in events(source):
                if asked is not None:
                    asked.append(event)
                send(link, *((info(AMY),) if event.type == "describe" else answer or GOOD))

    return handle


def raw(content: bytes) -> Handler:
    """Answers with *content* whatever is asked, and hangs up."""

    def handle(link: socket.socket) -> None:
        link.recv(65_536)
        link.sendall(content)

    return handle


def silent(link: socket.socket) -> None:
    """Takes everything and says nothing."""
    while link.recv(65_536):
        pass


def http_answer(
    content: bytes, kind: str = "audio/wav", status: str = "200 OK", length: int | None = None
) -> bytes:
    size = len(content) if length is None else length
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n\r\n"
    return head.encode() + content


def http_server(answer: bytes, asked: list[tuple[str, dict[str, Any]]]) -> Handler:
    """Notes request line and headers, and the JSON of the body, and sends *answer*."""

    def handle(link: socket.socket) -> None:
        with link.makefile("rb") as source:
            head = ""
            while (line := source.readline()) not in (b"\r\n", b""):
                head += line.decode()
            length = int(head.lower().split("content-length: ")[1].split("\r")[0])
            asked.append((head, json.loads(source.read(length))))
        link.sendall(answer)

    return handle

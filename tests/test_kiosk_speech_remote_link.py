"""Connections to speech servers: only where it is allowed, and never for long."""

import socket
import threading
import time

import pytest

from kiosk.speech import remote_link
from kiosk.speech.remote_link import RemoteError, Server, linked
from kiosk.speech.stop import StopSignal
from kiosk.speech.voice import VoiceError
from tests.speech_servers import raw, serving, silent


def test_an_address_is_taken_apart() -> None:
    server = Server("https://speech.local/kokoro/", 1.0)
    assert (server.host, server.port, server.path, server.tls) == (
        "speech.local",
        443,
        "/kokoro",
        True,
    )
    assert Server("http://10.0.0.6", 1.0).port == 80
    assert Server("tcp://[fd00::1]:10200", 1.0).host == "fd00::1"


def test_nobody_there_is_refused_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(RemoteError) as caught, linked(Server(f"tcp://127.0.0.1:{port}", 1), no()):
        pass
    assert caught.value.fault == "refused"


def no() -> StopSignal:
    return StopSignal()


def test_a_name_that_leads_out_of_the_house_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    monkeypatch.setattr(remote_link, "_connect", pytest.fail)
    with (
        pytest.raises(RemoteError, match="allow_public") as caught,
        linked(Server("tcp://speech.example:10200", 1.0), no()),
    ):
        pass
    assert caught.value.fault == "refused"


def test_an_unknown_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(RemoteError, match="name"), linked(Server("tcp://nobody:1", 1.0), no()):
        pass


def found(*addresses: tuple[str, int]) -> list[tuple[object, ...]]:
    return [
        (
            socket.AF_INET6 if ":" in host else socket.AF_INET,
            socket.SOCK_STREAM,
            6,
            "",
            (host, port),
        )
        for host, port in addresses
    ]


def test_each_address_of_a_name_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = taken.getsockname()[1]
    with serving(raw(b"here")) as server:
        port = int(server.host.rpartition(":")[2])
        told = found(("8.8.8.8", port), ("::1", nobody), ("127.0.0.1", nobody), ("127.0.0.1", port))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: told)
        with linked(Server(f"tcp://speech.local:{port}", 2.0), no()) as link:
            link.sendall(b"?")
            assert link.recv(4) == b"here"
            assert link.getpeername() == ("127.0.0.1", port), "and no other"


def slow_names(monkeypatch: pytest.MonkeyPatch, over: threading.Event) -> None:
    look_up = socket.getaddrinfo

    def slow(host: str, port: int, *, type: int, flags: int = 0) -> object:  # noqa: A002
        if not flags & socket.AI_NUMERICHOST:
            over.wait(20)
        return look_up(host, port, type=type, flags=flags)

    monkeypatch.setattr(socket, "getaddrinfo", slow)


def test_a_name_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    over, began_s = threading.Event(), time.monotonic()
    slow_names(monkeypatch, over)
    with (
        pytest.raises(RemoteError, match="name") as caught,
        linked(Server("tcp://localhost:1", 0.2), no()),
    ):
        pass
    assert caught.value.fault == "timeout" and time.monotonic() - began_s < 10
    stop, began_s = StopSignal(), time.monotonic()
    threading.Timer(0.05, stop.set).start()
    with pytest.raises(VoiceError, match="stopped"), linked(Server("tcp://localhost:1", 20), stop):
        pass
    assert time.monotonic() - began_s < 10
    over.set()


def test_an_address_needs_no_look_up(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    slow_names(monkeypatch, over)
    with serving(raw(b"here")) as server, linked(Server(f"tcp://{server.host}", 2.0), no()) as link:
        link.sendall(b"?")
        assert link.recv(4) == b"here"
    over.set()


def test_what_can_be_no_name_is_refused() -> None:
    name = "a" * 70 + ".local"
    with pytest.raises(RemoteError) as caught, linked(Server(f"tcp://{name}:1", 1.0), no()):
        pass
    assert caught.value.fault == "refused"


def test_silence_is_borne_for_one_time_out() -> None:
    with (
        serving(silent) as server,
        pytest.raises(RemoteError) as caught,
        linked(Server(f"tcp://{server.host}", 0.2), no()) as link,
    ):
        link.recv(1)
    assert caught.value.fault == "timeout"


def test_a_drip_that_never_ends_is_cut() -> None:
    def drip(link: socket.socket) -> None:
        while True:
            link.sendall(b".")
            time.sleep(0.02)

    with (
        serving(drip) as server,
        pytest.raises(RemoteError) as caught,
        linked(Server(f"tcp://{server.host}", 0.2), no()) as link,
    ):
        while link.recv(1):
            pass
        raise OSError("the other side is gone")
    assert caught.value.fault == "timeout"
    assert threading.active_count() < 20


def test_it_is_stopped_from_another_thread() -> None:
    stop = StopSignal()
    timer = threading.Timer(0.05, stop.set)
    with serving(silent) as server:
        timer.start()
        with (
            pytest.raises(VoiceError, match="stopped") as caught,
            linked(Server(f"tcp://{server.host}", 20.0), stop) as link,
        ):
            if not link.recv(1):
                raise OSError("cut")
    assert not isinstance(caught.value, RemoteError)


def test_a_stopped_phrase_is_not_even_begun() -> None:
    stop = StopSignal()
    stop.set()
    with (
        serving(silent) as server,
        pytest.raises(VoiceError, match="stopped"),
        linked(Server(f"tcp://{server.host}", 20.0), stop) as link,
    ):
        raise OSError(link.recv(1))

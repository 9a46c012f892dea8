"""Connections to speech servers: only where it is allowed, and never for long."""

import socket
import threading
import time

import pytest

from kiosk.speech import remote_link
from kiosk.speech.remote_link import RemoteError, Server, linked
from kiosk.speech.stop import StopSignal
from kiosk.speech.voice import VoiceError
from tests.speech_servers import serving, silent


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

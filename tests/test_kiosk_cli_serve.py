"""``kiosk serve``: flags over configuration, and what it refuses before it starts."""

import asyncio
import socket
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kiosk import app, cli, doctor
from kiosk.config import FLAGS, Settings
from kiosk.inject import Faults

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def no_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty one: the defaults."""
    path = tmp_path / "kiosk.toml"
    path.touch()
    monkeypatch.setenv("KIOSK_CONFIG", str(path))


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    return int(caught.value.code or 0)


@dataclass
class Served(list[Settings]):
    """The settings that the server was started with, and what is for tests."""

    tests: list[tuple[bool, Faults | None]] = field(default_factory=list)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Served:
    started = Served()

    async def serve(settings: Settings, slate: bool, faults: Faults | None) -> None:
        await asyncio.sleep(0)
        started.append(settings)
        started.tests.append((slate, faults))

    monkeypatch.setattr(app, "serve", serve)
    monkeypatch.setattr(doctor, "port_taken", lambda host, port: "")
    return started


def test_flags_override_the_configuration(served: Served, capsys: Capture) -> None:
    arguments = ("--port", "9002", "--fps", "20", "--title", "Hall", "--log-level", "error")
    assert run("serve", *arguments) == 0
    (settings,) = served
    assert (settings.server.port, settings.video.frame_rate_hz) == (9002, 20)
    assert (settings.page.title, settings.log.level) == ("Hall", "error")
    assert "http://localhost:9002" in capsys.readouterr().out
    assert served.tests == [(False, None)], "off by default"


def test_the_slate_and_faults_are_asked_for_by_flags(served: Served, capsys: Capture) -> None:
    arguments = ("--slate", "--inject", "video-delay=150ms,loss=20%", "--log-level", "error")
    assert run("serve", *arguments) == 0
    ((slate, faults),) = served.tests
    assert slate
    assert faults == Faults.parse("video-delay=150ms,loss=20%")
    assert run("serve", "--inject", "tea=hot") == 2
    assert "tea" in capsys.readouterr().err


def test_serve_has_every_flag(capsys: Capture) -> None:
    for dotted, flag in FLAGS.items():
        assert run("serve", flag, "\x00") == 2, dotted
        error = capsys.readouterr().err
        assert "No such option" not in error, flag


def test_a_wrong_flag_is_named(served: Served, capsys: Capture) -> None:
    assert run("serve", "--fps", "30", "--rate", "9") == 2
    assert capsys.readouterr().err == (
        "kiosk: --fps: video.frame_rate_hz = 30: allowed: 20 or 25\n"
        "--rate: speech.rate = 9.0: allowed: a number from 0.5 to 2.0\n"
    )
    assert served == []


def test_a_port_in_use_is_named_with_the_remedy(capsys: Capture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert run("serve", "--port", str(port)) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"kiosk: port {port} on 127.0.0.1: address already in use: ")
    assert "--port" in error
    assert len(error.splitlines()) == 1


def test_an_unknown_avatar_is_refused(served: Served, capsys: Capture) -> None:
    assert run("serve", "--avatar", "nobody") == 2
    assert "no persona 'nobody': choose one of ada" in capsys.readouterr().err
    assert served == []

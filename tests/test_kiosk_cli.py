"""The command line: what it accepts, what it says, and its exit codes."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kiosk import __version__, cli, doctor
from kiosk.api import SayAnswer, SayRequest
from kiosk.client import Client
from kiosk.config import PROJECT
from kiosk.doctor import Check

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def no_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty one: the defaults."""
    path = tmp_path / "kiosk.toml"
    path.touch()
    monkeypatch.setenv("KIOSK_CONFIG", str(path))


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Client, Any]]:
    """What a running kiosk would have been asked."""
    asked: list[tuple[Client, Any]] = []

    def say(self: Client, request: SayRequest) -> SayAnswer:
        asked.append((self, request))
        return SayAnswer(utterance="u1", stage=request.stage)

    def play(self: Client, path: Path, stage: str | None, interrupt: bool) -> SayAnswer:
        asked.append((self, (path, stage, interrupt)))
        return SayAnswer(utterance="u2", stage=stage)

    monkeypatch.setattr(Client, "say", say)
    monkeypatch.setattr(Client, "play", play)
    return asked


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    return int(caught.value.code or 0)


def test_version_and_help(capsys: Capture) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out == f"sonic-kiosk {__version__}\n"
    assert run("--help") == 0
    shown = capsys.readouterr().out
    for command in ("serve", "say", "play", "render", "motion", "voices", "doctor", "bench"):
        assert command in shown
    assert run("bogus") == 2
    assert "No such command" in capsys.readouterr().err


def test_it_is_a_module_too() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kiosk", "--version"],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        timeout=60,
        check=True,
    )
    assert done.stdout == f"sonic-kiosk {__version__}\n"


def test_say(said: list[tuple[Client, Any]], capsys: Capture) -> None:
    assert run("say", "Hello.", "--voice", "af_heart", "--stage", "lobby", "--queue") == 0
    ((client, request),) = said
    assert client == Client("http://localhost:8080", "")
    assert request == SayRequest(text="Hello.", voice="af_heart", stage="lobby", interrupt=False)
    assert capsys.readouterr().out == "speaking on lobby: u1\n"


def test_say_as_json_elsewhere(said: list[tuple[Client, Any]], capsys: Capture) -> None:
    arguments = ("--url", "https://other:1", "--token", "t", "--rate", "1.5", "--json")
    assert run("say", "你好", *arguments) == 0
    ((client, request),) = said
    assert client == Client("https://other:1", "t")
    assert (request.rate, request.interrupt) == (1.5, True)
    assert json.loads(capsys.readouterr().out) == {"utterance": "u1", "stage": None}


def test_the_clients_take_address_and_token_from_the_configuration(
    said: list[tuple[Client, Any]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KIOSK_SERVER__PORT", "9001")
    monkeypatch.setenv("KIOSK_SERVER__TOKEN", "s3cret")
    sound = tmp_path / "a.wav"
    assert run("play", str(sound), "--stage", "s") == 0
    assert said == [(Client("http://localhost:9001", "s3cret"), (sound, "s", True))]


def test_say_without_a_server_is_one_line(capsys: Capture) -> None:
    assert run("say", "Hello", "--url", "http://127.0.0.1:9") == 2
    error = capsys.readouterr().err
    assert error == (
        "kiosk: no kiosk answers at http://127.0.0.1:9: start one with kiosk serve, or give --url\n"
    )


def test_debug_shows_the_traceback_wherever_it_stands(capsys: Capture) -> None:
    assert run("say", "Hello", "--url", "http://127.0.0.1:9", "--debug") == 2
    assert "Traceback" in capsys.readouterr().err
    assert run("--debug", "say", "Hello", "--url", "http://127.0.0.1:9") == 2
    assert "Traceback" in capsys.readouterr().err


def test_bad_names_are_told(capsys: Capture) -> None:
    assert run("say", "Hello", "--stage", "../x") == 2
    assert "--voice and --stage are names" in capsys.readouterr().err


def test_doctor(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    checks = [Check("python", "ok", "3.11"), Check("npm", "warn", "missing", "apt install npm")]
    monkeypatch.setattr(doctor, "examine", lambda settings: iter(checks))
    assert run("doctor") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["ok", "python", "3.11"]
    assert lines[1].split() == ["warn", "npm", "missing", "→", "apt", "install", "npm"]
    checks.append(Check("voices", "fail", "none", "run: kiosk voices fetch"))
    assert run("doctor", "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is False
    assert [check["state"] for check in told["checks"]] == ["ok", "warn", "fail"]


def test_doctor_survives_a_broken_configuration(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Capture
) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("[server")
    given: list[object] = []

    def examine(settings: object) -> Iterator[Check]:
        given.append(settings)
        yield from ()

    monkeypatch.setattr(doctor, "examine", examine)
    assert run("doctor", "--config", str(broken)) == 0
    assert "not valid TOML" in str(given[0])


def test_no_voices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("KIOSK_SPEECH__VOICES_DIR", str(tmp_path))
    monkeypatch.setattr("kiosk.speech.piper.installed", dict)  # the extras may be there
    monkeypatch.setattr("kiosk.speech.espeak.installed", tuple)
    assert run("voices", "--json") == 0
    assert json.loads(capsys.readouterr().out) == []
    assert run("voices") == 2
    assert "fetch them with kiosk voices fetch" in capsys.readouterr().err


def test_voices_fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kiosk.speech import assets

    fetched: list[Path] = []
    monkeypatch.setattr(assets, "fetch", lambda folder, say: fetched.append(folder))
    monkeypatch.setenv("KIOSK_SPEECH__VOICES_DIR", str(tmp_path))
    assert run("voices", "fetch") == 0
    assert fetched == [tmp_path]


def test_bench_live(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    from kiosk.bench import live

    figures: dict[str, Any] = dict.fromkeys(live.LiveReport.__dataclass_fields__)
    asked: list[tuple[int, str | None]] = []

    async def measure(seconds: int, url: str | None, progress: object) -> live.LiveReport:
        await asyncio.sleep(0)
        asked.append((seconds, url))
        return live.LiveReport(**figures | {"fps": 25.0})

    monkeypatch.setattr(live, "run", measure)
    assert run("bench", "live", "--seconds", "7", "--json") == 0
    assert json.loads(capsys.readouterr().out) == figures | {"fps": 25.0}
    assert run("bench", "live", "--url", "http://localhost:1") == 0
    assert "fps                 25.0" in capsys.readouterr().out
    assert asked == [(7, None), (60, "http://localhost:1")]


def test_what_should_not_happen_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    def fail(self: Client, request: SayRequest) -> SayAnswer:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(Client, "say", fail)
    assert run("say", "Hello") == 1
    error = capsys.readouterr().err
    assert error.startswith("kiosk: unexpected: ZeroDivisionError: division by zero: ")
    assert len(error.splitlines()) == 1


def test_the_keyboard_ends_it_quietly(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    def stop(self: Client, request: SayRequest) -> SayAnswer:
        raise KeyboardInterrupt

    monkeypatch.setattr(Client, "say", stop)
    assert run("say", "Hello") == 130
    assert capsys.readouterr().err in ("", "Aborted!\n")

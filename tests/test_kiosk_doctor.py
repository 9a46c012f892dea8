"""The doctor: what it says of a machine, well or ill."""

import json
import socket
import sys
from pathlib import Path

import pytest

from engine.runtime.runner import RunnerError
from kiosk import doctor
from kiosk.config import ConfigError, Settings, load
from kiosk.doctor import Check, examine, port_taken
from tests.portrait_utils import needs_faces

NAMES = {
    "configuration", "python", "libraries", "encoders", "processor", "graphics", "tensorrt",
    "plans", "backend", "voices",
    "avatar", "weights", "refiners", "portraits", "port", "network", "microphone", "browser", "npm",
}  # fmt: skip


@pytest.fixture
def settings(tmp_path: Path, unused_port: int) -> Settings:
    return load(None, {"server.port": unused_port, "speech.voices_dir": str(tmp_path)}, {})


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing pictures is the engine's own test."""
    monkeypatch.setattr(doctor, "picture_time_ms", lambda settings: 8.0)


def found(settings: Settings | ConfigError) -> dict[str, Check]:
    return {check.name: check for check in examine(settings)}


@pytest.mark.usefixtures("quick")
def test_every_check_reports_and_every_trouble_has_a_remedy(settings: Settings) -> None:
    checks = found(settings)
    assert set(checks) == NAMES
    for check in checks.values():
        assert check.state in ("ok", "warn", "fail")
        assert check.detail
        assert bool(check.remedy) == (check.state != "ok")
        assert json.loads(json.dumps(check.to_json()))["name"] == check.name
    for name in ("configuration", "python", "libraries", "encoders", "avatar", "port"):
        assert checks[name].state == "ok", checks[name]


@pytest.mark.usefixtures("quick")
def test_missing_voices_fail_and_say_how_to_get_them(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.speech.piper.installed", dict)  # the extras may be there
    monkeypatch.setattr("kiosk.speech.espeak.installed", tuple)
    check = found(settings)["voices"]
    assert check.state == "fail"
    assert check.remedy == "run: kiosk voices fetch"


@pytest.mark.usefixtures("quick")
def test_a_broken_configuration_fails_and_the_rest_is_still_checked() -> None:
    checks = found(ConfigError(["kiosk.toml: server.port = 0: allowed: ..."]))
    assert set(checks) == NAMES
    assert checks["configuration"].state == "fail"
    assert "server.port = 0" in checks["configuration"].detail


@pytest.mark.usefixtures("quick")
def test_a_taken_port_fails(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", settings.server.port)):
        assert port_taken("127.0.0.1", settings.server.port) == "address already in use"


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("is_ours", "state"), [(True, "ok"), (False, "fail")])
def test_a_running_kiosk_may_hold_the_port(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, is_ours: bool, state: str
) -> None:
    monkeypatch.setattr(doctor, "kiosk_runs", lambda url: is_ours)
    with socket.create_server(("127.0.0.1", settings.server.port)):
        check = found(settings)["port"]
    assert check.state == state
    assert str(settings.server.port) in check.detail


def test_nothing_answers_at_a_free_port(unused_port: int) -> None:
    assert port_taken("127.0.0.1", unused_port) == ""
    assert not doctor.kiosk_runs(f"http://127.0.0.1:{unused_port}")


def test_slow_pictures_warn(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "picture_time_ms", lambda settings: 25.0)
    check = found(settings)["avatar"]
    assert check.state == "warn"
    assert "25.0 ms" in check.detail


@pytest.mark.usefixtures("quick")
def test_an_unknown_persona_fails(settings: Settings) -> None:
    asked = load(None, {"avatar.name": "nobody"}, {})
    check = found(asked)["avatar"]
    assert (check.state, check.detail) == ("fail", "no persona nobody")
    assert "ada" in check.remedy


@pytest.mark.usefixtures("quick")
def test_missing_libraries_are_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soxr", None)
    check = found(settings)["libraries"]
    assert (check.state, check.detail) == ("fail", "missing: soxr")


def test_a_check_that_breaks_is_a_finding(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(settings: Settings) -> float:
        raise RuntimeError("no such engine")

    monkeypatch.setattr(doctor, "picture_time_ms", broken)
    checks = found(settings)
    assert checks["avatar"].state == "fail"
    assert "no such engine" in checks["avatar"].detail
    assert "npm" in checks


def test_a_network_that_cannot_run_is_told_with_its_own_remedy(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(settings: Settings) -> float:
        raise RunnerError("motion.onnx is damaged: install the project again")

    monkeypatch.setattr(doctor, "picture_time_ms", damaged)
    check = found(settings)["avatar"]
    assert (check.state, check.detail) == ("fail", "motion.onnx is damaged")
    assert check.remedy == "install the project again"


@pytest.mark.usefixtures("quick")
@needs_faces
def test_a_missing_cut_out_model_warns(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("kiosk.models.default_models_dir", lambda: tmp_path)
    check = found(settings)["portraits"]
    assert check.state == "warn"
    assert "by colours alone" in check.detail
    assert check.remedy == "run: kiosk portrait fetch"


@pytest.mark.usefixtures("quick")
def test_missing_face_models_warn(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def find(name: str) -> None:
        return None

    monkeypatch.setattr("engine.portrait.models.find_spec", find)
    check = found(settings)["portraits"]
    assert check.state == "warn"
    assert "make setup" in check.remedy

"""``kiosk calibrate`` and ``kiosk bench sync`` on the command line."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk import cli
from kiosk.api_sync import CalibrationAnswer
from kiosk.bench import sync
from kiosk.bench.browser import BenchError
from kiosk.client import Client

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def no_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "kiosk.toml"
    path.touch()
    monkeypatch.setenv("KIOSK_CONFIG", str(path))


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What a running kiosk was asked to keep; the terminal had 5 ms before."""
    asked: list[float] = []

    def calibrate(_self: Client, terminal: str, offset_ms: float) -> CalibrationAnswer:
        asked.append(offset_ms)
        return CalibrationAnswer(terminal=terminal, offset_ms=offset_ms, viewers=len(asked) - 1)

    def calibration(_self: Client, terminal: str) -> CalibrationAnswer:
        return CalibrationAnswer(terminal=terminal, offset_ms=5.0)

    monkeypatch.setattr(Client, "calibrate", calibrate)
    monkeypatch.setattr(Client, "calibration", calibration)
    return asked


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    return int(caught.value.code or 0)


def answers(monkeypatch: pytest.MonkeyPatch, *given: str) -> None:
    left: Iterator[str] = iter(given)
    monkeypatch.setattr("kiosk.cli_sync.typer.prompt", lambda *_args, **_kwargs: next(left))


def test_flash_and_beep_are_brought_together(
    kept: list[float], monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    answers(monkeypatch, "ll", "l", "what?", "e1", "k")
    assert run("calibrate", "--terminal", "lobby") == 0
    assert kept == [45.0, 55.0, 53.0, 53.0]
    told = capsys.readouterr().out
    assert "/?slate=1&terminal=lobby" in told
    assert "Nobody watches with ?terminal=lobby yet" in told
    assert "nobody watches with ?terminal=lobby: open" in told
    assert "lobby: +53 ms, kept" in told


def test_giving_up_leaves_it_as_it_was(kept: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, "ll", "q")
    assert run("calibrate") == 0
    assert kept[-1] == 5.0


def test_it_can_be_set_outright_within_reason(kept: list[float], capsys: Capture) -> None:
    assert run("calibrate", "--offset-ms", "-30") == 0
    assert run("calibrate", "--offset-ms", "900") == 2
    assert "give -200 to 200" in capsys.readouterr().err
    assert kept == [-30.0]


def test_a_terminal_that_cannot_be_named_is_told_at_once(capsys: Capture) -> None:
    assert run("calibrate", "--terminal", "a b", "--offset-ms", "9") == 2
    assert "--terminal 'a b': give up to 64 letters" in capsys.readouterr().err


def test_bench_sync_prints_exactly_its_keys(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    asked = []

    async def measured(seconds: int, scenarios: list[str], _say: object) -> sync.Figures:
        asked.append((seconds, list(scenarios)))
        return {**dict.fromkeys(sync.KEYS), "p50_ms": 1.5}

    monkeypatch.setattr(sync, "run", measured)
    assert run("bench", "sync", "--json", "--seconds", "30", "--scenarios", "steady,off") == 0
    assert list(json.loads(capsys.readouterr().out)) == [
        "p50_ms", "p95_ms", "min_ms", "max_ms", "estimate_error_p95_ms", "step_recover_s",
        "step_overshoot_ms", "drift_p95_ms", "starved_audio_gaps", "starved_recover_s",
        "lossy_recover_s", "off_p95_ms", "plain_p95_ms",
    ]  # fmt: skip
    assert run("bench", "sync") == 0
    assert "not measured" in capsys.readouterr().out
    assert asked == [(30, ["steady", "off"]), (600, list(sync.SCENARIOS))]


@pytest.mark.parametrize(
    ("seconds", "scenarios", "told"),
    [(5, ["steady"], "too short"), (60, ["steady", "bogus"], "no scenario bogus")],
)
async def test_what_cannot_be_measured_is_refused(
    seconds: int, scenarios: list[str], told: str
) -> None:
    with pytest.raises(BenchError, match=told):
        await sync.run(seconds, scenarios)

"""``kiosk bench stages`` on the command line."""

import json
from pathlib import Path

import pytest

from kiosk import cli
from kiosk.bench import stages
from kiosk.bench.stages import Report, Tell
from kiosk.config import Settings

Capture = pytest.CaptureFixture[str]


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)
    return int(str(end.value.code))


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Settings, float]]:
    path = tmp_path / "kiosk.toml"
    path.touch()
    monkeypatch.setenv("KIOSK_CONFIG", str(path))
    calls: list[tuple[Settings, float]] = []

    async def fake(settings: Settings, seconds: float, tell: Tell) -> Report:
        calls.append((settings, seconds))
        tell("1 stages")
        row = {"stages": 1, "holds": True, "batches": {1: 5}}
        figures = {"stages_max": 1, "stages_in_full": 1, "stages_estimated": 2, "counts": [row]}
        size = {"width": 512, "height": 512, "frame_rate_hz": 25}
        return {"preset": settings.look.preset, **size, **figures}

    monkeypatch.setattr(stages, "run", fake)
    return calls


def test_figures_for_programs(asked: list[tuple[Settings, float]], capsys: Capture) -> None:
    assert run("bench", "stages", "--seconds", "5", "--preset", "balanced", "--json") == 0
    ((settings, seconds),) = asked
    assert (settings.look.preset, seconds) == ("balanced", 5)
    said = capsys.readouterr()
    assert json.loads(said.out)["stages_max"] == 1
    assert said.err == "1 stages\n", "progress does not get in the way"


def test_lines_for_people(asked: list[tuple[Settings, float]], capsys: Capture) -> None:
    assert run("bench", "stages") == 0
    assert asked[0][1] == 20
    said = capsys.readouterr().out
    assert "1 stages of 512×512 hold 25 pictures/s" in said and "1:5" in said


def test_an_unknown_preset_is_refused(asked: list[tuple[Settings, float]], capsys: Capture) -> None:
    assert run("bench", "stages", "--preset", "best") == 2
    assert "--preset" in capsys.readouterr().err and not asked

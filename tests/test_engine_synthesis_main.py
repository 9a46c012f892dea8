"""The synthesizer's own command line."""

import json
import sys
from pathlib import Path

import cv2
import pytest

from engine.synthesis import __main__ as command


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["synthesis", *arguments])
    return command.main()


def test_timing_is_printed_as_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--frames", "2", "--json") == 0
    figures = json.loads(capsys.readouterr().out)
    assert set(figures) == {"512x512", "720x1280"}
    assert all(row["median_ms"] > 0 for row in figures.values())


def test_a_sheet_is_drawn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert run(monkeypatch, "--sheet", str(tmp_path / "sheet.png")) == 0
    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    assert sheet is not None
    assert sheet.shape == (512 * 3, 512 * 6, 3)


def test_an_unknown_rig_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--rig", "nobody") == 1
    assert "nobody" in capsys.readouterr().err

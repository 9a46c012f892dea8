"""The training's log: lines that programs read, and that a resumed training goes on with."""

import json
from pathlib import Path

import pytest

from engine.train.refiner.log import Log


def test_lines_are_added_rounded_and_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log.jsonl"
    Log(path)(steps=1, psnr_1=41.123456)
    Log(path)(steps=2, words="done")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines == [{"steps": 1, "psnr_1": 41.1235}, {"steps": 2, "words": "done"}]
    assert capsys.readouterr().out == path.read_text()

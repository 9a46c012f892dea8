"""The command that judges the refiner, where it cannot."""

import sys

import pytest

from kiosk import cli


def test_without_the_extra_the_command_names_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delattr("kiosk.bench.refiner", raising=False)
    monkeypatch.setitem(sys.modules, "kiosk.bench.refiner", None)
    with pytest.raises(SystemExit) as caught:
        cli.main(["bench", "refiner"])
    assert caught.value.code == 2
    assert ".venv/bin/pip install -e '.[train]'" in capsys.readouterr().err

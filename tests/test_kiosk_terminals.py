"""The terminals' constants: kept, read back, and never a reason not to start."""

from pathlib import Path

import pytest

from kiosk.terminals import Terminals, TerminalsError, default_file


def test_what_is_kept_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "state" / "terminals.json"
    terminals = Terminals(path)
    assert terminals.offset_ms("lobby") == 0.0
    terminals.keep("lobby", 35.0)
    terminals.keep("bed-7", -12.5)
    again = Terminals(path)
    assert (again.offset_ms("lobby"), again.offset_ms("bed-7")) == (35.0, -12.5)
    assert [file.name for file in path.parent.iterdir()] == ["terminals.json"]


@pytest.mark.parametrize("text", ["", "[]", '{"a": "x"}', '{"a": null}', "nonsense"])
def test_a_broken_file_is_as_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "terminals.json"
    path.write_text(text)
    assert Terminals(path).offset_ms("a") == 0.0


def test_an_absurd_constant_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "terminals.json"
    path.write_text('{"a": 99999, "b": 20}')
    assert (Terminals(path).offset_ms("a"), Terminals(path).offset_ms("b")) == (0.0, 20.0)


def test_a_file_that_cannot_be_written_is_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    terminals = Terminals(tmp_path / "file" / "terminals.json")
    with pytest.raises(TerminalsError, match=r"sync\.terminals_file"):
        terminals.keep("a", 1.0)
    assert terminals.offset_ms("a") == 0.0


def test_under_systemd_it_lies_in_the_state_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", f"{tmp_path}:/elsewhere")
    assert default_file() == tmp_path / "terminals.json"
    monkeypatch.delenv("STATE_DIRECTORY")
    monkeypatch.setenv("XDG_STATE_HOME", "/home/x/state")
    assert default_file() == Path("/home/x/state/sonic-kiosk/terminals.json")

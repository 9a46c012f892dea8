"""Reading and laying over of settings, and what a broken file is told."""

from pathlib import Path

import pytest

from kiosk.config_sources import ConfigError, Values, merge, read_file

SECTIONS = {"server": {"port", "host"}, "log": {"level"}}


def read(path: Path) -> Values:
    values = Values(SECTIONS)
    read_file(path, values)
    return values


def refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        read(path)
    assert len(caught.value.problems) == 1
    return caught.value.problems[0]


def test_broken_toml_names_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.toml"
    path.write_text("[server]\nport = = 3\n")
    told = refusal(path)
    assert str(path) in told
    assert "line 2, column 8" in told


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "absent.toml")
    assert "cannot be read" in refusal(tmp_path)
    path = tmp_path / "latin.toml"
    path.write_bytes(b"[page]\ntitle = '\xe9'\n")
    assert "byte 16 is not UTF-8" in refusal(path)


def test_a_byte_order_mark_and_dos_lines_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.toml"
    path.write_bytes(b"\xef\xbb\xbf[server]\r\nport = 3\r\n")
    assert read(path).tree == {"server": {"port": 3}}


def test_the_last_layer_wins_and_is_remembered(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.toml"
    path.write_text("[server]\nport = 1\nhost = 'a'\n[log]\nlevel = 'x'\n")
    values = read(path)
    merge(
        values,
        {"KIOSK_SERVER__PORT": "2", "KIOSK_SERVER__HOST": "b", "PATH": "/bin"},
        {"server.port": 3, "log.level": None},
        {"server.port": "--port"},
    )
    assert values.problems == []
    assert values.tree == {"server": {"port": 3, "host": "b"}, "log": {"level": "x"}}
    assert values.source("server.port") == "--port"
    assert values.source("server.host") == "KIOSK_SERVER__HOST"
    assert values.source("log.level") == "kiosk.toml"


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("KIOSK_SERVER__PROT", "KIOSK_SERVER__PORT"),
        ("KIOSK_SERVER_PORT", "KIOSK_SERVER__PORT"),
        ("KIOSK_LOGS__LEVEL", "KIOSK_LOG__LEVEL"),
    ],
)
def test_misspelt_variables_are_refused(variable: str, meant: str) -> None:
    values = Values(SECTIONS)
    merge(values, {variable: "1"}, {}, {})
    assert values.problems == [f"{variable}: no such setting: did you mean {meant}?"]


def test_variables_of_others_are_left_alone() -> None:
    values = Values(SECTIONS)
    merge(values, {"KIOSK_CONFIG": "x", "KIOSK_FLAVOUR": "y"}, {}, {})
    assert values.problems == []
    assert values.tree == {}

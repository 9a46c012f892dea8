"""Getting files out of npm and pip."""

import hashlib
import sys
from pathlib import Path

import pytest

from kiosk import packages
from kiosk.packages import AssetError, npm_archive, packed, run, write_whole

ARCHIVE = b"an archive"
SHA256 = hashlib.sha256(ARCHIVE).hexdigest()


@pytest.fixture
def lines() -> list[str]:
    return []


def brings(content: bytes) -> object:
    return lambda package, what, say: content


def fails(package: str, what: str, say: packages.Say) -> bytes:
    raise AssetError("no network")


def npm(folder: Path, content: bytes) -> list[str]:
    """A program that packs as npm does."""
    program = folder / "npm.py"
    program.write_text(
        "import pathlib, sys\n"
        "folder = sys.argv[sys.argv.index('--pack-destination') + 1]\n"
        f"pathlib.Path(folder, sys.argv[-1] + '.tgz').write_bytes({content!r})\n"
    )
    return [sys.executable, str(program)]


def test_npm_is_asked_for_the_package(tmp_path: Path, lines: list[str]) -> None:
    assert packed(npm(tmp_path, ARCHIVE), "thing", tmp_path, "things", lines.append) == ARCHIVE
    assert (tmp_path / "thing.tgz").is_file()
    assert lines == ["things: fetching thing"]


def test_an_npm_that_packs_nothing_is_told(tmp_path: Path, lines: list[str]) -> None:
    with pytest.raises(AssetError, match="no archive"):
        packed([sys.executable, "-c", ""], "thing", tmp_path, "things", lines.append)


def test_where_npm_fails_pips_is_tried(monkeypatch: pytest.MonkeyPatch, lines: list[str]) -> None:
    monkeypatch.setattr(packages, "_by_npm", fails)
    monkeypatch.setattr(packages, "_by_npm_wheel", brings(ARCHIVE))
    assert npm_archive("thing@1", SHA256, "things", lines.append) == ARCHIVE
    assert lines == ["things: no network"]


def test_another_archive_than_the_known_one_is_refused(
    monkeypatch: pytest.MonkeyPatch, lines: list[str]
) -> None:
    monkeypatch.setattr(packages, "_by_npm", brings(b"another"))
    monkeypatch.setattr(packages, "_by_npm_wheel", brings(b"another"))
    with pytest.raises(AssetError, match="thing@1 is not the archive that is known"):
        npm_archive("thing@1", SHA256, "things", lines.append)


def test_without_npm_it_is_said(monkeypatch: pytest.MonkeyPatch, lines: list[str]) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(packages, "_by_npm_wheel", fails)
    with pytest.raises(AssetError, match="no network"):
        npm_archive("thing@1", SHA256, "things", lines.append)
    assert "npm is not on the path" in lines[0]


def test_a_failing_program_is_told_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(AssetError, match="no space left"):
        run([sys.executable, "-c", "import sys; sys.exit('no space left')"])
    with pytest.raises(AssetError, match="did not run"):
        run([str(tmp_path / "none")])


def test_a_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.bin", b"old")
    write_whole(tmp_path / "a.bin", b"new")
    assert (tmp_path / "a.bin").read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]

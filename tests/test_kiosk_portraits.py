"""The folder of avatars: they appear and go as a whole."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from engine import personas
from engine.portrait import rig as rigs
from engine.portrait.onboard import Candidate
from engine.portrait.rig import Rig, RigError
from kiosk import portraits
from kiosk.portraits import PortraitError
from tests.portrait_utils import ada, landmarks, portrait


def keep(folder: Path, name: str) -> Path:
    candidate = Candidate(portrait(), landmarks(), landmarks(), ())
    return portraits.keep(folder, name, portraits.encoded(ada(), candidate, portrait()))


def test_what_is_kept_is_whole_and_for_everybody(tmp_path: Path) -> None:
    kept = keep(tmp_path / "new" / "avatars", "guest")
    assert {file.name for file in kept.iterdir()} == {
        personas.RIG_NAME, portraits.PORTRAIT_NAME, portraits.LANDMARKS_NAME, portraits.SHEET_NAME
    }  # fmt: skip
    assert rigs.load(kept / personas.RIG_NAME).name == "guest"
    assert cv2.imread(str(kept / portraits.PORTRAIT_NAME)) is not None
    read = np.loadtxt(kept / portraits.LANDMARKS_NAME, delimiter=",")
    assert np.abs(read - landmarks()).max() < 0.01
    assert kept.stat().st_mode & 0o777 == 0o755
    assert [file.name for file in kept.parent.iterdir()] == ["guest"]


def test_they_are_listed_with_those_that_ship(tmp_path: Path) -> None:
    keep(tmp_path, "guest")
    found = {listed.name: listed for listed in portraits.listing(tmp_path)}
    assert found["ada"].ships
    assert not found["guest"].ships
    assert found["guest"].path == tmp_path / "guest"


@pytest.mark.parametrize("name", ["", "a/b", "../a", ".a", "a.rig", "ä", "a b", "x" * 65, "-a"])
def test_names_that_are_no_names(tmp_path: Path, name: str) -> None:
    with pytest.raises(PortraitError, match="is not a name: use letters"):
        portraits.check_name(name, tmp_path)


def test_no_other_is_replaced(tmp_path: Path) -> None:
    keep(tmp_path, "guest")
    with pytest.raises(PortraitError, match="kiosk portrait remove guest"):
        keep(tmp_path, "guest")
    with pytest.raises(PortraitError, match="ships with the kiosk"):
        keep(tmp_path, "ada")
    assert [file.name for file in tmp_path.iterdir()] == ["guest"]


def test_what_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def save(rig: Rig, path: Path) -> None:
        path.touch()
        raise RigError("too large")

    monkeypatch.setattr(rigs, "save", save)
    with pytest.raises(RigError):
        keep(tmp_path, "guest")
    assert list(tmp_path.iterdir()) == []


def test_what_is_removed_is_gone(tmp_path: Path) -> None:
    keep(tmp_path, "guest")
    portraits.remove(tmp_path, "guest")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(PortraitError, match="none was added"):
        portraits.remove(tmp_path, "guest")


@pytest.mark.parametrize("name", ["ada", "nobody", "../guest", "."])
def test_nothing_else_is_removed(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "avatars"
    keep(folder, "guest")
    with pytest.raises(PortraitError):
        portraits.remove(folder, name)
    assert (folder / "guest").is_dir()

"""The avatars that ship."""

from pathlib import Path

import pytest

from engine import personas
from engine.portrait.rig import RigError, load


@pytest.mark.parametrize("name", ["ada", "lin"])
def test_they_ship_whole(name: str) -> None:
    assert name in personas.shipped()
    assert load(personas.path(name)).name == name
    room = personas.path(name).parent
    assert {"portrait.png", "plate.png", "matte.png", "landmarks.npz", "README.md"} <= {
        file.name for file in room.iterdir()
    }


def test_an_unknown_persona_names_those_there_are() -> None:
    with pytest.raises(RigError, match="ada"):
        personas.path("nobody")


def test_a_path_is_no_name() -> None:
    with pytest.raises(RigError):
        personas.path("../personas/ada")


def test_those_of_a_folder_are_found_beside_those_that_ship(tmp_path: Path) -> None:
    for name in ("guest", "ada", ".guest-removed-1"):
        (tmp_path / name).mkdir()
        (tmp_path / name / personas.RIG_NAME).touch()
    assert set(personas.available(tmp_path)) == {*personas.shipped(), "guest"}
    assert personas.path("guest", tmp_path) == tmp_path / "guest" / personas.RIG_NAME
    assert personas.path("ada", tmp_path) == personas.path("ada"), "none is shadowed"
    for name in ("nobody", "../guest", ".guest-removed-1"):
        with pytest.raises(RigError, match=r"choose one of ada.*guest"):
            personas.path(name, tmp_path)


def test_a_folder_that_is_not_there_has_none(tmp_path: Path) -> None:
    assert personas.available(tmp_path / "none") == personas.shipped()

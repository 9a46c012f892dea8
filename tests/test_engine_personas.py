"""The avatars that ship."""

import pytest

from engine import personas
from engine.portrait.rig import RigError, load


def test_ada_ships() -> None:
    assert "ada" in personas.available()
    assert load(personas.path("ada")).name == "ada"


def test_an_unknown_persona_names_those_there_are() -> None:
    with pytest.raises(RigError, match="ada"):
        personas.path("nobody")


def test_a_path_is_no_name() -> None:
    with pytest.raises(RigError):
        personas.path("../personas/ada")

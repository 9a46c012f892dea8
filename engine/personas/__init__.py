"""The avatars that ship: each a folder with a portrait, its rig, and where it comes from."""

from pathlib import Path

from engine.portrait.rig import RigError

_ROOM = Path(__file__).parent


def available() -> tuple[str, ...]:
    """Names of the personas that ship, sorted."""
    return tuple(sorted(file.parent.name for file in _ROOM.glob("*/persona.rig")))


def path(name: str) -> Path:
    """The rig file of persona *name*.

    Raises:
        RigError: if no such persona ships; the message names those that do.
    """
    if name not in available():
        raise RigError(f"no persona {name!r}: choose one of {', '.join(available())}")
    return _ROOM / name / "persona.rig"

"""The avatars: those that ship, each a folder here, and those of a machine, in a folder of its own.

Each is a folder of its name with the rig, the portrait, and where it comes from. One that was added
never stands in for one that ships.
"""

from pathlib import Path
from typing import Final

from engine.portrait.rig import RigError

RIG_NAME: Final = "persona.rig"
_ROOM: Final = Path(__file__).parent


def shipped() -> tuple[str, ...]:
    """Names of the personas that ship, sorted."""
    return _in(_ROOM)


def available(added: Path | None = None) -> tuple[str, ...]:
    """Names of the personas that ship and of those in the folder *added*, sorted."""
    more = _in(added) if added is not None else ()
    return tuple(sorted({*shipped(), *more}))


def path(name: str, added: Path | None = None) -> Path:
    """The rig file of persona *name*.

    Args:
        name: who.
        added: folder of the avatars of this machine.

    Raises:
        RigError: if there is no such persona; the message names those there are.
    """
    if name in shipped():
        return _ROOM / name / RIG_NAME
    if added is not None and name in _in(added):
        return added / name / RIG_NAME
    raise RigError(f"no persona {name!r}: choose one of {', '.join(available(added))}")


def _in(folder: Path) -> tuple[str, ...]:
    """Names in *folder*; what begins with a dot is still being made, or removed."""
    try:
        names = [file.parent.name for file in folder.glob(f"*/{RIG_NAME}")]
    except OSError:
        return ()
    return tuple(sorted(name for name in names if not name.startswith(".")))

"""The avatars of this machine: a folder for each, which appears and goes as a whole.

What a folder holds: ``persona.rig``, which the engine loads; ``portrait.png``, the photo as it was
cropped; ``landmarks.csv``, in the photo's pixels, to be corrected and given again; ``sheet.jpg``,
the key shapes, for the operator to look at.
"""

import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from engine import personas
from engine.portrait import rig as rigs
from kiosk.labels import labelled_jpeg

if TYPE_CHECKING:
    from engine.portrait.onboard import Candidate
    from engine.portrait.rig import Image, Rig

PORTRAIT_NAME: Final = "portrait.png"
LANDMARKS_NAME: Final = "landmarks.csv"
SHEET_NAME: Final = "sheet.jpg"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_FOLDER_MODE: Final = 0o755
"""The kiosk may run as another user than the one that adds portraits."""


class PortraitError(Exception):
    """An avatar that cannot be added or removed; the message names the remedy."""


@dataclass(frozen=True)
class Listed:
    """An avatar there is."""

    name: str
    ships: bool
    """Whether it came with the kiosk."""
    path: Path
    """Its folder."""


def listing(folder: Path) -> list[Listed]:
    """Every avatar: those that ship, and those in *folder*."""
    ship = personas.shipped()
    return [
        Listed(name, name in ship, personas.path(name, folder).parent)
        for name in personas.available(folder)
    ]


def check_name(name: str, folder: Path) -> None:
    """Whether an avatar may be called *name*.

    Raises:
        PortraitError: it may not, or there is one already.
    """
    if not _NAME.fullmatch(name):
        raise PortraitError(
            f"{name!r} is not a name: use letters, digits, '_' and '-', at most 64, beginning with "
            "a letter or digit"
        )
    if name in personas.shipped():
        raise PortraitError(f"{name} ships with the kiosk: choose another name")
    if (folder / name).exists():
        raise PortraitError(
            f"there is an avatar {name} already: choose another name, or first: "
            f"kiosk portrait remove {name}"
        )


def keep(folder: Path, name: str, rig: "Rig", candidate: "Candidate", sheet: "Image") -> Path:
    """Write an avatar; its folder appears when everything is in it.

    Raises:
        PortraitError: there is one of that name.
        RigError: its rig would be too large.
        OSError: the folder cannot be written.
    """
    folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=folder))
    try:
        rigs.save(rig, making / personas.RIG_NAME)
        _write(making / PORTRAIT_NAME, ".png", candidate.portrait)
        (making / SHEET_NAME).write_bytes(labelled_jpeg(sheet))
        np.savetxt(making / LANDMARKS_NAME, candidate.photo_landmarks_px, "%.2f", delimiter=",")
        making.chmod(_FOLDER_MODE)
        check_name(name, folder)
        return making.rename(folder / name)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _write(path: Path, suffix: str, image: "Image") -> None:
    done, data = cv2.imencode(suffix, image)
    if not done:
        raise PortraitError(f"{path.name} cannot be encoded: report it")
    path.write_bytes(data.tobytes())


def remove(folder: Path, name: str) -> None:
    """Remove avatar *name* from *folder*; a stage that shows it goes on until its viewers leave.

    Raises:
        PortraitError: it ships, or there is none.
    """
    if name in personas.shipped():
        raise PortraitError(f"{name} ships with the kiosk: it stays")
    added = [listed.name for listed in listing(folder) if not listed.ships]
    if name not in added:
        known = f"those there are: {', '.join(added)}" if added else "none was added"
        raise PortraitError(f"no avatar {name!r} in {folder}: {known}")
    going = folder / f".{name}-removed-{os.getpid()}"
    (folder / name).rename(going)
    shutil.rmtree(going)

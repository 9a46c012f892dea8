"""The avatars of this machine: a folder for each, which appears and goes as a whole.

What a folder holds: ``persona.rig``, which the engine loads; ``portrait.png``, the photo as it was
cropped; ``landmarks.csv``, in the photo's pixels, to be corrected and given again; ``sheet.jpg``,
the key shapes, for the operator to look at.
"""

import io
import os
import re
import shutil
import tempfile
from dataclasses import dataclass, replace
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

    def __init__(self, code: str, reason: str, remedy: str) -> None:
        self.code = code
        """Stable name of the failure."""
        self.reason, self.remedy = reason, remedy
        super().__init__(f"{reason}: {remedy}")


@dataclass(frozen=True)
class Baked:
    """An avatar as it is kept."""

    rig: "Rig"
    portrait_png: bytes
    landmarks_csv: bytes
    sheet_jpg: bytes


def encoded(rig: "Rig", candidate: "Candidate", sheet: "Image") -> Baked:
    """What is to be kept of *candidate*, whose *rig* and *sheet* are baked."""
    return Baked(rig, portrait_png(candidate), landmarks_csv(candidate), sheet_jpg(sheet))


def portrait_png(candidate: "Candidate") -> bytes:
    """The photo as it was cropped, as a file."""
    return _encoded(".png", candidate.portrait)


def sheet_jpg(sheet: "Image") -> bytes:
    """The *sheet* of key shapes as a file."""
    return labelled_jpeg(sheet)


def landmarks_csv(candidate: "Candidate") -> bytes:
    """Its landmarks as a file, to be corrected and given again."""
    lines = io.BytesIO()
    np.savetxt(lines, candidate.photo_landmarks_px, "%.2f", delimiter=",")
    return lines.getvalue()


def _encoded(suffix: str, image: "Image") -> bytes:
    done, data = cv2.imencode(suffix, image)
    if not done:
        raise PortraitError("not_encoded", f"a {suffix} picture cannot be encoded", "report it")
    return data.tobytes()


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
            "invalid_name",
            f"{name!r} is not a name",
            "use letters, digits, '_' and '-', at most 64, beginning with a letter or digit",
        )
    if name in personas.shipped():
        raise PortraitError(
            "name_taken", f"the avatar {name} ships with the kiosk", "choose another name"
        )
    if (folder / name).exists():
        raise PortraitError(
            "name_taken",
            f"there is an avatar {name} already",
            f"choose another name, or first: kiosk portrait remove {name}",
        )


def keep(folder: Path, name: str, baked: Baked) -> Path:
    """Write an avatar; its folder appears when everything is in it.

    Raises:
        PortraitError: there is one of that name.
        RigError: its rig would be too large.
        OSError: the folder cannot be written.
    """
    folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=folder))
    try:
        rigs.save(replace(baked.rig, name=name), making / personas.RIG_NAME)
        (making / PORTRAIT_NAME).write_bytes(baked.portrait_png)
        (making / SHEET_NAME).write_bytes(baked.sheet_jpg)
        (making / LANDMARKS_NAME).write_bytes(baked.landmarks_csv)
        making.chmod(_FOLDER_MODE)
        check_name(name, folder)
        return making.rename(folder / name)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def remove(folder: Path, name: str) -> None:
    """Remove avatar *name* from *folder*; a stage that shows it goes on until its viewers leave.

    Raises:
        PortraitError: it ships, or there is none.
    """
    if name in personas.shipped():
        raise PortraitError("avatar_ships", f"the avatar {name} ships with the kiosk", "it stays")
    added = [listed.name for listed in listing(folder) if not listed.ships]
    if name not in added:
        known = f"those there are: {', '.join(added)}" if added else "none was added"
        raise PortraitError("unknown_avatar", f"no avatar {name!r} in {folder}", known)
    going = folder / f".{name}-removed-{os.getpid()}"
    (folder / name).rename(going)
    shutil.rmtree(going)

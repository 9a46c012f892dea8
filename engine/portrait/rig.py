"""The rig: everything the synthesizer needs of one portrait, in one compact file.

A rig file is a zip archive of arrays (NumPy's ``.npz``, nothing executable); pictures inside it are
PNG. Positions are pixels of the portrait, +x right, +y down, depth toward the viewer.
"""

import json
import zipfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.motion.coefficients import COEFFICIENTS

VERSION: Final = 2
READABLE: Final = (1, 2)
"""Version 2 may have a mask."""
MAX_BYTES: Final = 8 * 1024 * 1024

LIDS_MEET: Final = 0.92
"""Where closed lids meet, from the upper margin at rest (0) to the lower (1)."""
LASH_BAND_PX: Final = 5.0
"""The lashes' band above the upper margin: it moves with the margin and is not stretched."""

Image = NDArray[np.uint8]
Halves = NDArray[np.float16]
Box = tuple[int, int, int, int]


class RigError(Exception):
    """A rig that cannot be used; the message names the failure and the remedy."""


@dataclass(frozen=True)
class Rig:
    """One portrait, baked. Colours are blue-green-red(-alpha), straight (not premultiplied)."""

    name: str
    plate: Image
    """(height, width, 3) the scene without the head."""
    head: Image
    """(rows, columns, 4) over ``box``: the head, the lower lip carried on behind the upper."""
    upper: Image
    """(rows, columns, 4) over ``upper_box``: the upper lip."""
    hole: Image
    """(rows, columns) over ``upper_box``: where the head lies open behind the upper lip."""
    cavity: Image
    """(rows, columns, 4) over ``cavity_box``: the back of the mouth."""
    lower_teeth: Image
    """(rows, columns, 4) over ``cavity_box``: tongue and lower teeth."""
    upper_teeth: Image
    """(rows, columns, 4) over ``cavity_box``: gums and upper teeth."""
    eyes: Image
    """(2, rows, columns, 4) the eyeballs over ``eye_boxes``, alpha: the lids' opening at rest."""
    lids: Image
    """(2, rows, columns, 4) the closed upper lids over ``eye_boxes``, unrolled."""
    lid_curves: NDArray[np.float32]
    """(2, 3, columns) heights in ``eye_boxes``: crease, upper margin, lower margin."""
    lid_motion: NDArray[np.float32]
    """(2, 2, len(COEFFICIENTS)) upper lid down, lower lid up, in openings of the eye."""
    gaze_motion: NDArray[np.float32]
    """(2, len(COEFFICIENTS), 2) pixels the iris moves at full coefficient."""
    irises: NDArray[np.float32]
    """(2, 3) centre x, y in the photo and radius, pixels."""
    lower_flow: Halves
    """(len(COEFFICIENTS), rows, columns, 2) pixels, on cells of ``step_px`` over ``box``."""
    upper_flow: Halves
    """The same, less ``lower_flow``, over the cells ``upper_cells``."""
    upper_cells: Box
    """x0, y0, x1, y1 in cells."""
    depth_px: Halves
    """(rows, columns) of the head on the cells, relative to the pivot."""
    jaw_motion: NDArray[np.float32]
    """(len(COEFFICIENTS), 3) pixels the lower teeth move."""
    teeth_depth_px: tuple[float, float]
    """Upper and lower teeth, relative to the pivot."""
    pivot_px: tuple[float, float]
    box: Box
    upper_box: Box
    cavity_box: Box
    eye_boxes: tuple[Box, Box]
    step_px: int
    eye_distance_px: float
    chin_px: tuple[float, float]
    mouth_px: Box
    """The closed lips' outline: left, top, right, bottom."""
    version: int = VERSION
    mask: Image | None = None
    """(rows, columns) how surely the portrait is person there, 0 to 255, of any size; None: nobody
    has looked."""


_PICTURES = ("plate", "head", "upper", "hole", "cavity", "lower_teeth", "upper_teeth")
_STACKS = ("eyes", "lids")
_ARRAYS = ("lid_curves", "lid_motion", "gaze_motion", "irises", "lower_flow", "upper_flow",
           "depth_px", "jaw_motion")  # fmt: skip


def save(rig: Rig, path: Path) -> None:
    """Write *rig* to *path*.

    Raises:
        RigError: if the file would be larger than ``MAX_BYTES``.
    """
    arrays: dict[str, NDArray[Any]] = {name: _png(getattr(rig, name)) for name in _PICTURES}
    arrays |= {name: _png(np.concatenate(getattr(rig, name))) for name in _STACKS}
    arrays |= {name: getattr(rig, name) for name in _ARRAYS}
    if rig.mask is not None:
        arrays["mask"] = _png(rig.mask)
    skip = {*arrays, "mask"}
    meta = {f.name: getattr(rig, f.name) for f in fields(rig) if f.name not in skip}
    meta["coefficients"] = list(COEFFICIENTS)
    arrays["meta"] = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
    size = path.stat().st_size
    if size > MAX_BYTES:
        path.unlink()
        raise RigError(f"the rig would be {size} bytes, over {MAX_BYTES}: use a smaller photo")


def load(path: Path) -> Rig:
    """Read a rig.

    Raises:
        RigError: if the file is missing, damaged, or of another version.
    """
    if not path.is_file():
        raise RigError(f"no rig at {path}: bake one with python -m engine.portrait.bake")
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            meta = json.loads(archive["meta"].tobytes())
            if meta["version"] not in READABLE or tuple(meta["coefficients"]) != COEFFICIENTS:
                raise RigError(
                    f"{path} is a rig of version {meta['version']}, this program reads "
                    f"{READABLE[0]} to {VERSION}: bake it again from its portrait"
                )
            del meta["coefficients"]
            values = {name: _tuples(value) for name, value in meta.items()}
            values |= {name: archive[name] for name in _ARRAYS}
            values |= {name: _picture(archive[name]) for name in _PICTURES}
            values["mask"] = _picture(archive["mask"]) if "mask" in archive else None
            for name in _STACKS:
                both = _picture(archive[name])
                values[name] = both.reshape(2, both.shape[0] // 2, *both.shape[1:])
            return Rig(**values)
    except RigError:
        raise
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise RigError(f"{path} is damaged ({error}): bake it again from its portrait") from error
    except Exception as error:  # zlib.error and cv2.error share no base with the above
        raise RigError(f"{path} cannot be read ({error}): bake it again") from error


def _tuples(value: Any) -> Any:  # noqa: ANN401  # JSON knows lists only
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def _png(image: Image) -> NDArray[np.uint8]:
    done, data = cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 6])
    if not done:
        raise RigError("a picture of the rig cannot be encoded: it is empty")
    return np.asarray(data, np.uint8).ravel()


def _picture(data: NDArray[np.uint8]) -> Image:
    image = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    if image is None:
        raise ValueError("a picture in it cannot be decoded")
    return np.asarray(image, np.uint8)

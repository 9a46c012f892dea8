"""A sheet of mouths: warped, refined, and as they should be."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

import cv2
import numpy as np

from engine.media import ByteArray
from engine.synthesis.shapes import labelled
from kiosk.bench.browser import BenchError

SUFFIXES: Final = (".jpg", ".jpeg", ".png")
COLUMNS: Final = ("warp", "1 step", "20 steps", "truth")
FACES: Final = 8
TILE_PX: Final = 240
ACROSS: Final = 2
"""Faces in a row."""
GAP_PX: Final = 8
MOST_BYTES: Final = 600_000
QUALITIES: Final[tuple[int | None, ...]] = (92, 86, 80, 74, 66, 58, 50)
"""Of a JPEG, tried in turn."""


def check(path: Path) -> None:
    """See at once whether a sheet could be written at *path*.

    Raises:
        BenchError: it is no name of a picture, or its folder may not be written.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise BenchError(f"{path}: a sheet is a picture: call it .jpg or .png")
    try:
        with TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise BenchError(f"{path.parent}: {error.strerror}: name a folder to write to") from error


def sheet(faces: Sequence[Sequence[ByteArray]]) -> ByteArray:
    """(rows, columns, 3) blue-green-red of *faces*, each of them its ``COLUMNS``; square tiles."""
    strips = []
    for number, tiles in enumerate(faces):
        enlarged = [
            np.asarray(cv2.resize(t, (TILE_PX, TILE_PX), interpolation=cv2.INTER_CUBIC), np.uint8)
            for t in tiles
        ]
        if number < ACROSS:
            enlarged = [labelled(t, name) for t, name in zip(enlarged, COLUMNS, strict=True)]
        strips.append(np.hstack(enlarged))
    blank = np.full_like(strips[0], 255)
    strips += [blank] * (-len(strips) % ACROSS)
    gap = np.full((TILE_PX, GAP_PX, 3), 255, np.uint8)
    rows = []
    for start in range(0, len(strips), ACROSS):
        row = [part for strip in strips[start : start + ACROSS] for part in (strip, gap)]
        rows.append(np.hstack(row[:-1]))
    between = np.full((GAP_PX, rows[0].shape[1], 3), 255, np.uint8)
    stacked = [part for row in rows for part in (row, between)]
    return np.asarray(np.vstack(stacked[:-1]), np.uint8)


def write(path: Path, faces: Sequence[Sequence[ByteArray]]) -> None:
    """Write the sheet as JPEG, or PNG by its name, not larger than ``MOST_BYTES``.

    Raises:
        BenchError: there is no face, or it cannot be written so small.
    """
    if not faces:
        raise BenchError(f"no faces for {path}: give a folder of portraits with --portraits")
    picture, suffix = sheet(faces[:FACES]), path.suffix.lower()
    for quality in QUALITIES if suffix in (".jpg", ".jpeg") else (None,):
        how = [] if quality is None else [cv2.IMWRITE_JPEG_QUALITY, quality]
        done, data = cv2.imencode(suffix, picture, how)
        if done and len(data) <= MOST_BYTES:
            path.write_bytes(data.tobytes())
            return
    raise BenchError(f"{path} would be larger than {MOST_BYTES // 1000} kB: name it .jpg")

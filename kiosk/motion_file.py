"""The motion of a face as a table that 3-D tools read: ARKit's blend shapes and the head's pose."""

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Protocol, TextIO

from engine.media import FloatArray, MotionFrame
from engine.motion.arkit import ARKIT, to_arkit
from engine.timeline import SAMPLE_RATE_HZ
from kiosk.labels import SYNTHETIC_COMMENT, SYNTHETIC_SOURCE
from kiosk.render import Listens, Rendered, RenderError, check, drawn, frame_count, whole_file

SUFFIXES: Final = (".csv", ".json")

HEAD: Final[dict[str, tuple[str, str]]] = {
    "head_yaw_deg": (
        "yaw_deg",
        "degrees; positive turns to the subject's left, the viewer's right",
    ),
    "head_pitch_deg": ("pitch_deg", "degrees; positive looks up"),
    "head_roll_deg": (
        "roll_deg",
        "degrees; positive leans to the subject's left, the viewer's right",
    ),
    "head_x": ("x", "shift to the viewer's right, in distances between the eyes' outer corners"),
    "head_y": ("y", "shift down, in distances between the eyes' outer corners"),
    "head_scale": ("scale", "size relative to rest; above 1 leans in"),
    "breath": ("breath", "0 breathed out to 1 breathed in"),
}
"""Columns of the head: the field of ``Pose``, and its unit."""

COLUMNS: Final = ("time_s", *ARKIT, *HEAD)

UNITS: Final[dict[str, str]] = {
    "time_s": "seconds from the begin of the sound",
    **dict.fromkeys(ARKIT, "0 (rest) to 1 (full); left and right are the subject's"),
    **{name: unit for name, (_, unit) in HEAD.items()},
}

LIVE_LINK_COLUMNS: Final = (
    "Timecode", "BlendShapeCount", *(name[0].upper() + name[1:] for name in ARKIT), *HEAD
)  # fmt: skip
"""As Epic's Live Link Face writes them. Unreal's importer asks for the first two by name and takes
any names after them. The head keeps our names: the app's have had other units by version."""

LIVE_LINK_RATE_HZ: Final = 30
"""Frames of a timecode in a second: Unreal's importer takes a file for 30 a second, or for 60 if
it has a frame beyond the 30th. They may be fractions, so that any frame rate can be written."""

_DECIMALS: Final = 5


class Moves(Listens, Protocol):
    """``engine.motion.stream.MotionStream``, as far as it is used here."""

    def at(self, pts: int) -> MotionFrame:
        """The motion at one instant."""
        ...


def write_motion(
    motion: Moves, sound: FloatArray, path: Path, frame_rate_hz: int, live_link: bool = False
) -> Rendered:
    """Write what the face does while it says *sound*, a row for each picture.

    Args:
        motion: a fresh motion stage.
        sound: shape (n,), mono at the master rate.
        path: ``.csv`` (a header, then rows) or ``.json`` (``frame_rate_hz``, ``names``, ``units``
            by name, ``frames``); the columns are ``COLUMNS``.
        frame_rate_hz: 20 or 25.
        live_link: lay the CSV out as Epic's Live Link Face does, ``LIVE_LINK_COLUMNS``.

    Raises:
        RenderError: there is no sound, or the file cannot be written.
    """
    check(sound, path, SUFFIXES)
    is_csv = path.suffix.lower() == ".csv"
    if live_link and not is_csv:
        raise RenderError(f"{path}: Live Link Face writes CSV: give a name that ends in .csv")
    frames = drawn(motion, lambda index, pts: motion.at(pts), sound, frame_rate_hz)
    with whole_file(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        if live_link:
            _write_csv(file, LIVE_LINK_COLUMNS, map(live_link_row, frames))
        elif is_csv:
            _write_csv(file, COLUMNS, map(row, frames))
        else:
            _write_json(file, map(row, frames), frame_rate_hz)
    total = frame_count(sound, frame_rate_hz)
    return Rendered(path, total, total / frame_rate_hz)


def row(frame: MotionFrame) -> list[float]:
    """One row of ``COLUMNS``."""
    return [round(frame.pts / SAMPLE_RATE_HZ, _DECIMALS), *_values(frame)]


def live_link_row(frame: MotionFrame) -> list[float | str]:
    """One row of ``LIVE_LINK_COLUMNS``."""
    return [timecode(frame.pts), len(ARKIT), *_values(frame)]


def timecode(pts: int) -> str:
    """``hh:mm:ss:ff.fff`` at ``LIVE_LINK_RATE_HZ``."""
    whole_s, rest = divmod(pts, SAMPLE_RATE_HZ)
    minutes, whole_s = divmod(whole_s, 60)
    hours, minutes = divmod(minutes, 60)
    # Cut off, not rounded: the 30th frame would be the next second's first.
    thousandths = rest * LIVE_LINK_RATE_HZ * 1000 // SAMPLE_RATE_HZ
    return f"{hours:02}:{minutes:02}:{whole_s:02}:{thousandths / 1000:06.3f}"


def _values(frame: MotionFrame) -> list[float]:
    pose = [getattr(frame.pose, field) for field, _ in HEAD.values()]
    return [round(float(v), _DECIMALS) for v in (*to_arkit(frame.coefficients).tolist(), *pose)]


def _write_csv(file: TextIO, header: Iterable[str], rows: Iterable[Iterable[float | str]]) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)


def _write_json(file: TextIO, rows: Iterable[list[float]], frame_rate_hz: int) -> None:
    content = {
        "comment": SYNTHETIC_COMMENT,
        "digital_source_type": SYNTHETIC_SOURCE,
        "frame_rate_hz": frame_rate_hz,
        "names": COLUMNS,
        "units": UNITS,
        "frames": list(rows),
    }
    json.dump(content, file)

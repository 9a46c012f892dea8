"""Motion as a table: the names, the units and the times that 3-D tools expect."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from engine.media import Audio, FloatArray, MotionFrame, Pose
from engine.motion.arkit import ARKIT
from engine.motion.coefficients import COEFFICIENTS, INDEX
from engine.timeline import PACKET_SAMPLES, SAMPLE_RATE_HZ, frame_pts, samples
from kiosk.motion_file import COLUMNS, HEAD, LIVE_LINK_COLUMNS, UNITS, timecode, write_motion
from kiosk.render import RenderError, frame_count

HEARD_AHEAD_SAMPLES = 4 * PACKET_SAMPLES


class Motion:
    """Opens the jaw while it hears something: a fake of the motion stage with its lookahead."""

    def __init__(self) -> None:
        self._heard = np.zeros(0, np.float32)

    @property
    def ready_pts(self) -> int:
        return max(0, len(self._heard) - HEARD_AHEAD_SAMPLES)

    def push(self, audio: Audio) -> None:
        assert audio.pts == len(self._heard)
        self._heard = np.concatenate([self._heard, audio.samples])

    def at(self, pts: int) -> MotionFrame:
        assert pts < self.ready_pts
        coefficients = np.zeros(len(COEFFICIENTS), np.float32)
        coefficients[INDEX["jawOpen"]] = np.abs(self._heard[pts : pts + 480]).max()
        coefficients[INDEX["eyeBlink_L"]] = 0.25
        coefficients[[INDEX["browInnerUp_L"], INDEX["browInnerUp_R"]]] = 0.5
        return MotionFrame(pts, coefficients, Pose(yaw_deg=1.5, pitch_deg=-2.0, x=0.01))


def beep() -> FloatArray:
    """A second of silence with a tone from 0.4 s to 0.6 s."""
    time_s = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    tone = np.sin(2 * np.pi * 440 * time_s + 1.0)
    return np.where((time_s >= 0.4) & (time_s < 0.6), tone, 0.0).astype(np.float32)


def table(path: Path) -> tuple[list[str], list[list[str]]]:
    header, *rows = csv.reader(path.read_text(encoding="utf-8").splitlines())
    return header, rows


def test_csv_has_time_apple_s_names_and_the_head(tmp_path: Path) -> None:
    path = tmp_path / "motion.csv"
    written = write_motion(Motion(), beep(), path, 25)
    header, rows = table(path)
    assert tuple(header) == COLUMNS == ("time_s", *ARKIT, *HEAD)
    assert len(rows) == written.frames == frame_count(beep(), 25)
    assert [float(row[0]) for row in rows[:3]] == [0.0, 0.04, 0.08]
    column = {name: [float(row[header.index(name)]) for row in rows] for name in header}
    assert [value > 0.3 for value in column["jawOpen"]].index(True) == 10
    for name, value in {
        "eyeBlinkLeft": 0.25, "eyeBlinkRight": 0.0, "browInnerUp": 0.5, "tongueOut": 0.0,
        "head_yaw_deg": 1.5, "head_pitch_deg": -2.0, "head_x": 0.01, "head_scale": 1.0,
    }.items():  # fmt: skip
        assert set(column[name]) == {value}, name


def test_json_equals_csv_and_says_its_units(tmp_path: Path) -> None:
    write_motion(Motion(), beep(), tmp_path / "m.csv", 20)
    write_motion(Motion(), beep(), tmp_path / "m.JSON", 20)
    content = json.loads((tmp_path / "m.JSON").read_text())
    assert content["frame_rate_hz"] == 20
    assert tuple(content["names"]) == COLUMNS
    assert content["units"] == UNITS
    assert set(UNITS) == set(COLUMNS)
    assert content["units"]["head_roll_deg"].startswith("degrees")
    _, rows = table(tmp_path / "m.csv")
    assert [[float(value) for value in row] for row in rows] == content["frames"]


def test_live_link_has_the_columns_that_unreal_asks_for(tmp_path: Path) -> None:
    path = tmp_path / "motion.csv"
    write_motion(Motion(), beep(), path, 25, live_link=True)
    header, rows = table(path)
    assert tuple(header) == LIVE_LINK_COLUMNS
    assert header[:3] == ["Timecode", "BlendShapeCount", "EyeBlinkLeft"]
    assert header[53] == "TongueOut"
    assert {len(row) for row in rows} == {len(header)}
    assert {row[1] for row in rows} == {"52"}
    assert [row[0] for row in rows[24:26]] == ["00:00:00:28.800", "00:00:01:00.000"]


def test_live_link_is_csv(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match=r"ends in \.csv"):
        write_motion(Motion(), beep(), tmp_path / "m.json", 25, live_link=True)
    assert not list(tmp_path.iterdir())


def test_timecodes_tell_the_time() -> None:
    for index in (0, 1, 24, 25, 1499, 1500, 90_001):
        hours, minutes, whole_s, frames = timecode(frame_pts(index, 25)).split(":")
        told = int(hours) * 3600 + int(minutes) * 60 + int(whole_s) + float(frames) / 30
        assert told == pytest.approx(index / 25, abs=1e-4)
    assert timecode(samples(1.0) - 1) == "00:00:00:29.999"


def test_no_sound_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="no sound"):
        write_motion(Motion(), np.zeros(0, np.float32), tmp_path / "m.csv", 25)

"""The process that bakes: what it writes for good photos and for others."""

import io
import json
import os
import subprocess
import sys
from typing import Any

import cv2
import numpy as np
import pytest

from engine.portrait import rig as rigs
from engine.portrait.onboard import Onboarding
from kiosk import bake_process
from kiosk.memory_file import MemoryFile
from tests.portrait_utils import ada, needs_faces, portrait, smiley


def messages(out: io.BytesIO) -> list[tuple[dict[str, Any], dict[str, bytes]]]:
    out.seek(0)
    found = []
    while line := out.readline():
        header = json.loads(line)
        found.append((header, {name: out.read(n) for name, n in header["files"].items()}))
    return found


def told(photo: bytes, **wishes: object) -> list[tuple[dict[str, Any], dict[str, bytes]]]:
    out = io.BytesIO()
    with MemoryFile(photo) as file:
        bake_process._work(wishes, file.path, out)
    return messages(out)


def png(image: Any) -> bytes:  # noqa: ANN401
    return bytes(cv2.imencode(".png", image)[1])


@needs_faces
def test_a_good_photo_is_checked_and_then_baked(monkeypatch: pytest.MonkeyPatch) -> None:
    # The baking itself takes long, and has its own tests.
    monkeypatch.setattr(Onboarding, "bake", lambda _self, _candidate, _name: (ada(), portrait()))
    checked, baked = told(png(portrait("lin")))
    assert checked[0]["kind"] == "checked"
    assert checked[0]["findings"] == []
    decoded = cv2.imdecode(np.frombuffer(checked[1]["portrait"], np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None and decoded.shape == (1024, 1024, 3)
    assert len(checked[1]["landmarks"].splitlines()) == 478
    with MemoryFile(baked[1]["rig"]) as file:
        assert rigs.load(file.path).plate.shape == (1024, 1024, 3)
    assert baked[1]["sheet"].startswith(b"\xff\xd8")


@needs_faces
def test_a_drawn_face_is_no_face_and_cannot_be_forced() -> None:
    ((header, files),) = told(png(smiley()), force=True)
    assert header["kind"] == "refused"
    assert header["findings"][0]["code"] == "no_face"
    assert header["forcible"] is False
    assert files == {}


@needs_faces
@pytest.mark.parametrize(
    ("data", "code", "reason", "remedy"),
    [
        (b"", "not_a_photo", "the file is empty", "give a JPEG, PNG or WebP file"),
        (b"root:x:0:0", "not_a_photo", "the file is not a photo", "give a JPEG, PNG or WebP file"),
        (
            b"\0\0\0\x18ftypheic" + bytes(64), "not_a_photo",
            "the file is a HEIC photo, which cannot be read here",
            "save it as JPEG, or: pip install pillow-heif",
        ),
    ],
)  # fmt: skip
def test_what_is_no_photo_is_told_without_the_name_it_has_here(
    data: bytes, code: str, reason: str, remedy: str
) -> None:
    ((header, _),) = told(data)
    assert header["findings"] == [{"code": code, "reason": reason, "remedy": remedy}]


@needs_faces
def test_a_truncated_photo_and_one_of_too_many_pixels() -> None:
    whole = png(portrait())
    ((damaged, _),) = told(whole[: len(whole) // 2])
    assert damaged["findings"][0]["code"] == "damaged"
    assert damaged["findings"][0]["remedy"] == "save or copy the photo again"
    vast = png(np.zeros((9000, 9000), np.uint8))
    ((many, _),) = told(vast)
    assert many["findings"][0]["code"] == "too_many_pixels"
    assert many["findings"][0]["reason"].endswith("more than 64 million")


def test_it_yields_to_everything_else() -> None:
    script = """if True:
        import os
        from pathlib import Path
        from kiosk import bake_process
        bake_process._stand_back()
        print(os.nice(0), Path("/proc/self/oom_score_adj").read_text().strip())
    """
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    nice, badness = map(int, told.stdout.split())
    assert (nice, badness) == (min(19, os.nice(0) + 19), 1000)

"""The process is started, read and ended, whatever becomes of it."""

import asyncio
import json
import os
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.portrait import photo
from engine.portrait.onboard import Wishes
from engine.portrait.photo import PhotoError
from kiosk import baker
from kiosk.api import ProblemError
from kiosk.api_avatars import PhotoRefusedError
from kiosk.baker import Checked, Done, bake
from kiosk.memory_file import MemoryFile
from tests.portrait_utils import ROOM, needs_faces


def pretend(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str) -> None:
    """Have *script* run in place of the process."""
    program = tmp_path / "python"
    program.write_text(f"#!{sys.executable}\nimport sys, json, time\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))


JPEG = b"\xff\xd8\xff\xe0 the rest"
HEADER = json.dumps({"kind": "checked", "files": {"portrait": 3, "landmarks": 2}, "findings": []})


async def steps(data: bytes = JPEG) -> list[Checked | Done]:
    with MemoryFile(data) as file:
        return [step async for step in bake(file, Wishes())]


@needs_faces
async def test_a_real_photo_goes_the_whole_way() -> None:
    checked, done = await steps((ROOM / "lin" / "portrait.png").read_bytes())
    assert isinstance(checked, Checked) and checked.findings == []
    assert isinstance(done, Done) and done.rig.startswith(b"PK")


@needs_faces
async def test_a_photo_that_is_torn_is_refused_with_its_finding() -> None:
    with pytest.raises(PhotoRefusedError) as refusal:
        await steps(JPEG)
    problem = refusal.value.problem
    assert (problem.status, problem.forcible) == (422, False)
    assert problem.code in ("not_a_photo", "damaged")
    assert problem.findings[0].remedy == problem.remedy


@pytest.mark.parametrize("data", [b"", b"text", b"GIF89a......", b"RIFF....WAVE", b"\x89PNG"])
async def test_what_is_no_photo_is_refused_without_a_process_in_the_readers_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, data: bytes
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(PhotoRefusedError) as refusal:
        await steps(data)
    (tmp_path / "the file").write_bytes(data)
    with pytest.raises(PhotoError) as read:
        photo.read(tmp_path / "the file")
    told = refusal.value.problem.findings[0]
    assert (told.code, told.reason, told.remedy) == (
        read.value.code, read.value.reason, read.value.remedy
    )  # fmt: skip
    assert refusal.value.problem.forcible is False


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
async def test_every_kind_of_photo_gets_as_far_as_the_process(
    monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    done, data = cv2.imencode(suffix, np.full((8, 8, 3), 90, np.uint8))
    assert done
    for each in (data.tobytes(), b"\0\0\0\x18ftypheic"):
        with pytest.raises(ProblemError, match="no process can be started"):
            await steps(each)


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("sys.exit(3)", "its process ended"),
        ("import os; os.kill(os.getpid(), 9)", "ended by signal 9"),
        ("print('nonsense')", "its process ended"),
        ("print('x' * 100_000)", "its process ended"),
        ("print(json.dumps({'kind': 'checked', 'files': {'rig': 1 << 40}}))", "its process ended"),
        ("print(json.dumps({'kind': 'failed', 'files': {}, 'reason': 'no models'}))", "no models"),
        (f"print({HEADER!r}); print('ab', end='')", "its process ended"),
    ],
)
async def test_a_process_that_fails_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, told: str
) -> None:
    pretend(monkeypatch, tmp_path, script)
    with pytest.raises(ProblemError, match=told) as failure:
        await steps()
    assert (failure.value.problem.status, failure.value.problem.code) == (503, "baking_failed")


async def test_one_that_takes_too_long_is_ended(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pretend(monkeypatch, tmp_path, "time.sleep(60)")
    monkeypatch.setattr(baker, "PATIENCE_S", 0.2)
    with pytest.raises(ProblemError, match="took more than"):
        await steps()


async def test_ending_the_iteration_ends_the_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pid = tmp_path / "pid"
    script = (
        f"import os; open({str(pid)!r}, 'w').write(str(os.getpid()))\n"
        f"print({HEADER!r}); print('abcde', end='', flush=True); time.sleep(60)"
    )
    pretend(monkeypatch, tmp_path, script)
    with MemoryFile(JPEG) as file:
        work = bake(file, Wishes())
        checked = await anext(work)
        assert isinstance(checked, Checked) and checked.portrait_png == b"abc"
        # The next step may be asked for by another task, as the drafts do.
        waiting = asyncio.create_task(anext(work))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await work.aclose()
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


async def test_without_an_interpreter_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(ProblemError, match="no process can be started"):
        await steps()

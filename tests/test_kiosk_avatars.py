"""The shipped persona through the whole engine: sound in, pictures out."""

import gc
import os
import shutil
import weakref
from pathlib import Path

import numpy as np
import pytest

from engine import personas
from engine.media import Audio
from engine.portrait import rig as rigs
from engine.synthesis.look import Background, Look
from kiosk.api import ProblemError
from kiosk.avatars import Avatars
from kiosk.config import AvatarSettings
from tests.fakes import tone


def test_ada_draws_pictures_of_the_size_asked() -> None:
    avatars = Avatars(AvatarSettings())
    for width, height in ((512, 512), (720, 1280)):
        pipeline = avatars.pipeline("ada", width, height)
        pipeline.push(Audio(0, tone(0.4, hz=150.0)))
        frame = pipeline.pull(0, 0)
        assert (frame.width, frame.height) == (width, height)
        assert frame.planes[:height].std() > 20, "a portrait, not a plain field"


def test_she_is_alive_while_idle() -> None:
    pipeline = Avatars(AvatarSettings()).pipeline("ada", 256, 256)
    pipeline.push(Audio(0, np.zeros(96_000, np.float32)))
    first, later = pipeline.pull(0, 0), pipeline.pull(45, 45 * 1920)
    assert np.abs(first.planes.astype(int) - later.planes).max() > 5


def test_each_stage_has_an_engine_of_its_own() -> None:
    avatars = Avatars(AvatarSettings())
    a, b = (avatars.pipeline("ada", 256, 256) for _ in range(2))
    a.push(Audio(0, tone(0.4)))
    assert b.ready_pts <= 0 < a.ready_pts


def test_two_side_by_side_do_not_move_alike() -> None:
    avatars = Avatars(AvatarSettings())
    pictures = []
    for _ in range(2):
        pipeline = avatars.pipeline("ada", 256, 256)
        pipeline.push(Audio(0, np.zeros(96_000, np.float32)))
        pictures.append(pipeline.pull(20, 20 * 1920).planes)
    assert not np.array_equal(pictures[0], pictures[1])


@pytest.mark.parametrize("name", ["nobody", "../ada", "ada/../../etc"])
def test_an_unknown_avatar_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(ProblemError) as refusal:
        Avatars(AvatarSettings()).pipeline(name, 256, 256)
    assert refusal.value.problem.status == 404
    assert "ada" in refusal.value.problem.remedy


def test_warming_up_an_unknown_avatar_says_so() -> None:
    with pytest.raises(ProblemError):
        Avatars(AvatarSettings()).warm_up("nobody", 256, 256)


@pytest.fixture
def guest(tmp_path: Path) -> Path:
    """A folder with one avatar, whose rig is ada's."""
    (tmp_path / "guest").mkdir()
    shutil.copy(personas.path("ada"), tmp_path / "guest" / personas.RIG_NAME)
    return tmp_path


def test_one_that_was_added_is_shown(guest: Path) -> None:
    pipeline = Avatars(AvatarSettings(dir=str(guest))).pipeline("guest", 256, 256)
    pipeline.push(Audio(0, tone(0.4)))
    assert pipeline.pull(0, 0).width == 256


def test_one_that_is_removed_finishes_and_is_not_shown_again(guest: Path) -> None:
    avatars = Avatars(AvatarSettings(dir=str(guest)))
    pipeline = avatars.pipeline("guest", 256, 256)
    shutil.rmtree(guest / "guest")
    with pytest.raises(ProblemError) as refusal:
        avatars.pipeline("guest", 256, 256)
    assert refusal.value.problem.code == "unknown_avatar"
    pipeline.push(Audio(0, tone(0.4)))
    assert pipeline.pull(0, 0).width == 256


def test_a_rig_is_loaded_once_until_it_changes(
    guest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads = []

    def load(path: Path) -> object:
        loads.append(path)
        return real(path)

    real = rigs.load
    monkeypatch.setattr(rigs, "load", load)
    avatars = Avatars(AvatarSettings(dir=str(guest)))
    for _ in range(2):
        avatars.pipeline("guest", 256, 256)
    assert len(loads) == 1
    os.utime(guest / "guest" / personas.RIG_NAME, (1, 1))
    avatars.pipeline("guest", 256, 256)
    assert len(loads) == 2


def test_a_file_is_shown_only_where_that_is_meant(guest: Path) -> None:
    file = str(guest / "guest" / personas.RIG_NAME)
    assert Avatars(AvatarSettings(), files=True).pipeline(file, 256, 256)
    with pytest.raises(ProblemError):
        Avatars(AvatarSettings()).pipeline(file, 256, 256)


def test_what_is_lent_is_shown_until_it_is_forgotten() -> None:
    avatars = Avatars(AvatarSettings())
    rig = rigs.load(personas.path("lin"))
    avatars.lend("draft.1", rig)
    watched = avatars.synthesis("draft.1", 256, 256, Look(background=Background("colour")))
    avatars.forget("draft.1")
    avatars.forget("draft.1")
    with pytest.raises(ProblemError) as refusal:
        avatars.pipeline("draft.1", 256, 256)
    assert refusal.value.problem.code == "unknown_avatar"
    faces = [weakref.ref[object](rig), weakref.ref[object](watched)]
    del rig, watched
    gc.collect()
    assert [face() for face in faces] == [None, None], "no face stays in memory"


def test_one_that_was_removed_does_not_stay_in_memory(tmp_path: Path) -> None:
    avatars = Avatars(AvatarSettings(dir=str(tmp_path)))
    shutil.copytree(personas.path("lin").parent, tmp_path / "guest")
    pipeline = avatars.pipeline("guest", 256, 256)
    rig = weakref.ref(next(iter(avatars._rigs.values())))
    shutil.rmtree(tmp_path / "guest")
    avatars.forget("guest")
    pipeline.push(Audio(0, tone(0.4)))
    pipeline.pull(0, 0)
    del pipeline
    gc.collect()
    assert rig() is None

"""The shipped persona through the whole engine: sound in, pictures out."""

import numpy as np
import pytest

from engine.media import Audio
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


@pytest.mark.parametrize("name", ["nobody", "../ada", "ada/../../etc"])
def test_an_unknown_avatar_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(ProblemError) as refusal:
        Avatars(AvatarSettings()).pipeline(name, 256, 256)
    assert refusal.value.problem.status == 404
    assert "ada" in refusal.value.problem.remedy


def test_warming_up_an_unknown_avatar_says_so() -> None:
    with pytest.raises(ProblemError):
        Avatars(AvatarSettings()).warm_up("nobody", 256, 256)

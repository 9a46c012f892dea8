"""A rig drawn with its masks kept and its skin followed."""

import numpy as np
import pytest

from engine.media import Pose
from engine.synthesis.shapes import motion
from engine.synthesis.synthesizer import OutputFormat, Synthesizer
from engine.train.refiner.scene import Scene
from tests.portrait_utils import ada

WIDE = motion({"jawOpen": 0.6}, Pose()).coefficients
STILL = np.zeros_like(WIDE)


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene(ada(), 1024, 256)


def test_the_region_is_cut_out_of_what_the_kiosk_draws(scene: Scene) -> None:
    planes = Synthesizer(ada(), OutputFormat(1024, 1024)).render(motion({"jawOpen": 0.6}, Pose()))
    chroma = planes[1024:].reshape(2, 512, 512)
    cut = scene.region.crop(planes[:1024], chroma, scene.turned)
    assert np.array_equal(scene.shot(WIDE).picture, cut)


def test_an_open_mouth_is_seen_and_a_shut_one_is_not(scene: Scene) -> None:
    assert scene.shot(WIDE).mask[0].max() == 1
    assert scene.shot(STILL).mask[0].max() < 0.1
    assert scene.shot(STILL).mask[1].max() == 1


def test_at_rest_a_field_stays_where_it_is(scene: Scene) -> None:
    ys, xs = np.mgrid[0:1024, 0:1024].astype(np.float32)
    field = np.dstack([xs, ys])
    scene.shot(STILL)
    carried, here = scene.carried(STILL, field), scene.taken(field)
    skin, carried = carried[..., 2] > 0.999, carried[..., :2]
    assert skin.mean() > 0.9
    skin[220:] = False  # at the head's end the last cell is carried on
    assert np.abs(carried - here)[skin].max() < 0.1


def test_the_chin_takes_its_field_down_with_the_jaw(scene: Scene) -> None:
    ys, xs = np.mgrid[0:1024, 0:1024].astype(np.float32)
    field = np.dstack([xs, ys])
    scene.shot(WIDE)
    moved = scene.carried(WIDE, field)[190, 128, :2] - scene.taken(field)[190, 128]
    assert moved[1] < -10  # what is seen there now rested higher up
    assert abs(moved[0]) < 3

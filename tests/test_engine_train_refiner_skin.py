"""How light on skin changes as the face moves."""

import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs the train extra")

from engine.media import Pose
from engine.synthesis.shapes import motion
from engine.train.refiner.skin import Light, Skin
from tests.portrait_utils import laid, landmarks, portrait

BOX = (340, 380, 690, 720)
STILL = motion({}, Pose()).coefficients


@pytest.fixture(scope="module")
def skin() -> Skin:
    return Skin(laid(), portrait(), landmarks(), BOX)


def test_at_rest_nothing_is_lit_anew(skin: Skin) -> None:
    ratio, gloss = np.moveaxis(skin.fields(STILL), -1, 0)
    seen = ratio > 0
    assert seen.sum() > 50_000
    assert np.abs(ratio[seen] - 1).max() < 0.01
    assert np.abs(gloss).max() < 0.01


def test_a_smile_draws_a_fold_beside_the_mouth(skin: Skin) -> None:
    ratio = skin.fields(motion({"mouthSmile": 0.9, "cheekSquint": 0.4}, Pose()).coefficients)[
        ..., 0
    ]
    right, left = ratio[480:560, 570:640], ratio[480:560, 390:450]
    assert right.min() < 0.85 and left.min() < 0.85
    assert abs(ratio[620:660, 500:525].mean() - 1) < 0.15  # the chin hardly changes


def test_gloss_is_on_lips_alone(skin: Skin) -> None:
    gloss = skin.fields(motion({"mouthPucker": 0.8}, Pose()).coefficients)[..., 1]
    rows, columns = np.nonzero(np.abs(gloss) > 1)
    left, right = landmarks()[[61, 291], 0]
    assert len(rows) > 100
    assert columns.min() > left - 8 and columns.max() < right + 8


def test_the_light_is_found_where_it_comes_from() -> None:
    points = laid()
    photo = portrait().copy()
    ramp = np.linspace(0.5, 1.4, photo.shape[1])[None, :, None]
    from_right = np.clip(photo * ramp, 0, 255).astype(np.uint8)
    plain = Skin(points, photo, landmarks(), BOX).light
    aside = Skin(points, from_right, landmarks(), BOX).light
    assert aside.direction[0] > plain.direction[0] + 0.1
    assert np.linalg.norm(aside.direction) == pytest.approx(1)


def test_light_never_goes_out() -> None:
    light = Light(0.5, np.array([0.8, 0.0, 0.0]))
    assert light.on(np.array([[-1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])) == pytest.approx([0.2, 1.3])

"""The rendered truth of a portrait."""

import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs the train extra")

from engine.media import Pose
from engine.synthesis.region import unfold
from engine.synthesis.shapes import SHAPES, motion
from tests.truth_utils import ada_truth

STILL = motion({}, Pose()).coefficients


def test_a_face_at_rest_is_true_already() -> None:
    residual = ada_truth().sample(STILL).residual
    assert np.abs(residual).max() < 6
    assert np.abs(residual).mean() < 0.1


@pytest.mark.parametrize("name", ["aa", "ee", "oh"])
def test_an_open_mouth_is_lit_anew_and_the_rest_hardly(name: str) -> None:
    sample = ada_truth().sample(motion(*SHAPES[name]).coefficients)
    seen = sample.shot.mask[0] > 0.5
    change = np.abs(sample.residual[:4].mean(0))
    assert seen.sum() > 50
    assert change[seen].mean() > 8
    assert change[~seen].mean() < 3.5


def test_the_square_s_edge_is_left_alone() -> None:
    luma, _, _ = unfold(ada_truth().sample(motion(*SHAPES["smile"]).coefficients).residual)
    edge = np.concatenate([luma[:2].ravel(), luma[-2:].ravel(), luma[:, 0], luma[:, -1]])
    assert np.abs(edge).max() < 1.5


def test_the_truth_changes_no_more_suddenly_than_the_face() -> None:
    def at(jaw: float) -> np.ndarray:
        sample = ada_truth().sample(motion({"jawOpen": jaw}, Pose()).coefficients)
        return sample.shot.picture * 128 + sample.residual

    small, large = np.abs(at(0.30) - at(0.31)).mean(), np.abs(at(0.30) - at(0.40)).mean()
    assert small < large / 3

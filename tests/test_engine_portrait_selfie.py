"""Telling a person from what is behind, as far as that goes without the network's own file."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.portrait.models import ModelError
from engine.portrait.selfie import SELFIE, Segmenter, _finished
from kiosk.models import FILE_NAME, default_models_dir
from tests.portrait_utils import needs_faces, portrait

needs_selfie = pytest.mark.skipif(
    not (default_models_dir() / FILE_NAME).is_file(),
    reason="the cut-out model is not there: kiosk portrait fetch",
)


@needs_faces
@needs_selfie
def test_the_person_is_found_and_the_wall_is_not() -> None:
    segmenter = Segmenter(default_models_dir())
    mask = segmenter.mask(portrait())
    assert mask.shape == (256, 256)
    assert mask.dtype == np.uint8
    for inside in ((100, 128), (160, 128), (250, 128), (250, 60)):
        assert mask[inside] > 230, inside
    for outside in ((5, 5), (5, 250), (100, 10), (100, 246)):
        assert mask[outside] < 25, outside
    wall = cv2.GaussianBlur(portrait()[:200, :200], (0, 0), 30)
    assert segmenter.mask(np.asarray(wall, np.uint8)).mean() < 60


def test_the_last_operators_are_a_transposed_convolution_and_a_sigmoid() -> None:
    features = np.random.default_rng(1).normal(0, 1, (3, 2, 4)).astype(np.float32)
    kernel = np.random.default_rng(2).normal(0, 1, (2, 2, 4)).astype(np.float32)
    bias = np.float32(0.3)
    mask = _finished(features, kernel, np.asarray(bias))
    for y, x in np.ndindex(6, 4):
        value = float((features[y // 2, x // 2] * kernel[y % 2, x % 2]).sum() + bias)
        assert abs(mask[y, x] - 255 / (1 + np.exp(-value))) <= 0.51


def test_extremes_are_certain_and_no_warning() -> None:
    features = np.array([[[-500.0]], [[500.0]]], np.float32)
    mask = _finished(features, np.ones((2, 2, 1), np.float32), np.asarray(np.float32(0)))
    assert mask[:2].max() == 0
    assert mask[2:].min() == 255


@needs_faces
@pytest.mark.parametrize("content", [None, b"", b"no network" * 100, b"TFL3" * 100])
def test_a_missing_or_damaged_network_is_named_with_the_remedy(
    tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / f"{SELFIE}.tflite").write_bytes(content)
    with pytest.raises(ModelError, match=r"selfie_segmentation\.tflite .*kiosk portrait fetch"):
        Segmenter(tmp_path)

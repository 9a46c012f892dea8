"""Regions with and without what a refiner adds, and how far they are from a truth."""

import numpy as np
import pytest

from engine.synthesis.look import Look, Mark
from engine.synthesis.refiner import Refiner
from engine.synthesis.region import fold, unfold
from engine.synthesis.shapes import SHAPES, motion
from engine.synthesis.synthesizer import OutputFormat, Synthesizer
from kiosk.bench.refined import STEPS, crop_of, fitted, laid, planes, psnr_db, rgb, show
from tests.fake_refiner import refiner
from tests.portrait_utils import ada

AH = motion(*SHAPES["ah"])


def drawer(network: Refiner | None, steps: int = 1) -> Synthesizer:
    look = Look("balanced", steps, mark=Mark(on=False))
    return Synthesizer(ada(), OutputFormat(512, 512), look, refiner=network)


def test_no_step_is_the_warp_and_each_number_of_steps_is_its_own_picture() -> None:
    network = refiner()
    shown = show(drawer(network), network, AH, np.zeros((6, 64, 64), np.float32))
    assert tuple(shown.by_steps) == STEPS
    assert all(picture.shape == (192, 128) for picture in shown.by_steps.values())
    assert np.array_equal(shown.by_steps[0], shown.truth)
    assert shown.error(0) == 0
    errors = [shown.error(steps) for steps in STEPS[1:]]
    assert min(errors) > 1 and len(set(errors)) == len(errors)


def test_the_truth_is_told_apart_by_what_it_adds() -> None:
    network = refiner()
    added = np.zeros((6, 64, 64), np.float32)
    added[:4, 16:48, 16:48] = 10.0
    shown = show(drawer(network), network, AH, added, steps=(0,))
    assert shown.error(0) == pytest.approx(100 / 4, rel=0.01)  # a quarter of the region


def test_what_the_network_says_at_once_is_the_truth_of_one_step() -> None:
    network = refiner()
    crop = crop_of(drawer(network), AH)
    (residual,) = network.run([crop])
    shown = show(drawer(network), network, AH, residual, steps=(0, 1))
    assert shown.error(1) == 0 < shown.error(0)


def test_a_synthesizer_without_a_refiner_is_refused() -> None:
    with pytest.raises(ValueError, match="no refiner"):
        crop_of(drawer(None, steps=0), AH)


def test_what_is_added_fades_toward_the_edge() -> None:
    crop = crop_of(drawer(refiner()), AH)
    bare, bright = (laid(crop, np.full((6, 64, 64), v, np.float32)) for v in (0.0, 8.0))
    for before, after in zip(bare, bright, strict=True):
        middle, side = len(before) // 2, len(before)
        assert (after - before)[middle, middle] == pytest.approx(8, abs=1e-3)
        assert (after - before)[0].max() < 0.1 and (after - before)[:, side - 1].max() < 0.1


def test_planes_are_rounded_and_coloured() -> None:
    parts = [np.full((64, 64), 81.4, np.float32), np.full((32, 32), 90.0, np.float32),
             np.full((32, 32), 300.0, np.float32)]  # fmt: skip
    picture = planes(parts)
    assert picture.shape == (96, 64)
    assert set(picture[:64].ravel()) == {81}
    assert picture[64:80].max() == 90 and picture[80:].min() == 255
    assert np.argmax(rgb(picture)[0, 0]) == 0  # red


def test_a_residual_is_halved_by_means() -> None:
    rng = np.random.default_rng(0)
    luma, u = rng.random((256, 256)).astype(np.float32), rng.random((128, 128)).astype(np.float32)
    whole = fold(luma, u, u)
    assert fitted(whole, 256) is whole
    got, small_u, _ = unfold(fitted(whole, 128))
    assert got == pytest.approx(luma.reshape(128, 2, 128, 2).mean((1, 3)), abs=1e-5)
    assert small_u == pytest.approx(u.reshape(64, 2, 64, 2).mean((1, 3)), abs=1e-5)


def test_decibels() -> None:
    assert psnr_db(255**2) == 0
    assert psnr_db(65.025) == pytest.approx(30)
    assert psnr_db(0) == pytest.approx(108.1, abs=0.1)

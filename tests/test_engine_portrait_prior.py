"""Fitting the prior."""

from pathlib import Path

import numpy as np
import pytest

from engine.motion.coefficients import COEFFICIENTS
from engine.portrait.prior import MESH_68, PRIOR_68, load_prior, thin_plate
from tests.portrait_utils import landmarks, synthetic_fit


def test_the_fit_lies_on_the_landmarks() -> None:
    laid = synthetic_fit()
    off = laid.points_px[PRIOR_68, :2] - landmarks()[MESH_68, :2]
    assert np.abs(off).mean() < 1.5
    assert 18 < laid.scale_px_per_cm < 26


def test_jaw_open_moves_down_in_image_axes() -> None:
    laid = synthetic_fit()
    chin = laid.deltas_px[COEFFICIENTS.index("jawOpen"), PRIOR_68[8]]
    assert chin[1] > 20
    assert abs(chin[0]) < 5


def test_thin_plate_passes_through_its_points_and_fades_far_away() -> None:
    rng = np.random.default_rng(0)
    sources = rng.uniform(0, 300, (30, 2))
    values = np.stack([sources[:, 0] * 0.02, np.ones(30)], 1)
    near = thin_plate(sources, values, sources, stiffness=1e-6)
    assert np.abs(near - values).max() < 0.05
    ring = sources.mean(0) + np.array([300 * 1.3, 0])
    assert np.abs(thin_plate(sources, values, ring[None])).max() < 1.5


def test_the_archive_is_read_in_the_order_of_the_coefficients(tmp_path: Path) -> None:
    names = ["PupilDilate_L", *reversed(COEFFICIENTS)]
    deltas = np.arange(len(names), dtype=np.float16)[:, None, None] * np.ones((1, 4, 3), np.float16)
    np.savez(
        tmp_path / "prior.npz", neutral=np.zeros((4, 3)), expressions=deltas,
        expression_names=np.array(names), identities=np.zeros((2, 4, 3)),
        triangles=np.zeros((1, 3), np.int32),
    )  # fmt: skip
    prior = load_prior(tmp_path / "prior.npz", identities=1)
    assert prior.expressions[0, 0, 0] == len(COEFFICIENTS)
    assert prior.identities.shape[0] == 1
    np.savez(tmp_path / "less.npz", neutral=np.zeros((4, 3)))
    with pytest.raises(KeyError):
        load_prior(tmp_path / "less.npz")

"""The compact face prior: what it keeps, how near it stays, and the file that ships."""

from pathlib import Path

import numpy as np
import pytest

from engine.motion.coefficients import COEFFICIENTS
from engine.portrait.prior import (
    FULL_PARTS,
    FULL_VERTICES,
    SHIPPED,
    TEETH,
    Prior,
    load_prior,
)
from engine.train import face_prior

ARCHIVE = Path(__file__).resolve().parents[2] / "shared" / "data" / "ict_face.npz"


@pytest.fixture(scope="module")
def full() -> Prior:
    """Identities of five real dimensions in eight deltas; a prior of a few vertices would do."""
    rng = np.random.default_rng(1)
    count = 1000
    places = rng.normal(size=(count, 3))
    basis = rng.normal(size=(5, count * 3))
    identities = (rng.normal(size=(8, 5)) @ basis).reshape(8, count, 3) / 20
    expressions = rng.normal(size=(len(COEFFICIENTS), count, 3)) / 10
    return Prior(places, expressions, identities, np.array([[0, 1, 2]]))


def test_modes_keep_what_the_identities_span(full: Prior) -> None:
    small = face_prior.compact(full, modes=5)
    assert len(small.identities) == 5
    flat = small.identities.reshape(5, -1)
    wanted = full.identities.reshape(8, -1)
    made = np.linalg.lstsq(flat.T, wanted.T, rcond=None)[0].T @ flat
    assert np.abs(made - wanted).max() < 0.01
    variance = (full.identities**2).sum(), (small.identities**2).sum()
    assert variance[0] == pytest.approx(variance[1], rel=0.01), "unit weights mean the same"


def test_fewer_modes_lose_the_least(full: Prior) -> None:
    few, fewer = (face_prior.compact(full, modes=n).identities for n in (4, 2))
    assert (few**2).sum() > (fewer**2).sum() > 0.4 * (full.identities**2).sum()


def test_it_is_kept_and_read_alike(full: Prior, tmp_path: Path) -> None:
    small = face_prior.compact(full, modes=5)
    face_prior.save_prior(small, tmp_path / "prior.npz")
    read = load_prior(tmp_path / "prior.npz")
    for name in ("neutral", "expressions", "identities", "triangles"):
        assert np.array_equal(getattr(read, name), getattr(small, name)), name


def test_the_full_archive_is_read_without_what_baking_never_looks_at(tmp_path: Path) -> None:
    places = np.arange(FULL_VERTICES, dtype=np.float32)[:, None] * np.ones((1, 3), np.float32)
    teeth, socket = FULL_PARTS[1].stop - 1, FULL_PARTS[0].stop
    np.savez(
        tmp_path / "full.npz", neutral=places, expression_names=np.array(COEFFICIENTS),
        expressions=np.zeros((len(COEFFICIENTS), FULL_VERTICES, 3), np.float16),
        identities=np.zeros((2, FULL_VERTICES, 3), np.float16),
        triangles=np.array([[0, 1, teeth], [0, 1, socket]]),
    )  # fmt: skip
    prior = load_prior(tmp_path / "full.npz", identities=None)
    assert prior.neutral.shape == (TEETH.stop, 3)
    assert prior.neutral[TEETH.stop - 1, 0] == teeth
    assert prior.triangles.tolist() == [[0, 1, TEETH.stop - 1]]
    assert face_prior.main([str(tmp_path / "full.npz"), str(tmp_path / "out.npz")]) == 0


def test_a_file_that_is_no_archive_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert face_prior.main([str(tmp_path / "none.npz"), str(tmp_path / "out.npz")]) == 1
    assert "none.npz" in capsys.readouterr().err


def test_the_prior_that_ships_is_compact_and_has_a_card() -> None:
    assert SHIPPED.stat().st_size <= 3_000_000
    assert SHIPPED.with_suffix(".md").is_file()
    prior = load_prior()
    assert prior.neutral.shape == (TEETH.stop, 3)
    assert prior.identities.shape[0] == face_prior.MODES
    assert prior.triangles.max() < TEETH.stop


@pytest.mark.skipif(not ARCHIVE.is_file(), reason="ICT-FaceKit's archive is not on this machine")
def test_the_prior_that_ships_is_near_the_full_one() -> None:
    report = face_prior.figures(load_prior(ARCHIVE, identities=None), load_prior())
    assert report["identity_mean"] < 0.01
    assert report["expression_worst"] < 0.001

"""What is seen of the drawn lips and lids follows what was asked."""

import numpy as np
import pytest

from engine.portrait.landmarks import Landmarker
from engine.portrait.prior import fit, load_prior
from engine.synthesis.synthesizer import OutputFormat, Synthesizer
from kiosk.bench.drawn import MOUTHS, Pairs, Sight, asked_of
from tests.portrait_utils import ada, landmarks, needs_faces


def test_pairs_give_correlation_and_slope() -> None:
    asked = np.array([0.0, 1.0, 2.0])
    pairs = Pairs(asked, 0.5 * asked + 3)
    assert pairs.r == pytest.approx(1)
    assert pairs.slope == pytest.approx(0.5)
    assert Pairs(asked, np.ones(3)).r == 0


def test_what_is_asked_is_the_priors_displacement() -> None:
    laid = fit(load_prior(), landmarks())
    rest, wide = asked_of(laid, {}), asked_of(laid, {"jawOpen": 0.8})
    assert rest == (0.0, 0.0)
    assert wide[0] > 4 * asked_of(laid, {"jawOpen": 0.1})[0] > 0
    assert asked_of(laid, {"mouthPucker": 0.9})[1] < 0 < asked_of(laid, {"mouthSmile": 0.9})[1]


@needs_faces
def test_lips_and_lids_are_drawn_as_asked() -> None:
    laid = fit(load_prior(), landmarks())
    seen = Sight(Landmarker()).measure(
        Synthesizer(ada(), OutputFormat(768, 768)), laid, ada().eye_distance_px
    )
    assert seen is not None
    assert len(seen.opening.asked) == len(MOUTHS)
    for pairs in (seen.opening, seen.width, seen.eyes):
        assert pairs.r > 0.95
    assert 0.8 < seen.opening.slope < 1.15

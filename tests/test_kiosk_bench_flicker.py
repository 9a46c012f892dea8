"""Fine detail that changes from frame to frame."""

from collections.abc import Sequence

import numpy as np
import pytest

from engine.media import FloatArray
from engine.synthesis.look import Look, Mark
from engine.synthesis.refiner import Crop, Refiner
from engine.synthesis.shapes import speech_like
from engine.synthesis.synthesizer import OutputFormat, Synthesizer
from kiosk.bench.flicker import fine, flicker
from tests.fake_refiner import refiner
from tests.portrait_utils import ada

SPEECH = speech_like(8)


class Flickering(Refiner):
    """Adds another grain to every picture, as a refiner whose noise is not fixed would."""

    def __init__(self, network: Refiner) -> None:
        self._runner = network._runner
        self.side_px, self.residual_grey, self.noise = (
            network.side_px, network.residual_grey, network.noise,
        )  # fmt: skip
        self._rng = np.random.default_rng(0)

    def run(self, crops: Sequence[Crop]) -> list[FloatArray]:
        return [self._rng.normal(0, 4, c.picture.shape).astype(np.float32) for c in crops]


def drawer(network: Refiner) -> Synthesizer:
    look = Look("balanced", 1, mark=Mark(on=False))
    return Synthesizer(ada(), OutputFormat(512, 512), look, refiner=network)


def test_what_adds_nothing_flickers_as_the_warp_and_not_at_rest() -> None:
    network = refiner(strength=0.0)
    seen = flicker(drawer(network), network, SPEECH)
    assert seen.warp > 0
    assert seen.refined == pytest.approx(seen.warp)
    assert seen.still == 0


def test_a_refiner_of_fixed_noise_stands_still_with_the_face() -> None:
    network = refiner()
    seen = flicker(drawer(network), network, SPEECH)
    assert seen.still == 0
    assert seen.refined != pytest.approx(seen.warp)


def test_grain_that_is_new_in_every_picture_is_seen() -> None:
    network = Flickering(refiner())
    seen = flicker(drawer(network), network, SPEECH)
    assert seen.still > 1
    assert seen.refined > 1.5 * seen.warp


def test_only_fine_detail_counts() -> None:
    rows = np.mgrid[:64, :64][0].astype(np.float32)
    assert np.abs(fine(rows)[8:-8]).max() < 0.01
    assert np.abs(fine(100 * (rows % 2))).mean() > 40

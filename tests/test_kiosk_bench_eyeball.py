"""What is seen of the eyeballs as the lids close."""

import dataclasses

import numpy as np

from engine.motion.coefficients import COEFFICIENTS
from engine.synthesis.synthesizer import OutputFormat
from kiosk.bench.eyeball import hidden
from tests.portrait_utils import ada

OUTPUT = OutputFormat(512, 512)


def test_a_full_blink_hides_all_and_half_a_blink_half() -> None:
    pairs = hidden(ada(), OUTPUT)
    assert pairs.seen[0] == 0
    assert pairs.seen[-1] == 1
    assert 0.9 < pairs.slope < 1.1
    assert pairs.r > 0.98


def test_lids_that_do_not_close_are_told() -> None:
    blinks = [name.startswith("eyeBlink") for name in COEFFICIENTS]
    lids = ada().lid_motion.copy()
    lids[..., blinks] *= 0.6
    pairs = hidden(dataclasses.replace(ada(), lid_motion=lids), OUTPUT)
    assert pairs.seen[-1] < 0.7
    assert np.all(np.diff(pairs.seen) > 0)

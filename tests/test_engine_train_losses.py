import pytest

pytest.importorskip("torch", reason="needs the train extra")

import torch
from torch import Tensor

from engine.motion.lips import SPEECH, SPEECH_INDEX
from engine.train.losses import curve_loss, naming_loss
from engine.train.visemes import NAMES

JAW, PRESS, ROLL = (SPEECH_INDEX[n] for n in ("jawOpen", "mouthPress", "mouthRollLower"))


def curves(**values: float) -> Tensor:
    """A mouth that swings about the values given."""
    out = torch.zeros(1, 40, len(SPEECH))
    for name, value in values.items():
        out[..., SPEECH_INDEX[name]] = value
    out[..., JAW] += 0.1 * torch.sin(torch.arange(40) / 3.0)
    return out


ALL = torch.ones(1, 40)


def test_what_is_right_costs_nothing() -> None:
    wanted = curves(jawOpen=0.4)
    assert float(curve_loss(wanted, wanted, ALL)) < 0.002
    assert float(curve_loss(wanted * 0.5, wanted, ALL)) > 0.1


def test_below_zero_is_as_good_as_zero() -> None:
    wanted = curves(jawOpen=0.4)
    below = wanted.clone()
    below[..., ROLL] = -0.2
    assert float(curve_loss(below, wanted, ALL)) < 0.02


def test_a_missed_closure_costs_more_than_an_equal_error_elsewhere() -> None:
    shut, open_ = curves(mouthPress=0.35), curves()
    off = torch.zeros_like(shut)
    off[..., JAW] = 0.15
    costs = [float(curve_loss(w + off, w, ALL) - curve_loss(w, w, ALL)) for w in (shut, open_)]
    assert costs[0] > 1.5 * costs[1]


def test_what_is_not_believed_does_not_count() -> None:
    wanted, none = curves(jawOpen=0.4), torch.zeros(1, 40)
    assert float(curve_loss(curves(), wanted, none)) == pytest.approx(0.0, abs=1e-6)


def test_unknown_names_do_not_count() -> None:
    logits = torch.zeros(1, 4, len(NAMES))
    logits[..., 3] = 9.0
    right, wrong = torch.full((1, 4), 3), torch.full((1, 4), 5)
    assert float(naming_loss(logits, right)) < float(naming_loss(logits, wrong))
    unknown = right.clone()
    unknown[0, 1:] = -1
    assert torch.isfinite(naming_loss(logits, unknown))

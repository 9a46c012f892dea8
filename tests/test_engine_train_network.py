import pytest

pytest.importorskip("torch", reason="needs the train extra")

import torch

from engine.motion.layout import PAIR_BANDS
from engine.train.network import MotionNetwork


def network() -> MotionNetwork:
    torch.manual_seed(0)
    made = MotionNetwork(32)
    made.eval()
    return made


def test_stream_equals_whole() -> None:
    net, pairs = network(), torch.randn(1, 40, PAIR_BANDS)
    with torch.no_grad():
        whole, _ = net(pairs, net.start())
        state, given = net.start(), []
        for part in torch.split(pairs, [1, 7, 2, 30], dim=1):
            speech, state = net(part, state)
            given.append(speech)
    assert (torch.cat(given, dim=1) - whole).abs().max() < 1e-5

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

import torch

from engine.motion.layout import METADATA, PAIR_BANDS
from engine.runtime.onnx import OnnxRunner
from engine.train import export
from tests.test_engine_train_network import network


def test_onnx_equals_torch(tmp_path: Path) -> None:
    net = network()
    pairs = np.random.default_rng(0).standard_normal((9, 1, PAIR_BANDS)).astype(np.float32)
    path = tmp_path / "motion.onnx"
    path.write_bytes(export.build(net).SerializeToString())
    state = np.random.default_rng(1).standard_normal((2, 1, 32)).astype(np.float32)
    runner = OnnxRunner(path)
    given = runner.run({"pairs": pairs, "state": state})
    with torch.no_grad():
        wanted, after = net(torch.from_numpy(pairs).transpose(0, 1), torch.from_numpy(state))
    assert np.abs(given["speech"][:, 0] - wanted[0].numpy()).max() < 1e-5
    assert np.abs(given["next_state"] - after.numpy()).max() < 1e-5
    assert runner.metadata == METADATA


def test_a_mean_is_weighted_as_asked(tmp_path: Path) -> None:
    paths = []
    for k in (0.0, 1.0):
        states = {name: torch.full_like(v, k) for name, v in network().state_dict().items()}
        paths.append(tmp_path / f"{k}.pt")
        torch.save({"hidden": 32, "network": states}, paths[-1])
    for weights, wanted in (((), 0.5), ((7, 3), 0.3)):
        values = export.load(*paths, weights=weights).state_dict().values()
        assert all(torch.allclose(value, torch.tensor(wanted)) for value in values)
    with pytest.raises(ValueError, match="1 weights for 2 checkpoints"):
        export.load(*paths, weights=(1.0,))

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")
pytest.importorskip("scipy", reason="needs the train extra")

import torch

from engine.train import export
from engine.train.data import Examples, take_of
from engine.train.feed import joined
from engine.train.train import Trainer
from tests.test_engine_train_data import utterance


def test_training_lowers_the_loss_and_is_taken_up_again(tmp_path: Path) -> None:
    source = Examples([take_of(utterance())], seed=0)
    batch = joined([source.of(source._takes[0]) for _ in range(2)])
    trainer = Trainer(tmp_path / "net.pt", 3e-3, 0)
    trainer.steps = 200  # past the rise of the learning rate
    trainer.set_rate(3e-3)
    losses = [trainer.step(batch) for _ in range(8)]
    assert losses[-1] < losses[0]
    trainer.save()
    again = Trainer(tmp_path / "net.pt", 3e-3, 1)
    assert again.steps == 208
    for kept, made in ((again.network, trainer.network), (again.mean, trainer.mean)):
        pairs = zip(kept.parameters(), made.parameters(), strict=True)
        assert all(torch.equal(a, b) for a, b in pairs)
    assert export.load(tmp_path / "net.pt").hidden == trainer.network.hidden


def test_what_is_kept_is_the_mean_of_the_weights(tmp_path: Path) -> None:
    source = Examples([take_of(utterance())], seed=0)
    trainer = Trainer(tmp_path / "net.pt", 3e-3, 0)
    start = trainer.mean.outlet.weight.detach().clone()
    trainer.step(joined([source.draw() for _ in range(2)]))
    raw, mean = trainer.network.outlet.weight, trainer.mean.outlet.weight
    assert not torch.equal(mean, start)
    assert not torch.equal(mean, raw)

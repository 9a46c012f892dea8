from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")
pytest.importorskip("scipy", reason="needs the train extra")

import torch
from torch import Tensor

from engine.motion.lips import SPEECH, SPEECH_INDEX
from engine.train import export
from engine.train.data import Examples
from engine.train.train import Trainer, loss_of
from tests.test_engine_train_data import utterance


def shape(**values: float) -> Tensor:
    out = torch.zeros(1, 4, len(SPEECH))
    for name, value in values.items():
        out[..., SPEECH_INDEX[name]] = value
    return out


def test_perfect_output_costs_nothing_and_below_zero_little() -> None:
    wanted = shape(jawOpen=0.4, mouthLowerDown=0.2)
    assert float(loss_of(wanted, wanted)) == 0.0
    assert float(loss_of(shape(jawOpen=-0.1), shape())) < 0.1 * float(
        loss_of(shape(jawOpen=0.1), shape())
    )


def test_a_missed_closure_costs_more_than_the_same_error_elsewhere() -> None:
    closed = shape(mouthPress=0.35)
    missed = loss_of(shape(mouthPress=0.35, jawOpen=0.2), closed)
    elsewhere = loss_of(shape(jawOpen=0.2), shape())
    assert float(missed) > 1.5 * float(elsewhere)


def test_training_lowers_the_loss_and_is_taken_up_again(tmp_path: Path) -> None:
    batch = Examples([utterance()] * 2, seed=0).round()[:2]
    trainer = Trainer(tmp_path / "net.pt", 3e-3, 0)
    losses = [trainer.step(batch) for _ in range(6)]
    assert losses[-1] < losses[0]
    trainer.rounds = 3
    trainer.save()
    again = Trainer(tmp_path / "net.pt", 3e-3, 1)
    assert again.rounds == 3
    kept = zip(again.network.parameters(), trainer.network.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in kept)
    assert export.load(tmp_path / "net.pt").hidden == trainer.network.hidden

"""The networks that ship answer as PyTorch did when they were exported."""

from pathlib import Path

import numpy as np
import pytest

from engine.runtime.half import halved
from engine.runtime.onnx import OnnxRunner
from engine.synthesis.look import RefinerSize
from engine.synthesis.refiner import path_of, shipped
from engine.train.refiner.question import kept, question

ANSWERS = Path(__file__).parent / "data"


@pytest.mark.parametrize("network", shipped())
def test_what_ships_answers_as_pytorch_did(network: RefinerSize) -> None:
    wanted = np.load(ANSWERS / f"refiner_{network}_answer.npy")
    content = path_of(network).read_bytes()
    runner = OnnxRunner(content)
    given = question(int(runner.metadata["side_px"]))
    got = kept(np.asarray(runner.run(given)["clean"], np.float32))
    assert np.abs(wanted).max() > 0.05
    assert np.abs(got - wanted).max() < 1e-3
    half = kept(np.asarray(OnnxRunner(halved(content)).run(given)["clean"], np.float32))
    assert 0 < np.abs(half - wanted).max() < 0.05


def test_the_question_is_the_same_everywhere() -> None:
    one, two = question(32), question(32)
    assert all(np.array_equal(one[name], two[name]) for name in one)
    assert float(one["picture"].sum()) == pytest.approx(float(two["picture"].sum()))
    assert one["state"].shape == (2, 6, 16, 16) and kept(one["state"]).shape == (2, 6, 2, 2)

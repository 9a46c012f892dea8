"""What the refiner is judged by."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the train extra")

import torch

from engine.synthesis.region import unfold
from engine.train.refiner import losses
from tests.refiner_training_utils import TINY, conditions

GIVEN = conditions(TINY, 4)
TRUTH = torch.randn(4, 6, TINY.grid, TINY.grid, generator=torch.Generator().manual_seed(1)) / 4


def parts(clean: torch.Tensor) -> dict[str, float]:
    each = losses.parts(clean, TRUTH, GIVEN.picture, GIVEN.mask)
    return {name: float(value) for name, value in each.items()}


def test_the_truth_costs_nothing_and_all_else_something() -> None:
    assert max(parts(TRUTH).values()) < 1e-6
    assert min(parts(TRUTH + 0.1 * torch.randn_like(TRUTH)).values()) > 1e-3


def test_an_error_that_stays_is_not_unsteady_and_has_no_edges() -> None:
    found = parts(TRUTH + 0.2)
    assert found["time"] < 1e-6 and found["edge"] < 1e-6 and found["pixel"] > 0.1


def test_an_error_that_comes_and_goes_is_unsteady() -> None:
    flicker = torch.tensor([0.1, -0.1, 0.1, -0.1])[:, None, None, None]
    assert parts(TRUTH + flicker)["time"] == pytest.approx(0.2, rel=0.01)


def test_luma_is_that_of_the_region() -> None:
    wanted = unfold(GIVEN.picture[0].numpy())[0]
    assert np.array_equal(losses.luma(GIVEN.picture)[0, 0].numpy(), wanted)


def test_the_mouth_counts_more_and_the_edge_of_the_region_nothing() -> None:
    mask = torch.zeros(1, 2, 64, 64)
    mask[:, 0, 20:36, 20:44] = 1.0
    weight = losses.importance(mask)[0, 0]
    assert weight.mean() == pytest.approx(1.0, abs=1e-5)
    assert weight[28, 32] > 3 * weight[54, 32] > 0
    assert weight[0].max() < 0.01 * weight.max()


def test_structure_is_one_of_the_same_and_less_of_another() -> None:
    one = losses.luma(GIVEN.picture)
    assert torch.allclose(losses.structure(one, one), torch.ones(()), atol=1e-5)
    assert losses.structure(one, one * 0.3).mean() < 0.7


def test_the_total_is_weighted() -> None:
    each = {name: torch.tensor(1.0) for name in losses.WEIGHTS}
    assert float(losses.total(each)) == pytest.approx(sum(losses.WEIGHTS.values()))

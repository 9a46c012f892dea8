"""The refiner's network: what it is untrained, its sampler, and what it costs."""

import pytest

pytest.importorskip("torch", reason="needs the train extra")

import torch

from engine.train.refiner.network import SHAPES, Refiner, multiply_adds, sample
from tests.refiner_training_utils import TINY, conditions, stirred


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_untrained_it_adds_nothing(steps: int) -> None:
    noise = torch.randn(2, 6, TINY.grid, TINY.grid)
    with torch.no_grad():
        made = sample(Refiner(TINY), noise, conditions(TINY, 2), steps)
    assert made.shape == noise.shape and made.abs().max() < 1e-6


def test_one_step_is_the_estimate_itself_and_heeds_no_noise() -> None:
    network, given = stirred(TINY), conditions(TINY, 2)
    noise = torch.randn(2, 6, TINY.grid, TINY.grid)
    with torch.no_grad():
        made = sample(network, noise, given, 1)
        clean = network(torch.zeros_like(noise), torch.zeros(2, 1), given)
    assert clean.abs().mean() > 0.01
    assert torch.allclose(made, clean, atol=1e-6)


def test_steps_follow_straight_paths_and_end_at_the_mean_estimate() -> None:
    network, given = stirred(TINY), conditions(TINY, 1)
    noise = torch.randn(1, 6, TINY.grid, TINY.grid)
    with torch.no_grad():
        first = network(noise, torch.zeros(1, 1), given)
        half = network((noise + first) / 2, torch.full((1, 1), 0.5), given)
        made = sample(network, noise, given, 2)
    assert (first - half).abs().max() > 1e-4  # the way matters
    assert torch.allclose(made, (first + half) / 2, atol=1e-6)


def test_time_and_coefficients_are_heeded() -> None:
    network, given = stirred(TINY), conditions(TINY, 1)
    state = torch.randn(1, 6, TINY.grid, TINY.grid)
    with torch.no_grad():
        late = network(state, torch.ones(1, 1), given)
        later = network(state, torch.full((1, 1), 0.7), given)
        other = network(state, torch.ones(1, 1), given._replace(coefficients=torch.zeros(1, 55)))
    assert (late - later).abs().max() > 1e-3 and (late - other).abs().max() > 1e-3


@pytest.mark.parametrize(
    ("size", "parameters", "adds"), [("small", 1_471_398, 349e6), ("large", 4_389_382, 2193e6)]
)
def test_size_and_cost_are_those_stated(size: str, parameters: int, adds: float) -> None:
    network = Refiner(SHAPES[size])
    assert sum(weight.numel() for weight in network.parameters()) == parameters
    assert abs(multiply_adds(SHAPES[size]) - adds) < 1e6


def test_multiply_adds_are_those_of_the_convolutions() -> None:
    network, counted = Refiner(TINY), 0

    def count(layer: torch.nn.Module, _: object, made: torch.Tensor) -> None:
        nonlocal counted
        counted += layer.weight[0].numel() * made.numel()

    for layer in network.modules():
        if isinstance(layer, torch.nn.Conv2d):
            layer.register_forward_hook(count)
    with torch.no_grad():
        sample(network, torch.zeros(1, 6, TINY.grid, TINY.grid), conditions(TINY, 1), 1)
    assert counted == multiply_adds(TINY)

"""The refiner's network: what it is untrained, its sampler, and what it costs."""

import dataclasses

import pytest

pytest.importorskip("torch", reason="needs the train extra")

import torch
from torch.nn import functional

from engine.train.refiner.network import (
    SHAPES,
    Conditions,
    Refiner,
    Shape,
    doubled,
    halved,
    multiply_adds,
    sample,
)
from tests.refiner_training_utils import FINE, TINY, conditions, stirred


@pytest.mark.parametrize("shape", [TINY, FINE])
@pytest.mark.parametrize("steps", [0, 1, 3])
def test_untrained_it_adds_nothing(shape: Shape, steps: int) -> None:
    noise = torch.randn(2, 6, shape.grid, shape.grid)
    with torch.no_grad():
        made = sample(Refiner(shape), noise, conditions(shape, 2), steps)
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
    ("size", "parameters", "adds"), [("small", 1_471_398, 349e6), ("large", 1_533_484, 1080e6)]
)
def test_size_and_cost_are_those_stated(size: str, parameters: int, adds: float) -> None:
    network = Refiner(SHAPES[size])
    assert sum(weight.numel() for weight in network.parameters()) == parameters
    assert abs(multiply_adds(SHAPES[size]) - adds) < 1e6


@pytest.mark.parametrize("shape", [TINY, FINE])
def test_multiply_adds_are_those_of_the_convolutions(shape: Shape) -> None:
    network, counted = Refiner(shape), 0

    def count(layer: torch.nn.Module, _: object, made: torch.Tensor) -> None:
        nonlocal counted
        counted += layer.weight[0].numel() * made.numel()

    for layer in network.modules():
        if isinstance(layer, torch.nn.Conv2d):
            layer.register_forward_hook(count)
    with torch.no_grad():
        sample(network, torch.zeros(1, 6, shape.grid, shape.grid), conditions(shape, 1), 1)
    assert counted == multiply_adds(shape)


def test_the_finer_level_begins_as_the_trained_network_within() -> None:
    """What that says of the pictures halved, doubled; and then it learns to say more."""
    coarse, network, given = stirred(TINY), Refiner(FINE), conditions(FINE, 2)
    network.begin_from(coarse.state_dict())
    state, times = torch.randn(2, 6, FINE.grid, FINE.grid), torch.full((2, 1), 0.5)
    less = Conditions(
        halved(given.picture), functional.avg_pool2d(given.mask, 2), halved(given.neutral),
        given.coefficients,
    )  # fmt: skip
    with torch.no_grad():
        wanted = doubled(coarse(halved(state), times, less))
        made = network(state, times, given)
    assert wanted.abs().mean() > 0.01 and torch.allclose(made, wanted, atol=1e-6)
    network(state, times, given).square().mean().backward()
    gradient = network.fine_outlet.weight.grad
    assert gradient is not None and gradient.abs().max() > 0


def test_weights_of_another_network_are_refused() -> None:
    other = Refiner(dataclasses.replace(TINY, channels=(8, 12, 24)))
    with pytest.raises(RuntimeError, match="size mismatch"):
        Refiner(FINE).begin_from(other.state_dict())


def test_half_a_picture_is_the_mean_of_its_pixels() -> None:
    """Of luma, whose planes are folded, and of chroma."""
    luma, chroma = torch.randn(1, 1, 16, 16), torch.randn(1, 2, 8, 8)
    folded = torch.cat([functional.pixel_unshuffle(luma, 2), chroma], 1)
    made = halved(folded)
    mean = functional.avg_pool2d(luma, 2)
    assert torch.allclose(functional.pixel_shuffle(made[:, :4], 2), mean, atol=1e-6)
    assert torch.allclose(made[:, 4:], functional.avg_pool2d(chroma, 2), atol=1e-6)


def test_doubled_and_halved_an_even_slope_is_what_it_was() -> None:
    slope = torch.arange(16.0).expand(1, 1, 16, 16)
    folded = torch.cat([functional.pixel_unshuffle(slope, 2), torch.ones(1, 2, 8, 8)], 1)
    made = halved(doubled(folded))
    luma = functional.pixel_shuffle(made[:, :4], 2)
    assert torch.allclose(luma[..., 1:-1], slope[..., 1:-1], atol=1e-5)
    assert torch.allclose(made[:, 4:], folded[:, 4:])

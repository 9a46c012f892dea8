"""What the refiner is judged by: lips and teeth first, then edges, structure and steadiness."""

from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from engine.synthesis.region import GREY, fade
from engine.train.refiner.network import RESIDUAL_GREY

WEIGHTS: Final[Mapping[str, float]] = {"pixel": 1.0, "edge": 1.0, "structure": 0.25, "time": 0.5}
SOFT: Final = 0.005
"""Errors far below it count by their square (Charbonnier)."""
LIPS: Final = (0.5, 0.42, 0.36, 0.24)
"""An ellipse about the lips: middle and half axes, x and y, of the region's side."""
WINDOW_PX: Final = 8
"""Of structural similarity; every half a window it is taken anew."""
_C1: Final = (0.01 * 2) ** 2
_C2: Final = (0.03 * 2) ** 2


def luma(folded: Tensor) -> Tensor:
    """(batch, 1, 2 · grid, 2 · grid) of (batch, 6, grid, grid)."""
    return functional.pixel_shuffle(folded[:, :4], 2)


def importance(mask: Tensor) -> Tensor:
    """(batch, 1, grid, grid), of mean 1: how much each place counts.

    Args:
        mask: (batch, 2, grid, grid), the first where the inside of the mouth is seen.
    """
    grid = mask.shape[-1]
    at = (torch.arange(grid) + 0.5) / grid
    x, y, wide, high = LIPS
    far = ((at - x) / wide).square()[None, :] + ((at - y) / high).square()[:, None]
    lips = (1.5 - far).clamp(0.0, 1.0)
    inside = mask[:, :1]
    around = _around(inside)
    weight = torch.from_numpy(fade(grid)) * (0.4 + lips + around + 4.0 * inside)
    return weight / weight.mean((1, 2, 3), keepdim=True)


def _around(inside: Tensor) -> Tensor:
    """Up to an eighth of the side beyond *inside*, coarsely: a fine one takes its time."""
    cell = inside.shape[-1] // 16
    coarse = functional.max_pool2d(functional.max_pool2d(inside, cell), 3, 1, 1)
    return functional.interpolate(coarse, scale_factor=float(cell), mode="nearest")


def _charbonnier(error: Tensor) -> Tensor:
    return (error.square() + SOFT**2).sqrt() - SOFT


def _edges(error: Tensor, weight: Tensor) -> Tensor:
    """Mean of what differs between neighbouring pixels' errors, (batch, 1, rows, columns)."""
    across = (error.diff(dim=-1).abs() * weight[..., 1:]).mean()
    along = (error.diff(dim=-2).abs() * weight[..., 1:, :]).mean()
    return across + along


def structure(one: Tensor, two: Tensor) -> Tensor:
    """Structural similarity (Wang et al. 2004) of each window, of pictures from −1 to 1."""
    one, two = one + 1, two + 1  # it is defined for light, which is never less than none

    def smooth(x: Tensor) -> Tensor:
        return functional.avg_pool2d(x, WINDOW_PX, WINDOW_PX // 2)

    mean1, mean2 = smooth(one), smooth(two)
    power = smooth(one * one + two * two) - mean1 * mean1 - mean2 * mean2
    shared = smooth(one * two) - mean1 * mean2
    return ((2 * mean1 * mean2 + _C1) * (2 * shared + _C2)) / (
        (mean1 * mean1 + mean2 * mean2 + _C1) * (power + _C2)
    )


def parts(clean: Tensor, truth: Tensor, picture: Tensor, mask: Tensor) -> dict[str, Tensor]:
    """The losses by name, each a number.

    Args:
        clean: (batch, 6, grid, grid), the estimate; frames 2i and 2i + 1 are neighbours.
        truth: as *clean*.
        picture: as *clean*, the warped region, −1 to 1.
        mask: (batch, 2, grid, grid).
    """
    weight = importance(mask)
    error = clean - truth
    finer = functional.interpolate(weight, scale_factor=2.0, mode="nearest")
    windows = functional.avg_pool2d(weight, WINDOW_PX // 2, WINDOW_PX // 4)
    step = RESIDUAL_GREY / GREY
    wanted = luma(picture + step * truth)
    alike = structure(wanted + step * luma(error), wanted)
    moved = error[0::2] - error[1::2]
    return {
        "pixel": (_charbonnier(error) * weight).mean(),
        "edge": _edges(luma(error), finer),
        "structure": ((1.0 - alike) * windows).mean(),
        "time": (moved.abs() * weight[0::2]).mean(),
    }


def total(each: Mapping[str, Tensor]) -> Tensor:
    """Their weighted sum."""
    return torch.stack([WEIGHTS[name] * value for name, value in each.items()]).sum()

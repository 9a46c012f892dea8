"""The refiner's network: a small convolutional U-Net, told the time and the face's coefficients.

It estimates the finished residual from a noisy one (x-prediction) and so is a flow along straight
paths from noise to residual (Lipman et al. 2023, *Flow Matching for Generative Modeling*). Time and
coefficients scale and shift the features of every block (FiLM, Perez et al. 2018). There is no
normalisation: every block begins as the identity, every answer as nought.
"""

from dataclasses import dataclass
from math import pi
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.motion.coefficients import COEFFICIENTS
from engine.synthesis.refiner import MASKS
from engine.synthesis.region import CHANNELS

RESIDUAL_GREY: Final = 32.0
"""Grey levels of a residual of 1 in the network's units."""
WAVES: Final = 6
"""The time is told as so many cosines."""
TYPICAL: Final = 0.1
"""Of a residual, in the network's units: what is inside works with numbers of about 1."""
OPENING: Final = 4.0
"""The state is heeded fully from the time 1/OPENING on: at 0 it is noise and says nothing."""


@dataclass(frozen=True)
class Shape:
    """The sizes of one network; a level has half the width and height of the one above."""

    side_px: int
    """Of the region's picture; the network's grid has half of it."""
    channels: tuple[int, ...]
    """Of each level."""
    down: tuple[int, ...]
    """Blocks of each level on the way down."""
    up: tuple[int, ...]
    """Blocks of each level on the way up; none on the lowest."""
    told: int = 128
    """Width of what time and coefficients become."""

    @property
    def grid(self) -> int:
        """Width and height of the folded picture."""
        return self.side_px // 2


SHAPES: Final = {
    "small": Shape(128, (32, 48, 96, 128), (0, 1, 1, 2), (1, 1, 1)),
    "large": Shape(256, (32, 64, 128, 160, 192), (0, 1, 1, 1, 2), (1, 1, 1, 1)),
}


class Conditions(NamedTuple):
    """What a residual is estimated from."""

    picture: Tensor
    """(batch, 6, grid, grid): the warped region, folded, −1 to 1."""
    mask: Tensor
    """(batch, 2, grid, grid), 0 to 1."""
    neutral: Tensor
    """(batch, 6, grid, grid): the portrait's region at rest, −1 to 1."""
    coefficients: Tensor
    """(batch, 55)."""


class Block(nn.Module):
    """x + convolution(silu(scaled and shifted convolution(x)))."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, x: Tensor, film: Tensor) -> Tensor:
        """x (batch, channels, rows, columns), film (batch, 2 · channels); as x."""
        scale, shift = film[..., None, None].chunk(2, 1)
        return x + self.second(functional.silu(self.first(x) * (scale + 1.0) + shift))


class Refiner(nn.Module):
    """The U-Net; the ways down and up are joined by addition."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        widths, last = shape.channels, len(shape.channels) - 1
        self.told = nn.Sequential(
            nn.Linear(len(COEFFICIENTS) + WAVES, shape.told), nn.SiLU(),
            nn.Linear(shape.told, shape.told), nn.SiLU(),
        )  # fmt: skip
        self.stem = nn.Conv2d(3 * CHANNELS + MASKS, widths[0], 3, padding=1)
        self.down = nn.ModuleList(
            nn.ModuleList(Block(width) for _ in range(count))
            for width, count in zip(widths, shape.down, strict=True)
        )
        self.up = nn.ModuleList(
            nn.ModuleList(Block(width) for _ in range(count))
            for width, count in zip(widths[:-1], shape.up, strict=True)
        )
        self.shrink = nn.ModuleList(
            nn.Conv2d(widths[i], widths[i + 1], 3, stride=2, padding=1) for i in range(last)
        )
        self.grow = nn.ModuleList(nn.Conv2d(widths[i + 1], widths[i], 1) for i in range(last))
        self.place = nn.ParameterList(
            nn.Parameter(torch.zeros(1, widths[i + 1], *(2 * [shape.grid >> (i + 1)])))
            for i in range(last)
        )
        """What is learnt of each place: the region goes with the head."""
        self.films = [2 * widths[level] for level, _ in self._blocks()]
        self.film = nn.Linear(shape.told, sum(self.films))
        self.outlet = nn.Conv2d(widths[0], CHANNELS, 3, padding=1)
        for layer in (self.film, self.outlet):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def _blocks(self) -> list[tuple[int, Block]]:
        """Level and block, in the order in which they work."""
        last = len(self.down) - 1
        downward = [(level, block) for level in range(last + 1) for block in self.down[level]]
        upward = [(level, block) for level in reversed(range(last)) for block in self.up[level]]
        return downward + upward

    def forward(self, state: Tensor, time: Tensor, given: Conditions) -> Tensor:
        """The finished residual as far as it can be told, (batch, 6, grid, grid).

        Args:
            state: (batch, 6, grid, grid): (1 − time) · noise + time · an estimate of
                the residual, its own.
            time: (batch, 1), 0 to 1.
            given: the conditions.
        """
        waves = torch.cos(time * (pi * torch.arange(1, WAVES + 1)))
        told = self.told(torch.cat([given.coefficients, waves], 1))
        films = iter(self.film(told).split(self.films, 1))
        heeded = state * (time * OPENING).clamp(max=1.0)[..., None, None] / TYPICAL
        x = self.stem(torch.cat([heeded, given.picture, given.mask, given.neutral], 1))
        above: list[Tensor] = []
        for level, blocks in enumerate(self.down):
            if level:
                above.append(x)
                x = self.shrink[level - 1](x) + self.place[level - 1]
            for block in blocks:
                x = block(x, next(films))
        for level in reversed(range(len(above))):
            grown = functional.interpolate(self.grow[level](x), scale_factor=2.0, mode="nearest")
            x = grown + above[level]
            for block in self.up[level]:
                x = block(x, next(films))
        with torch.autocast("cpu", enabled=False):  # the answer in full precision
            return self.outlet(x.float()) * TYPICAL


def sample(network: Refiner, noise: Tensor, given: Conditions, steps: int) -> Tensor:
    """The residual after *steps* from *noise*, both (batch, 6, grid, grid); 0 steps: nought."""
    if steps == 0:
        return torch.zeros_like(noise)
    state, ends = noise, torch.zeros_like(noise)
    for k in range(steps):
        time = torch.full((len(noise), 1), k / steps)
        ends = ends + network(state, time, given)
        state = state + (ends / (k + 1) - state) / (steps - k)
    return state


def multiply_adds(shape: Shape) -> int:
    """Of the convolutions, for one picture."""
    total, side, widths = 0, shape.grid, shape.channels
    total += side**2 * 9 * widths[0] * (3 * CHANNELS + MASKS + CHANNELS)
    for level, width in enumerate(widths):
        cells = (side >> level) ** 2
        blocks = shape.down[level] + (*shape.up, 0)[level]
        total += cells * 18 * width**2 * blocks
        if level:
            total += cells * 10 * width * widths[level - 1]
    return total

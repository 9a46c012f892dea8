"""The refiner's network: a small convolutional U-Net, told the time and the face's coefficients.

It estimates the finished residual from a noisy one (x-prediction) and so is a flow along straight
paths from noise to residual (Lipman et al. 2023, *Flow Matching for Generative Modeling*). Time and
coefficients scale and shift the features of every block (FiLM, Perez et al. 2018). There is no
normalisation: every block begins as the identity, every answer as nought.

The large network is the small one with a finer level about it, as in a Laplacian pyramid (Burt and
Adelson 1983): the small one sees the pictures halved, its answer is doubled, and the finer level
adds what is lost so. It begins as a trained small one.
"""

from collections.abc import Iterator, Mapping, Sequence
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
LUMA: Final = 4
"""Planes of it in a folded picture; the others are chroma."""
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
    fine: int = 0
    """Channels of a finer level about the U-Net, which then sees the pictures halved; 0: none."""
    fine_blocks: int = 0
    """Of the finer level."""

    @property
    def grid(self) -> int:
        """Width and height of the folded picture."""
        return self.side_px // 2

    @property
    def coarse_grid(self) -> int:
        """The same of what the U-Net sees."""
        return self.grid // 2 if self.fine else self.grid


SHAPES: Final = {
    "small": Shape(128, (32, 48, 96, 128), (0, 1, 1, 2), (1, 1, 1)),
    "large": Shape(256, (32, 48, 96, 128), (0, 1, 1, 2), (1, 1, 1), fine=32, fine_blocks=2),
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


def halved(folded: Tensor) -> Tensor:
    """A picture of half the size: (batch, 6, grid, grid) to (batch, 6, grid/2, grid/2)."""
    luma = functional.pixel_unshuffle(folded[:, :LUMA].mean(1, keepdim=True), 2)
    return torch.cat([luma, functional.avg_pool2d(folded[:, LUMA:], 2)], 1)


def doubled(folded: Tensor) -> Tensor:
    """A picture of double the size: (batch, 6, grid, grid) to (batch, 6, 2 · grid, 2 · grid)."""
    luma, chroma = (
        functional.interpolate(planes, scale_factor=2.0, mode="bilinear", align_corners=False)
        for planes in (functional.pixel_shuffle(folded[:, :LUMA], 2), folded[:, LUMA:])
    )
    return torch.cat([functional.pixel_unshuffle(luma, 2), chroma], 1)


class Refiner(nn.Module):
    """The U-Net; the ways down and up are joined by addition. And a finer level, if it has one."""

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
            nn.Parameter(torch.zeros(1, widths[i + 1], *(2 * [shape.coarse_grid >> (i + 1)])))
            for i in range(last)
        )
        """What is learnt of each place: the region goes with the head."""
        self.outlet = nn.Conv2d(widths[0], CHANNELS, 3, padding=1)
        outlets = [self.outlet]
        if shape.fine:
            self.fine_stem = nn.Conv2d(3 * CHANNELS + MASKS, shape.fine, 3, padding=1)
            self.fine_grow = nn.Conv2d(widths[0], shape.fine, 1)
            self.fine_blocks = nn.ModuleList(Block(shape.fine) for _ in range(shape.fine_blocks))
            self.fine_outlet = nn.Conv2d(shape.fine, CHANNELS, 3, padding=1)
            outlets.append(self.fine_outlet)
        self.films = [2 * widths[level] for level, _ in self._blocks()]
        self.films += shape.fine_blocks * [2 * shape.fine]
        self.film = nn.Linear(shape.told, sum(self.films))
        for layer in (self.film, *outlets):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def begin_from(self, coarse: Mapping[str, Tensor]) -> None:
        """Take over a trained network that has no finer level.

        Args:
            coarse: its weights by name.

        Raises:
            RuntimeError: they are of another network.
        """
        own = self.state_dict()
        for name, weight in coarse.items():
            own[name] = weight
            if name.startswith("film."):  # the finer level's blocks come last
                own[name] = torch.cat([weight, self.state_dict()[name][len(weight) :]])
        self.load_state_dict(own)

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
        seen = [heeded, given.picture, given.mask, given.neutral]
        if self.shape.fine:
            return self._finer(seen, films)
        x = self._unet(torch.cat(seen, 1), films)
        with torch.autocast("cpu", enabled=False):  # the answer in full precision
            return self.outlet(x.float()) * TYPICAL

    def _unet(self, pictures: Tensor, films: Iterator[Tensor]) -> Tensor:
        """(batch, 20, rows, columns) to features of as many rows and columns."""
        x = self.stem(pictures)
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
        return x

    def _finer(self, seen: Sequence[Tensor], films: Iterator[Tensor]) -> Tensor:
        """The answer of a network with a finer level; *seen* are planes, the third the masks."""
        state, picture, mask, neutral = seen
        less = [halved(state), halved(picture), functional.avg_pool2d(mask, 2), halved(neutral)]
        x = self._unet(torch.cat(less, 1), films)
        grown = functional.interpolate(self.fine_grow(x), scale_factor=2.0, mode="nearest")
        y = self.fine_stem(torch.cat(seen, 1)) + grown
        for block in self.fine_blocks:
            y = block(y, next(films))
        with torch.autocast("cpu", enabled=False):  # the answer in full precision
            coarse = doubled(self.outlet(x.float()))
            return (coarse + self.fine_outlet(y.float())) * TYPICAL


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
    total, side, widths = 0, shape.coarse_grid, shape.channels
    ends = 9 * (3 * CHANNELS + MASKS + CHANNELS)
    total += side**2 * ends * widths[0]
    for level, width in enumerate(widths):
        cells = (side >> level) ** 2
        blocks = shape.down[level] + (*shape.up, 0)[level]
        total += cells * 18 * width**2 * blocks
        if level:
            total += cells * 10 * width * widths[level - 1]
    if fine := shape.fine:
        total += side**2 * widths[0] * fine
        total += shape.grid**2 * (ends * fine + 18 * fine**2 * shape.fine_blocks)
    return total

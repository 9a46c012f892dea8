"""Pairs of neighbouring frames for the refiner, from shards; varied as photos and faces vary.

A shard is ``NAME.npz``, one portrait: pictures, masks and residuals of both sizes, with the
portrait at rest, once or for every sample. Samples 2i and 2i + 1 are neighbouring frames of one
clip.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.motion.coefficients import COEFFICIENTS, MIRROR
from engine.synthesis.refiner import MASKS
from engine.synthesis.region import CHANNELS, GREY
from engine.train.refiner.network import RESIDUAL_GREY, Conditions
from engine.train.refiner.scene import RESIDUAL_STEPS

GAIN: Final = 0.2
"""Contrast and colour go up and down by so much at most."""
SHIFT: Final = 0.12
"""Brightness and colour move by so much at most; 1 is 128 grey levels."""
ASIDE: Final = 2
"""Everything is moved by so many cells at most: no two faces lie quite alike."""
_FLIPPED_PLANES: Final = [1, 0, 3, 2, 4, 5]
"""Left and right columns of luma change places."""


class Batch(NamedTuple):
    """Samples 2i and 2i + 1 are neighbouring frames."""

    given: Conditions
    residual: Tensor
    """(batch, 6, grid, grid): the truth, in the network's units."""


@dataclass(frozen=True, eq=False)
class Portrait:
    """One portrait's samples of one size, as stored."""

    name: str
    picture: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    neutral: NDArray[np.uint8]
    coefficients: NDArray[np.float32]
    residual: NDArray[np.int16]

    @property
    def pairs(self) -> int:
        """How many."""
        return len(self.picture) // 2


def load(path: Path, side_px: int) -> Portrait:
    """One shard's samples of one size.

    Raises:
        ValueError: the file is no such shard.
    """
    grid = side_px // 2
    with np.load(path) as stored:
        try:
            count = len(stored["coefficients"])
            parts = {
                "picture": _taken(stored, f"picture_{side_px}", (count, CHANNELS, grid, grid)),
                "mask": _taken(stored, f"mask_{side_px}", (count, MASKS, grid, grid)),
                "neutral": _taken(stored, f"neutral_{side_px}", (count, CHANNELS, grid, grid)),
                "coefficients": _taken(stored, "coefficients", (count, len(COEFFICIENTS))),
                "residual": _taken(stored, f"residual_{side_px}", (count, CHANNELS, grid, grid)),
            }
        except (KeyError, ValueError) as error:
            raise ValueError(
                f"{path} is no shard of the refiner's ({error}): make it again"
            ) from None
    return Portrait(path.stem, **parts)


def _taken(stored: Any, key: str, shape: tuple[int, ...]) -> Any:  # noqa: ANN401  # an archive
    array = stored[key]
    if array.shape == shape[1:]:  # one for all samples
        array = np.broadcast_to(array, shape)
    if array.shape != shape:
        raise ValueError(f"{key} is {array.shape}, not {shape}")
    return array


def paths(folder: Path) -> dict[str, Path]:
    """The shards of *folder* by portrait.

    Raises:
        FileNotFoundError: there are none.
    """
    found = {path.stem: path for path in sorted(folder.glob("*.npz"))}
    if not found:
        raise FileNotFoundError(f"no shards (*.npz) in {folder}: make the refiner's data first")
    return found


def batch_of(chosen: Sequence[tuple[Portrait, int]]) -> Batch:
    """The samples so chosen, by portrait and index, unvaried."""

    def stacked(name: str) -> Tensor:
        return torch.from_numpy(np.stack([getattr(who, name)[at] for who, at in chosen])).float()

    given = Conditions(
        (stacked("picture") - GREY) / GREY,
        stacked("mask") / 255.0,
        (stacked("neutral") - GREY) / GREY,
        stacked("coefficients"),
    )
    return Batch(given, stacked("residual") / (RESIDUAL_STEPS * RESIDUAL_GREY))


def mirrored(batch: Batch) -> Batch:
    """Left for right, of pictures and coefficients."""

    def planes(folded: Tensor) -> Tensor:
        return folded.flip(-1)[:, _FLIPPED_PLANES]

    picture, mask, neutral, coefficients = batch.given
    other = coefficients[:, list(MIRROR)]
    given = Conditions(planes(picture), mask.flip(-1), planes(neutral), other)
    return Batch(given, planes(batch.residual))


def moved(batch: Batch, down: int, right: int) -> Batch:
    """All pictures moved by whole cells; what leaves at one edge comes in at the other."""

    def rolled(planes: Tensor) -> Tensor:
        return planes.roll((down, right), (-2, -1))

    picture, mask, neutral, coefficients = batch.given
    given = Conditions(rolled(picture), rolled(mask), rolled(neutral), coefficients)
    return Batch(given, rolled(batch.residual))


def toned(batch: Batch, gain: Tensor, shift: Tensor) -> Batch:
    """Another light: samples times *gain* plus *shift*, both (batch, 6); truth goes along."""
    scale, more = gain[..., None, None], shift[..., None, None]
    picture, mask, neutral, coefficients = batch.given
    given = Conditions(picture * scale + more, mask, neutral * scale + more, coefficients)
    return Batch(given, batch.residual * scale)


def _tones(generator: torch.Generator, pairs: int) -> tuple[Tensor, Tensor]:
    """Gains and shifts (2 · pairs, 6), one luma for its four planes, a pair's frames alike."""

    def drawn(reach: float) -> Tensor:
        three = (2 * torch.rand(pairs, 3, generator=generator) - 1) * reach
        return three[:, [0, 0, 0, 0, 1, 2]].repeat_interleave(2, 0)

    return drawn(GAIN) + 1.0, drawn(SHIFT) * torch.tensor([1.0, 1, 1, 1, 0.5, 0.5])


def varied(batch: Batch, generator: torch.Generator) -> Batch:
    """Half of the pairs mirrored, all in another light."""
    pairs = len(batch.residual) // 2
    turn = (torch.rand(pairs, generator=generator) < 0.5).repeat_interleave(2)
    other = mirrored(batch)

    def mixed(one: Tensor, two: Tensor) -> Tensor:
        return torch.where(turn.view(-1, *[1] * (one.ndim - 1)), two, one)

    given = Conditions(*(mixed(a, b) for a, b in zip(batch.given, other.given, strict=True)))
    turned = Batch(given, mixed(batch.residual, other.residual))
    down, right = torch.randint(-ASIDE, ASIDE + 1, (2,), generator=generator).tolist()
    return toned(moved(turned, down, right), *_tones(generator, pairs))


def feed(portraits: Sequence[Portrait], pairs: int, seed: int) -> Iterator[Batch]:
    """Batches without end, of 2 · *pairs* samples; every pair is as likely as another."""
    generator = torch.Generator().manual_seed(seed)
    choices = [(who, 2 * i) for who in portraits for i in range(who.pairs)]
    if not choices:
        raise ValueError("the shards hold no pair of frames: make the refiner's data again")
    while True:
        drawn = torch.randint(len(choices), (pairs,), generator=generator).tolist()
        chosen = [(who, at + more) for who, at in (choices[i] for i in drawn) for more in (0, 1)]
        yield varied(batch_of(chosen), generator)


def judges(portraits: Sequence[Portrait], count: int) -> Batch:
    """At least *count* samples, unvaried, if there are so many.

    As many of each portrait, from the middles of equal stretches of its clips.
    """
    each = -(-count // len(portraits))
    chosen = [
        (who, int(at))
        for who in portraits
        for at in np.unique((np.arange(each) + 0.5) * len(who.picture) / each // 1)
    ]
    return batch_of(chosen)


def spread(portraits: Sequence[Portrait]) -> float:
    """Root mean square of the residuals, in the network's units."""
    squares = [np.square(who.residual, dtype=np.float32).mean() for who in portraits]
    return float(np.sqrt(np.mean(squares)) / (RESIDUAL_STEPS * RESIDUAL_GREY))

"""Small made-up shards and networks of the refiner, for its tests."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.train.refiner.network import Conditions, Refiner, Shape

TINY = Shape(32, (8, 12, 16), (0, 1, 1), (1, 1), told=16)
FINE = Shape(64, (8, 12, 16), (0, 1, 1), (1, 1), told=16, fine=8, fine_blocks=2)
"""``TINY`` with a finer level about it."""


def conditions(shape: Shape, batch: int, seed: int = 0) -> Conditions:
    """Random ones."""
    generator, grid = torch.Generator().manual_seed(seed), shape.grid

    def drawn(*size: int) -> torch.Tensor:
        return torch.rand(*size, generator=generator)

    planes = (batch, 6, grid, grid)
    return Conditions(
        2 * drawn(*planes) - 1, drawn(batch, 2, grid, grid), 2 * drawn(*planes) - 1,
        drawn(batch, 55),
    )  # fmt: skip


def stirred(shape: Shape, seed: int = 0) -> Refiner:
    """An untrained network that does something: no weight is nought."""
    torch.manual_seed(seed)
    network = Refiner(shape)
    for weight in network.parameters():
        if not weight.any():
            reach = 0.1 if weight.ndim < 4 else (9 * weight.shape[1]) ** -0.5
            torch.nn.init.normal_(weight, 0.0, reach)
    network.eval()
    return network


def write_shards(folder: Path, portraits: int, samples: int, sides: tuple[int, ...]) -> None:
    """Shards where the residual is bright inside the mouth, and the more so the wider it opens."""
    folder.mkdir(exist_ok=True)
    for k in range(portraits):
        drawn = np.random.default_rng(k)
        coefficients = np.repeat(drawn.random((samples // 2, 55), np.float32), 2, 0)
        parts: dict[str, Any] = {"coefficients": coefficients}
        for side in sides:
            grid = side // 2
            mask = np.zeros((samples, 2, grid, grid), np.uint8)
            mask[:, 0, grid // 3 : grid // 2, grid // 4 : -grid // 4] = 255
            bright = 640 * coefficients[:, 28] * (1.0 + 0.5 * drawn.random())
            residual = (mask[:, :1] > 0) * bright[:, None, None, None] * np.ones((1, 6, 1, 1))
            faces = (6, grid, grid)
            parts |= {
                f"picture_{side}": drawn.integers(0, 255, (samples, *faces)).astype(np.uint8),
                f"neutral_{side}": drawn.integers(0, 255, faces).astype(np.uint8),
                f"mask_{side}": mask,
                f"residual_{side}": residual.astype(np.int16),
            }
        np.savez(folder / f"face_{k:03d}.npz", **parts)

"""One input for a refiner, and what PyTorch answered: a network that ships is held to it.

PyTorch is needed to train and to export, not to run. So that every machine can tell whether the
network that it runs is the one that was trained, the export keeps PyTorch's answer to one question.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.motion.coefficients import COEFFICIENTS
from engine.synthesis.refiner import MASKS
from engine.synthesis.region import CHANNELS

Tensors = dict[str, NDArray[np.float32]]

SEED: Final = 11


def question(side_px: int, batch: int = 2) -> Tensors:
    """Inputs by name as ``engine.synthesis.refiner`` gives them, the same on every machine."""
    rng, grid = np.random.default_rng(SEED), side_px // 2

    def drawn(*shape: int) -> NDArray[np.float32]:
        return rng.random((batch, *shape), np.float32)

    return {
        "state": 0.2 * drawn(CHANNELS, grid, grid) - 0.1,
        "time": np.linspace(0, 0.75, batch, dtype=np.float32)[:, None],
        "picture": 2 * drawn(CHANNELS, grid, grid) - 1,
        "mask": drawn(MASKS, grid, grid),
        "neutral": 2 * drawn(CHANNELS, grid, grid) - 1,
        "coefficients": 0.5 * drawn(len(COEFFICIENTS)),
    }


def kept(clean: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of an answer (batch, 6, grid, grid) as much as is kept: some of its samples."""
    return np.ascontiguousarray(clean[:, :, 3::8, 5::8])

"""Small refiners with random weights, of the real ones' signature."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.motion.coefficients import COEFFICIENTS
from engine.runtime.onnx import OnnxRunner
from engine.runtime.tape import FLOAT32, Tape, join
from engine.synthesis import refiner as room
from engine.synthesis.refiner import Refiner

CHANNELS = 6


def network(side_px: int = 128, seed: int = 0, strength: float = 0.3, noise: float = 0.5) -> bytes:
    """A network whose ``clean`` depends on every input.

    *strength*: about how large ``clean`` is; 0: nothing is added.
    """
    rng = np.random.default_rng(seed)
    half, tape = side_px // 2, Tape()
    shape: list[int | str] = ["batch", CHANNELS, half, half]
    state, picture, neutral = (tape.input(n, shape) for n in ("state", "picture", "neutral"))
    mask = tape.input("mask", ["batch", 2, half, half])
    time, weights = tape.input("time", ["batch", 1]), tape.input("coefficients", ["batch", 55])
    stack = join(1, state * 0.2, picture, neutral, mask)

    def drawn(*shape: int) -> NDArray[np.float32]:
        return rng.standard_normal(shape).astype(np.float32)

    kernel = tape.constant(drawn(CHANNELS, 20, 3, 3) / 13, FLOAT32)
    bias = tape.constant(drawn(CHANNELS), FLOAT32)
    laid = tape.op("Conv", stack, kernel, bias, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    shaped = tape.op("MatMul", weights, tape.constant(drawn(len(COEFFICIENTS), CHANNELS), FLOAT32))
    told = (shaped + time).reshape(-1, CHANNELS, 1, 1)
    clean = (laid + told).unary("Tanh") * strength
    tape.output("clean", clean, shape, FLOAT32)
    said = {"side_px": str(side_px), "residual_grey": "32", "noise": str(noise)}
    return bytes(tape.model("refiner", said).SerializeToString())


@cache
def refiner(
    side_px: int = 128, seed: int = 0, strength: float = 0.3, noise: float = 0.5
) -> Refiner:
    """It, loaded."""
    return Refiner(OnnxRunner(network(side_px, seed, strength, noise)))


def installed(folder: Path) -> Path:
    """*folder* with both networks in it, as weights are installed."""
    folder.mkdir(exist_ok=True)
    for name, side_px in (("small", 128), ("large", 256)):
        (folder / f"refiner_{name}.onnx").write_bytes(network(side_px))
    return folder


def install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the project's own be those, in *folder*."""
    monkeypatch.setattr(room, "WEIGHTS", installed(folder))


def uninstall(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let there be none: *folder* is empty."""
    monkeypatch.setattr(room, "WEIGHTS", folder)

"""A small network shaped as a refiner's: same inputs, same operators, weights by chance."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.runtime.tape import FLOAT32, Tape, Tensor, join

Array = NDArray[Any]
SIDE = 16


class _Writer:
    def __init__(self, seed: int) -> None:
        self.tape, self._rng = Tape(), np.random.default_rng(seed)

    def weights(self, *shape: int) -> Tensor:
        scale = 1 / np.sqrt(np.prod(shape[1:]) or 1)
        return self.tape.constant(self._rng.normal(0, scale, shape), FLOAT32)

    def conv(self, x: Tensor, given: int, made: int, size: int = 3, stride: int = 1) -> Tensor:
        pads = [size // 2] * 4
        return self.tape.op("Conv", x, self.weights(made, given, size, size), self.weights(made),
                            kernel_shape=[size, size], pads=pads, strides=[stride] * 2)  # fmt: skip


def _pooled(x: Tensor) -> Tensor:
    return x.tape.op("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])


def _enlarged(x: Tensor) -> Tensor:
    none, scales = Tensor(x.tape, "", FLOAT32), x.tape.constant([1.0, 1.0, 2.0, 2.0], FLOAT32)
    large = x.tape.op("DepthToSpace", x.part(1, 0, 4), blocksize=2)
    large = x.tape.op("SpaceToDepth", large, blocksize=2)
    x = join(1, large, x.part(1, 4, 6))
    return x.tape.op(
        "Resize", x, none, scales, mode="linear", coordinate_transformation_mode="half_pixel"
    )


def refiner(seed: int = 0, side: int = SIDE, fine: bool = False) -> bytes:
    """The ONNX network, side by side cells; *fine*: what is added it says of the half, doubled."""
    writer = _Writer(seed)
    tape = writer.tape
    planes: list[int | str] = ["batch", 6, side, side]
    state, time = tape.input("state", planes), tape.input("time", ["batch", 1])
    picture, neutral = tape.input("picture", planes), tape.input("neutral", planes)
    mask = tape.input("mask", ["batch", 2, side, side])
    coefficients = tape.input("coefficients", ["batch", 55])
    waves = (time * np.arange(1, 7, dtype=np.float32)).unary("Cos")
    told = writer.conv(join(1, coefficients, waves).reshape(0, -1, 1, 1), 61, 16, size=1)
    told = told * told.unary("Sigmoid")
    scale, shift = (told.part(1, k, k + 8) for k in (0, 8))
    heeded = state * (time * 4.0).least(1.0).reshape(0, 1, 1, 1)
    x = writer.conv(join(1, heeded, picture, mask, neutral), 20, 8)
    low = writer.conv(x, 8, 8, stride=2) * (scale + 1.0) + shift
    low = low * low.unary("Sigmoid")
    none = Tensor(tape, "", FLOAT32)
    scales = tape.constant([1.0, 1.0, 2.0, 2.0], FLOAT32)
    up = tape.op("Resize", low, none, scales, mode="nearest", nearest_mode="floor",
                 coordinate_transformation_mode="asymmetric")  # fmt: skip
    clean = writer.conv(up + x, 8, 6)
    if fine:
        clean = _enlarged(_pooled(clean)) + clean * 0.5
    tape.output("clean", clean, planes, FLOAT32)
    metadata = {"side_px": str(2 * side), "residual_grey": "32", "noise": "0.5"}
    return bytes(tape.model("refiner", metadata).SerializeToString())


def refiner_tensors(batch: int = 2, seed: int = 0, side: int = SIDE) -> dict[str, Array]:
    """Inputs by chance, within their bounds."""
    rng = np.random.default_rng(seed)
    planes = (batch, 6, side, side)
    return {
        "state": rng.normal(0, 0.5, planes).astype(np.float32),
        "time": rng.uniform(0, 1, (batch, 1)).astype(np.float32),
        "picture": rng.uniform(-1, 1, planes).astype(np.float32),
        "mask": rng.uniform(0, 1, (batch, 2, side, side)).astype(np.float32),
        "neutral": rng.uniform(-1, 1, planes).astype(np.float32),
        "coefficients": rng.uniform(0, 1, (batch, 55)).astype(np.float32),
    }

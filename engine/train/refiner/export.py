"""The trained refiner as ONNX, in full or half floats, strongly typed.

    python -m engine.train.refiner.export build/refiner_small/last.pt \\
        --out engine/weights/refiner_small.onnx [--precision fp16]

All inputs and the output are full floats; a network of half floats casts inside. What time and
coefficients become is reckoned in full floats in both: it is little and steers much.
"""

import argparse
from collections.abc import Iterator, Sequence
from math import pi
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import nn

from engine.motion.coefficients import COEFFICIENTS
from engine.runtime.tape import FLOAT16, FLOAT32, Tape, Tensor, join
from engine.synthesis.refiner import MASKS
from engine.synthesis.region import CHANNELS
from engine.train.refiner.network import (
    LUMA,
    OPENING,
    RESIDUAL_GREY,
    SHAPES,
    TYPICAL,
    WAVES,
    Block,
    Conditions,
    Refiner,
)
from engine.train.refiner.question import kept, question

KINDS: Final = {"fp32": FLOAT32, "fp16": FLOAT16}


def _array(value: torch.Tensor) -> NDArray[np.float32]:
    return np.asarray(value.detach().cpu().numpy(), np.float32)


class Writer:
    """Writes one network's layers on a tape, in *kind*."""

    def __init__(self, network: Refiner, kind: str) -> None:
        self.tape, self.network, self.kind = Tape(), network, kind

    def conv(self, layer: nn.Conv2d, x: Tensor) -> Tensor:
        """A convolution, padded as the layer pads."""
        weight = self.tape.constant(_array(layer.weight), x.kind)
        bias = self.tape.constant(_array(layer.bias), x.kind)
        pad, size = layer.padding[0], layer.kernel_size[0]
        return self.tape.op(
            "Conv", x, weight, bias, kernel_shape=[size, size], pads=[pad] * 4,
            strides=list(layer.stride),
        )  # fmt: skip

    def dense(self, layer: nn.Linear, x: Tensor) -> Tensor:
        """x (batch, in, 1, 1) to (batch, out, 1, 1): as a convolution, which every card knows."""
        weight = self.tape.constant(_array(layer.weight)[..., None, None], x.kind)
        bias = self.tape.constant(_array(layer.bias), x.kind)
        return self.tape.op("Conv", x, weight, bias, kernel_shape=[1, 1])

    def silu(self, x: Tensor) -> Tensor:
        """x · sigmoid(x)."""
        return x * x.unary("Sigmoid")

    def films(self, time: Tensor, coefficients: Tensor) -> list[tuple[Tensor, Tensor]]:
        """1 + scale and shift of every block, (batch, channels, 1, 1), in order."""
        waves = (time * (pi * np.arange(1, WAVES + 1, dtype=np.float32))).unary("Cos")
        told = join(1, coefficients, waves).reshape(0, -1, 1, 1)
        for layer in self.network.told:
            told = self.dense(layer, told) if isinstance(layer, nn.Linear) else self.silu(told)
        film = self.dense(self.network.film, told)
        out: list[tuple[Tensor, Tensor]] = []
        start = 0
        for width in self.network.films:
            middle, end = start + width // 2, start + width
            scale, shift = film.part(1, start, middle) + 1.0, film.part(1, middle, end)
            out.append((scale.to(self.kind), shift.to(self.kind)))
            start = end
        return out

    def block(self, block: Block, x: Tensor, film: tuple[Tensor, Tensor]) -> Tensor:
        """``Block.forward``."""
        seen = self.conv(block.first, x) * film[0] + film[1]
        return x + self.conv(block.second, self.silu(seen))

    def doubled(self, x: Tensor) -> Tensor:
        """Every sample four times."""
        return self._resized(
            x, mode="nearest", nearest_mode="floor", coordinate_transformation_mode="asymmetric"
        )

    def halved(self, folded: Tensor) -> Tensor:
        """``network.halved``."""
        luma = folded.part(1, 0, 1)
        for k in range(1, LUMA):
            luma = luma + folded.part(1, k, k + 1)
        chroma = folded.part(1, LUMA, CHANNELS)
        return join(1, self.tape.op("SpaceToDepth", luma * 0.25, blocksize=2), self.pooled(chroma))

    def pooled(self, x: Tensor) -> Tensor:
        """The means of four."""
        return self.tape.op("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])

    def enlarged(self, folded: Tensor) -> Tensor:
        """``network.doubled``."""
        luma = self.tape.op("DepthToSpace", folded.part(1, 0, LUMA), blocksize=2)
        luma = self.tape.op("SpaceToDepth", self.between(luma), blocksize=2)
        return join(1, luma, self.between(folded.part(1, LUMA, CHANNELS)))

    def between(self, x: Tensor) -> Tensor:
        """Of double the size, bilinearly."""
        return self._resized(x, mode="linear", coordinate_transformation_mode="half_pixel")

    def _resized(self, x: Tensor, **how: Any) -> Tensor:  # noqa: ANN401 # as ONNX has them
        none = Tensor(self.tape, "", FLOAT32)
        scales = self.tape.constant([1.0, 1.0, 2.0, 2.0], FLOAT32)
        return self.tape.op("Resize", x, none, scales, **how)

    def refined(self, seen: Sequence[Tensor], films: Sequence[tuple[Tensor, Tensor]]) -> Tensor:
        """The answer to the planes *seen*: state, picture, mask and neutral."""
        network, left = self.network, iter(films)
        if not network.shape.fine:
            return self.conv(network.outlet, self.unet(join(1, *seen), left)) * TYPICAL
        state, picture, mask, neutral = seen
        less = (self.halved(state), self.halved(picture), self.pooled(mask), self.halved(neutral))
        x = self.unet(join(1, *less), left)
        y = self.conv(network.fine_stem, join(1, *seen)) + self.doubled(
            self.conv(network.fine_grow, x)
        )
        for block in network.fine_blocks:
            y = self.block(block, y, next(left))
        coarse = self.enlarged(self.conv(network.outlet, x))
        return (coarse + self.conv(network.fine_outlet, y)) * TYPICAL

    def unet(self, pictures: Tensor, left: Iterator[tuple[Tensor, Tensor]]) -> Tensor:
        """Features of all its pictures (batch, 20, rows, columns), joined."""
        network = self.network
        x = self.conv(network.stem, pictures)
        above: list[Tensor] = []
        for level, blocks in enumerate(network.down):
            if level:
                above.append(x)
                place = self.tape.constant(_array(network.place[level - 1]), self.kind)
                x = self.conv(network.shrink[level - 1], x) + place
            for block in blocks:
                x = self.block(block, x, next(left))
        for level in reversed(range(len(above))):
            x = self.doubled(self.conv(network.grow[level], x)) + above[level]
            for block in network.up[level]:
                x = self.block(block, x, next(left))
        return x


def build(network: Refiner, noise: float, precision: str = "fp32") -> onnx.ModelProto:
    """The network as a model of ONNX.

    Inputs, float32: ``state`` (batch, 6, grid, grid), ``time`` (batch, 1), ``picture`` as state,
    ``mask`` (batch, 2, grid, grid), ``neutral`` as state, ``coefficients`` (batch, 55). Output
    ``clean`` as state, float32.

    Args:
        network: the trained network.
        noise: standard deviation of the state at time 0.
        precision: ``fp32`` or ``fp16``, of pictures and weights.
    """
    writer = Writer(network.eval(), KINDS[precision])
    tape, grid = writer.tape, network.shape.grid
    planes: list[int | str] = ["batch", CHANNELS, grid, grid]
    state = tape.input("state", planes)
    time = tape.input("time", ["batch", 1])
    picture = tape.input("picture", planes)
    mask = tape.input("mask", ["batch", MASKS, grid, grid])
    neutral = tape.input("neutral", planes)
    coefficients = tape.input("coefficients", ["batch", len(COEFFICIENTS)])
    heeded = state * ((time * OPENING).least(1.0).reshape(0, 1, 1, 1) * (1 / TYPICAL))
    seen = [each.to(writer.kind) for each in (heeded, picture, mask, neutral)]
    clean = writer.refined(seen, writer.films(time, coefficients))
    tape.output("clean", clean, planes, FLOAT32)
    metadata = {
        "side_px": str(network.shape.side_px),
        "residual_grey": f"{RESIDUAL_GREY:g}",
        "noise": f"{noise:.4f}",
    }
    return tape.model("refiner", metadata)


def load(path: Path) -> tuple[Refiner, float]:
    """Of a checkpoint the mean network, and its noise."""
    saved = torch.load(path, map_location="cpu", weights_only=True)
    network = Refiner(SHAPES[saved["size"]])
    network.load_state_dict(saved["network"])
    return network.eval(), float(saved["noise"])


def answer(network: Refiner) -> NDArray[np.float32]:
    """What PyTorch answers to ``question``, as much of it as is kept."""
    given = {k: torch.from_numpy(v) for k, v in question(network.shape.side_px).items()}
    names = ("picture", "mask", "neutral", "coefficients")
    conditions = Conditions(*(given[name] for name in names))
    with torch.no_grad():
        return kept(_array(network.eval()(given["state"], given["time"], conditions)))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Export the refiner.")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="the ONNX file")
    parser.add_argument("--precision", choices=list(KINDS), default="fp32")
    parser.add_argument("--answer", type=Path, help="keep PyTorch's answer to one question (.npy)")
    arguments = parser.parse_args()
    network, noise = load(arguments.checkpoint)
    model = build(network, noise, arguments.precision)
    arguments.out.write_bytes(model.SerializeToString())
    if arguments.answer:
        np.save(arguments.answer, answer(network))


if __name__ == "__main__":
    main()

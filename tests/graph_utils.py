"""Running pieces of a tensor graph, and what they need of a portrait."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import personas
from engine.portrait.rig import Rig, load
from engine.runtime.onnx import OnnxRunner
from engine.runtime.tape import FLOAT32, Tape, Tensor
from engine.synthesis.graph_layout import NUMBERS
from engine.synthesis.graph_skin import Numbers, TurnGraph

Array = NDArray[Any]


@cache
def persona(name: str) -> Rig:
    """A persona that ships."""
    return load(personas.path(name))


def run(
    tape: Tape, given: dict[str, Array], rank: int = 4, /, **outputs: Tensor
) -> dict[str, Array]:
    """What *outputs*, all of one rank, are for the inputs *given*."""
    for name, tensor in outputs.items():
        tape.output(name, tensor, [f"{name}{k}" for k in range(rank)], FLOAT32)
    runner = OnnxRunner(tape.model("piece", {}).SerializeToString())
    return dict(runner.run({name: given[name] for name in runner.inputs}))


def numbers(tape: Tape) -> Numbers:
    """The input ``numbers``, taken apart."""
    given = tape.input("numbers", ["batch", len(NUMBERS)])
    return {name: given.part(1, k, k + 1) for k, name in enumerate(NUMBERS)}


def turn(tape: Tape) -> TurnGraph:
    """The input ``turn``."""
    return TurnGraph(tape.input("turn", ["batch", 2, 4]))


def off(one: Array, other: Array) -> int:
    """The largest difference of two pictures."""
    return int(np.abs(np.asarray(one, np.int32) - np.asarray(other, np.int32)).max())

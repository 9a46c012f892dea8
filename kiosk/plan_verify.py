"""Does a plan draw what ONNX Runtime draws in float32, and how long does it take?"""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine import personas
from engine.portrait.rig import load
from engine.runtime.onnx import OnnxRunner
from engine.runtime.plans import Precision
from engine.runtime.runner import Runner, RunnerError
from engine.synthesis.graph_tensors import frame_tensors, rig_tensors, stacked
from engine.synthesis.look import Look, Mark
from engine.synthesis.networks import BATCHES, Network, SynthesisNetwork
from engine.synthesis.refiner import Refiner
from engine.synthesis.shapes import speech_like
from engine.synthesis.synthesizer import Synthesizer

Arrays = dict[str, NDArray[Any]]

LIMITS_GREY: Final[dict[tuple[str, Precision], float]] = {
    ("picture", "fp32"): 1.0, ("picture", "fp16"): 2.0,
    ("clean", "fp32"): 0.25, ("clean", "fp16"): 2.0,
}  # fmt: skip
"""The largest difference that passes, by output and precision, in grey levels."""

PERSONA: Final = "ada"
PARITY_FRAMES: Final = 4
WARM_PASSES: Final = 5
PASSES: Final = 50


@dataclass(frozen=True)
class Latency:
    """Time of a pass."""

    batch: int
    median_ms: float
    """On the clock, copies to and from the GPU included."""
    p95_ms: float
    gpu_ms: float | None
    """Median on the GPU's own clock, if it has one."""


@dataclass(frozen=True)
class Verdict:
    """What came of one plan."""

    output: str
    off_grey: float
    """The largest difference from float32 on the CPU, grey levels."""
    limit_grey: float
    latencies: tuple[Latency, ...]

    @property
    def ok(self) -> bool:
        """Whether it draws what it should."""
        return self.off_grey <= self.limit_grey

    def as_dict(self) -> dict[str, object]:
        """As a program reads it."""
        return asdict(self) | {"ok": self.ok}


def verify(
    network: Network, precision: Precision, runner: Runner,
    clock: Callable[[], float] = time.perf_counter,
) -> Verdict:  # fmt: skip
    """Hold *runner*, which runs *network* in *precision*, against float32, and time it.

    Raises:
        RunnerError: one of them fails, or gives what is no number.
    """
    output, off = parity(network, precision, runner)
    limit = LIMITS_GREY[output, precision]
    timed = tuple(latency(network, precision, runner, batch, clock) for batch in BATCHES)
    return Verdict(output, round(off, 3), limit, timed)


def parity(network: Network, precision: Precision, runner: Runner) -> tuple[str, float]:
    """The output's name, and how far it is from float32 on the CPU, in grey levels.

    Raises:
        RunnerError: one of them fails, or gives what is no number.
    """
    reference = OnnxRunner(network.model("fp32"))
    grey = float(reference.metadata.get("residual_grey", "1"))
    off = 0.0
    for seed in range(PARITY_FRAMES):
        want = reference.run(sample(network, "fp32", 1, seed))
        got = runner.run(sample(network, precision, 1, seed))
        name = next(iter(want))
        if not np.isfinite(got[name]).all():  # which no comparison would tell
            raise RunnerError(
                f"{name} is not all numbers: numbers became too large for {precision}, or the GPU "
                "fails: build it with kiosk plan build --precision fp32"
            )
        off = max(off, float(np.abs(got[name].astype(np.float64) - want[name]).max()) * grey)
    return name, off


def latency(
    network: Network, precision: Precision, runner: Runner, batch: int, clock: Callable[[], float]
) -> Latency:
    """Time of passes of *batch*."""
    given = sample(network, precision, batch, 0)
    for array in given.values():
        array.flags.writeable = False  # as the rigs' are: copied once
    for _ in range(WARM_PASSES):
        runner.run(given)
    times: list[float] = []
    on_gpu: list[float] = []
    for _ in range(PASSES):
        start_s = clock()
        runner.run(given)
        times.append((clock() - start_s) * 1e3)
        if (took_ms := getattr(runner, "last_ms", None)) is not None:
            on_gpu.append(took_ms)
    return Latency(
        batch,
        round(float(np.median(times)), 3),
        round(float(np.quantile(times, 0.95)), 3),
        round(float(np.median(on_gpu)), 3) if on_gpu else None,
    )


def sample(network: Network, precision: Precision, batch: int, seed: int) -> Arrays:
    """Inputs such as the network gets: a persona's for the synthesis, chance for a refiner."""
    if isinstance(network, SynthesisNetwork):
        drawn = drawer(network)
        motion = speech_like(PARITY_FRAMES * 5)[seed * 5]
        rigs = stacked([rig_tensors(drawn, precision)] * batch)
        return rigs | frame_tensors([drawn] * batch, [motion] * batch)
    shapes = OnnxRunner(network.model("fp32")).inputs
    return chance(shapes, batch, np.random.default_rng(seed))


def drawer(network: SynthesisNetwork) -> Synthesizer:
    """A persona as *network* draws it, without a mark.

    Raises:
        RunnerError: the refiner cannot be loaded.
    """
    look = Look(network.preset, mark=Mark(on=False))
    refiner = None if network.refiner is None else Refiner(OnnxRunner(network.refiner.path))
    return Synthesizer(load(personas.path(PERSONA)), network.output, look, refiner=refiner)


def chance(
    shapes: Mapping[str, tuple[int | None, ...]], batch: int, rng: np.random.Generator
) -> Arrays:
    """A refiner's inputs within their bounds, float32."""
    given: Arrays = {}
    for name, shape in shapes.items():
        sizes = [n or batch for n in shape]
        low = -1.0 if name in ("picture", "neutral") else 0.0
        values = rng.normal(0, 0.5, sizes) if name == "state" else rng.uniform(low, 1, sizes)
        given[name] = values.astype(np.float32)
    return given

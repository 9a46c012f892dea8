"""The refiner's network at run time: what it adds to the warped mouth's region.

Conditional flow matching with straight paths (Lipman et al. 2023), the network predicting where
the path ends: from fixed noise, each step goes on toward the mean of the ends as they were seen so
far, since what errs at one place errs less at another (averaging as Polyak and Juditsky 1992). No
step is no change, one step is the network's first estimate; more are dearer, and little else where
what is learnt is nearly certain (see the card beside the weights).
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from engine.media import FloatArray
from engine.motion.coefficients import COEFFICIENTS
from engine.runtime import checksums
from engine.runtime.onnx import OnnxRunner
from engine.runtime.runner import BATCH_MOST, Runner, RunnerError
from engine.synthesis.look import MAX_STEPS, NETWORKS, NO_REFINER, RefinerSize
from engine.synthesis.region import CHANNELS

WEIGHTS: Final = Path(__file__).parent.parent / "weights"
BOUND: Final = 4.0
"""No estimate of a network counts for more, in its units, and what is no number for nothing:
whatever it returns, a picture changes by so much at most."""
SMALLEST: Final[RefinerSize] = "small"
MASKS: Final = 2
"""Where the inside of the mouth is seen, and the upper lip's layer."""


@dataclass(frozen=True, eq=False)
class Crop:
    """What the network is given of one picture; h = w = side_px / 2."""

    picture: FloatArray
    """(6, h, w): the region as it was warped, −1 to 1."""
    mask: FloatArray
    """(2, h, w), 0 to 1: where the inside of the mouth is seen; the upper lip's layer."""
    neutral: FloatArray
    """(6, h, w): the region at rest, mouth closed."""
    noise: FloatArray
    """(6, h, w): where the path begins."""
    coefficients: FloatArray
    """(55,)."""
    steps: int
    """1 to ``MAX_STEPS``."""


@dataclass(frozen=True, eq=False)
class Job:
    """A crop, and who is to refine it."""

    refiner: "Refiner"
    crop: Crop


class Refiner:
    """One network, for all who use it. Thread-safe."""

    def __init__(self, runner: Runner, name: str = "the refiner", batches: bool = True) -> None:
        """Read what the network says of itself, and run it once.

        Args:
            runner: the network.
            name: for messages.
            batches: whether several pictures in one pass cost less than one after the other: they
                do on a GPU; on a CPU the first would only wait for the last.

        Raises:
            RunnerError: it is no refiner.
        """
        self._runner = runner
        self.batches = batches
        try:
            self.side_px = int(runner.metadata["side_px"])
            """Width and height of the region's pictures."""
            self.residual_grey = float(runner.metadata["residual_grey"])
            """Grey levels that a state of 1 stands for."""
            self.noise = float(runner.metadata["noise"])
            """Standard deviation of the state from which a path begins."""
        except (KeyError, ValueError) as error:
            raise RunnerError(
                f"{name} does not say what it needs ({error}): install the project again"
            ) from None
        half = self.side_px // 2
        shapes = {"state": (CHANNELS, half, half), "time": (1,), "picture": (CHANNELS, half, half),
                  "mask": (MASKS, half, half), "neutral": (CHANNELS, half, half),
                  "coefficients": (len(COEFFICIENTS),)}  # fmt: skip
        if {key: shape[1:] for key, shape in runner.inputs.items()} != shapes:
            raise RunnerError(f"{name} has other inputs than a refiner: install the project again")
        runner.warmup()

    @property
    def joins(self) -> bool:
        """Whether several pictures in one pass cost less just now: not while a CPU stands in."""
        return self.batches and bool(getattr(self._runner, "answers", True))

    def start(self, seed: int) -> FloatArray:
        """(6, h, w): the noise from which the paths of one stage begin."""
        half = self.side_px // 2
        drawn = np.random.default_rng(seed).standard_normal((CHANNELS, half, half), np.float32)
        return drawn * np.float32(self.noise)

    def run(self, crops: Sequence[Crop]) -> list[FloatArray]:
        """What to add to each crop, (6, h, w) grey levels; they may differ in their steps.

        Raises:
            RunnerError: the network failed.
            ValueError: a crop asks for no step, or too many.
        """
        if not all(1 <= crop.steps <= MAX_STEPS for crop in crops):
            raise ValueError(f"steps must be 1 to {MAX_STEPS}")
        out: list[FloatArray] = []
        for start in range(0, len(crops), BATCH_MOST):
            out += self._pass(crops[start : start + BATCH_MOST])
        return out

    def _pass(self, crops: Sequence[Crop]) -> list[FloatArray]:
        states = [crop.noise for crop in crops]
        sums = [np.zeros_like(state) for state in states]
        for step in range(max(crop.steps for crop in crops)):
            live = [k for k, crop in enumerate(crops) if step < crop.steps]
            ends = self._ends([crops[k] for k in live], [states[k] for k in live], step)
            for k, end in zip(live, ends, strict=True):
                sums[k] = sums[k] + end
                toward = sums[k] / np.float32(step + 1)
                # (toward − state) · (1/n) / (1 − k/n): the last step goes all the way.
                states[k] = states[k] + (toward - states[k]) / np.float32(crops[k].steps - step)
        return [state * np.float32(self.residual_grey) for state in states]

    def _ends(
        self, crops: Sequence[Crop], states: Sequence[FloatArray], step: int
    ) -> Sequence[FloatArray]:
        given = {
            "state": np.stack(states),
            "time": np.array([[step / crop.steps] for crop in crops], np.float32),
            "picture": np.stack([crop.picture for crop in crops]),
            "mask": np.stack([crop.mask for crop in crops]),
            "neutral": np.stack([crop.neutral for crop in crops]),
            "coefficients": np.stack([crop.coefficients for crop in crops]),
        }
        ends = np.asarray(self._runner.run(given)["clean"], np.float32)
        return list(np.where(np.isfinite(ends), ends, np.float32(0)).clip(-BOUND, BOUND))


Open = Callable[[RefinerSize], Runner]
"""Gives a refiner's network ready to run, or raises ``RunnerError``."""


class Shelf:
    """Networks loaded once, for all stages. Thread-safe."""

    def __init__(self, threads: int = 1) -> None:
        """*threads*: how many one pass may use on the CPU."""
        self._threads = threads
        self._lock = threading.Lock()
        self._loaded: dict[Path, Refiner | str] = {}
        self._open: Open = self._on_cpu

    def open_by(self, open_network: Open | None) -> None:
        """From now on *open_network* opens them, on a GPU say; None: ONNX Runtime on the CPU."""
        with self._lock:
            self._open = open_network or self._on_cpu
            self._loaded.clear()

    def _on_cpu(self, network: RefinerSize) -> Runner:
        return OnnxRunner(path_of(network), self._threads)

    def take(self, network: RefinerSize) -> Refiner | str:
        """The network, or why there is none."""
        path = path_of(network)
        with self._lock:
            if not path.is_file():
                return NO_REFINER
            if path not in self._loaded:
                try:
                    checksums.check(path)  # what is damaged would draw, and wrongly
                    self._loaded[path] = Refiner(
                        self._open(network), f"the refiner {path}", self._open != self._on_cpu
                    )
                except RunnerError as error:
                    self._loaded[path] = str(error)
            return self._loaded[path]

    def stand_in(self, network: RefinerSize) -> Refiner | None:
        """The smaller network that refines where the CPU is too slow for *network*; None: none."""
        found = self.take(network)
        if network == SMALLEST or isinstance(found, str) or found.batches:  # it is on a GPU
            return None
        smaller = self.take(SMALLEST)
        return None if isinstance(smaller, str) else smaller


SHELF: Final = Shelf()
"""The one that this process uses."""


def shipped() -> tuple[RefinerSize, ...]:
    """The networks whose weights are there."""
    return tuple(each for each in NETWORKS if path_of(each).is_file())


def path_of(network: RefinerSize) -> Path:
    """Where its weights lie."""
    return WEIGHTS / file_name(network)


def file_name(network: RefinerSize) -> str:
    """Of the file of its weights."""
    return f"refiner_{network}.onnx"

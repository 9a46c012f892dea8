"""A plan built and put on disk, with how far it is told on the way."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import Protocol

from engine.runtime import tensorrt
from engine.runtime.cuda import GPU_EXTRA
from engine.runtime.cuda_device import CudaDevice
from engine.runtime.plans import PlanEntry, Precision, Wanted, file_name, keep, sha256
from engine.runtime.tensorrt_library import PlanError, library

Say = Callable[[str], None]

TOLD_EACH_S = 1.0


class Source(Protocol):
    """A network of which plans are built."""

    @property
    def name(self) -> str:
        """What it is called in the manifest."""
        ...

    @property
    def ranges(self) -> Mapping[str, tuple[int, int, int]]:
        """The smallest, the usual and the largest size of each dimension that may differ."""
        ...

    def model(self, precision: Precision) -> bytes:
        """The ONNX network, typed so.

        Raises:
            RunnerError: it is missing, or cannot be had so.
        """
        ...

    def identity(self, precision: Precision) -> str:
        """SHA-256 of what the network is made of: another one means another network.

        Raises:
            RunnerError: it is missing.
        """
        ...

    def metadata(self, precision: Precision) -> Mapping[str, str]:
        """What the network says of itself."""
        ...


class Teller:
    """Says how far a build is, once a second at most."""

    def __init__(
        self, name: str, say: Say, clock: Callable[[], float] = time.monotonic
    ) -> None:  # fmt: skip
        self._name, self._say, self._clock = name, say, clock
        self._begun_s = self._told_s = clock()

    def __call__(self, phase: str, step: int, steps: int) -> None:
        """Take a step; see ``tensorrt_library.Progress``."""
        now_s = self._clock()
        if now_s - self._told_s >= TOLD_EACH_S:
            self._told_s = now_s
            elapsed_s = now_s - self._begun_s
            self._say(f"{self._name}: {elapsed_s:.0f} s: {phase.lower()}, {step} of {steps}")

    def done(self, entry: PlanEntry) -> None:
        """Say that the plan is there."""
        took_s = self._clock() - self._begun_s
        self._say(f"{self._name}: {entry.file}, {entry.size_bytes} bytes, built in {took_s:.1f} s")


def wanted(source: Source, capability: str, precision: Precision) -> Wanted:
    """The plan of *source* for such a card and the TensorRT that is installed.

    Raises:
        RunnerError: the network or TensorRT is missing.
    """
    loaded = library()
    return Wanted(source.name, source.identity(precision), loaded.flavour, loaded.version,
                  capability, precision)  # fmt: skip


def build_plan(
    folder: Path, source: Source, capability: str, precision: Precision, say: Say | None = None
) -> PlanEntry:
    """Build a plan and keep it in *folder*, with its entry in the manifest.

    Raises:
        RunnerError: the network or TensorRT is missing, TensorRT cannot build it, or not for such
            a card, or the manifest is damaged.
        OSError: the folder cannot be written; that is known before anything is built.
    """
    goal = wanted(source, capability, precision)
    _check_card(goal)
    check_folder(folder)
    teller = Teller(source.name, say or (lambda line: None))
    plan = tensorrt.build(source.model(precision), source.ranges, capability, teller)
    entry = PlanEntry(
        file=file_name(goal),
        network=goal.network,
        model_sha256=goal.model_sha256,
        flavour=goal.flavour,
        version=goal.version,
        capability=capability,
        precision=precision,
        ranges={name: list(sizes) for name, sizes in source.ranges.items()},
        size_bytes=len(plan),
        sha256=sha256(plan),
        built_at=datetime.now(UTC).isoformat(timespec="seconds"),
        metadata=dict(source.metadata(precision)),
    )
    keep(folder, plan, entry)
    teller.done(entry)
    return entry


def check_folder(folder: Path) -> None:
    """Whether plans can be kept in *folder*; makes it if need be.

    Raises:
        OSError: they cannot.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=folder):
        pass


def _check_card(goal: Wanted) -> None:
    """The full TensorRT compiles for the card that is there."""
    if goal.flavour == "tensorrt_rtx":
        return
    here = CudaDevice().facts.capability
    if here != goal.capability:
        raise PlanError(
            f"TensorRT {goal.version} builds for this machine's card ({here}) alone, not for "
            f"{goal.capability}: build there, or install TensorRT for RTX alone: {GPU_EXTRA}"
        )

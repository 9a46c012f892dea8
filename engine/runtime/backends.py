"""Which backend runs a network: the best that works, and the next one when it fails.

TensorRT, then PyTorch on the GPU, then ONNX Runtime on the CPU. Whichever is passed over is passed
over for a reason, which is kept.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Protocol, get_args

from engine.runtime import plan_build, plans
from engine.runtime.cuda import NoDeviceError, device_files
from engine.runtime.cuda_device import CudaDevice
from engine.runtime.onnx import OnnxRunner
from engine.runtime.plan_build import Say, Source
from engine.runtime.plans import Precision, Wanted
from engine.runtime.runner import Runner, RunnerError
from engine.runtime.tensorrt import CAPABILITIES
from engine.runtime.tensorrt_library import PlanError, library
from engine.runtime.tensorrt_run import TensorRtRunner
from engine.runtime.torch_cuda import TorchRunner, check_cuda, load_torch

BackendName = Literal["tensorrt", "torch", "cpu"]
Wish = Literal["auto", "tensorrt", "torch", "cpu"]
BACKENDS: Final[tuple[BackendName, ...]] = get_args(BackendName)


class Network(Source, Protocol):
    """A network that can be run with or without a plan."""

    def runnable(self, precision: Precision) -> Path | bytes:
        """The ONNX network for backends that need no plan; its inputs are those of the plan."""
        ...


@dataclass(frozen=True)
class Candidate:
    """A backend that may run a network."""

    name: BackendName
    open: Callable[[], Runner]
    """Gives it ready to run, or raises ``RunnerError`` with the reason why not."""


@dataclass(frozen=True)
class Choice:
    """The backend that was chosen."""

    name: BackendName
    runner: Runner
    reasons: tuple[str, ...]
    """Why not the better ones, each with its name and the remedy."""


def order(wish: Wish) -> tuple[BackendName, ...]:
    """The backends to try; the CPU is the last resort of every wish."""
    if wish == "auto":
        return BACKENDS
    return ("cpu",) if wish == "cpu" else (wish, "cpu")


def choose(candidates: Sequence[Candidate]) -> Choice:
    """The first candidate that works.

    Raises:
        RunnerError: none does; it tells every reason.
    """
    reasons: list[str] = []
    for candidate in candidates:
        try:
            return Choice(candidate.name, candidate.open(), tuple(reasons))
        except RunnerError as error:
            reasons.append(f"{candidate.name}: {error}")
    raise RunnerError(f"no backend runs the network: {'; '.join(reasons)}")


@dataclass(frozen=True)
class Backends:
    """How networks are to be run. Plain values: it can be sent to another process."""

    folder: Path
    """Where the plans are."""
    wish: Wish = "auto"
    precision: Precision = "fp16"
    """Of plans."""
    contexts: int = 1
    """How many threads may run a plan at once."""
    threads: int = 1
    """Of one pass on the CPU."""
    build: bool = True
    """Whether a plan that is missing is built; with the full TensorRT that is never waited for."""

    def candidates(self, network: Network, say: Say | None = None) -> list[Candidate]:
        """The backends for *network* in the order in which they are tried."""
        ways: dict[BackendName, Callable[[], Runner]] = {
            "tensorrt": lambda: self._tensorrt(network, say),
            "torch": lambda: self._torch(network),
            "cpu": lambda: OnnxRunner(network.runnable(self.precision), self.threads),
        }
        return [Candidate(name, ways[name]) for name in order(self.wish)]

    def standing(self, network: Network) -> tuple[BackendName, tuple[str, ...]]:
        """Which backend would run *network*, and why not the better ones; nothing is loaded.

        A plan that would be built first counts as there.
        """
        checks: dict[BackendName, Callable[[], None]] = {
            "tensorrt": lambda: self._check_plan(network),
            "torch": check_torch,
        }
        reasons = []
        for name in order(self.wish)[:-1]:
            try:
                checks[name]()
            except RunnerError as error:
                reasons.append(f"{name}: {error}")
            else:
                return name, tuple(reasons)
        return "cpu", tuple(reasons)

    def _check_plan(self, network: Network) -> None:
        check_gpu()
        library()
        capability = CudaDevice().facts.capability
        goal = plan_build.wanted(network, capability, self.precision)
        if not (self.build and can_build(goal)):
            plans.find(self.folder, goal)

    def _tensorrt(self, network: Network, say: Say | None) -> Runner:
        check_gpu()
        loaded, device = library(), CudaDevice()
        goal = plan_build.wanted(network, device.facts.capability, self.precision)
        try:
            path, entry = plans.find(self.folder, goal)
        except PlanError as error:
            if not (self.build and can_build(goal)):
                raise
            if say is not None:
                say(f"{error}: it is built now")
            entry = self._built(network, goal, say)
            path = self.folder / entry.file
        return TensorRtRunner(path, self.contexts, entry.metadata, device=device, loaded=loaded)

    def _built(self, network: Network, goal: Wanted, say: Say | None) -> plans.PlanEntry:
        try:
            return plan_build.build_plan(
                self.folder, network, goal.capability, self.precision, say
            )  # fmt: skip
        except OSError as error:
            raise PlanError(
                f"no plan can be kept in {self.folder}: {error.strerror or error}: "
                "make the folder writable, or set engine.plans_dir to one that is"
            ) from error

    def _torch(self, network: Network) -> Runner:
        check_gpu()
        return TorchRunner(network.runnable(self.precision))


def check_gpu() -> None:
    """Whether there is a GPU at all, before large libraries are loaded for it.

    Raises:
        NoDeviceError: there is none.
    """
    if not device_files():
        raise NoDeviceError(
            "no NVIDIA GPU on this machine, or no driver of one: the CPU runs the networks"
        )


def check_torch() -> None:
    """Whether PyTorch can run networks on a GPU.

    Raises:
        RunnerError: it cannot.
    """
    check_gpu()
    check_cuda(load_torch())


def can_build(goal: Wanted) -> bool:
    """Whether the plan can be built within seconds: by TensorRT for RTX, for a card it knows."""
    return goal.flavour == "tensorrt_rtx" and goal.capability in CAPABILITIES

"""Networks opened on the best backend, with a word in the log of which it is and why."""

import logging
from collections.abc import Sequence
from functools import partial

from engine.runtime.backends import BackendName, Backends, Network
from engine.runtime.fallback import FallbackRunner
from engine.runtime.onnx import OnnxRunner
from engine.runtime.runner import Runner
from engine.synthesis.look import RefinerSize
from engine.synthesis.networks import REFINERS, RefinerNetwork, network
from engine.synthesis.refiner import SHELF, Shelf
from kiosk.config import Settings
from kiosk.gpu_process import GpuProcess
from kiosk.metrics import Metrics
from kiosk.spare_runner import SpareRunner

logger = logging.getLogger(__name__)


class Networks:
    """The refiners of a running kiosk: on a GPU in processes of their own, the CPU standing in.

    Without a GPU that would run them they are opened on the CPU, as the engine does by itself.
    """

    def __init__(self, settings: Settings, metrics: Metrics, shelf: Shelf = SHELF) -> None:
        """Open from now on what is asked of *shelf* on the best backend; see ``close``."""
        self._backends, self._metrics, self._shelf = settings.engine.backends(), metrics, shelf
        self._processes: list[GpuProcess] = []
        if standing(settings)[0] != "cpu":
            shelf.open_by(self._open)

    def close(self) -> None:
        """End the processes; networks are opened on the CPU again."""
        self._shelf.open_by(None)
        while self._processes:
            self._processes.pop().close()

    def _open(self, which: RefinerSize) -> Runner:
        name = f"refiner-{which}"
        spare = OnnxRunner(network(name).runnable("fp32"), self._backends.threads)
        gpu = GpuProcess(partial(on_gpu, self._backends, name), self._metrics)
        self._processes.append(gpu)
        logger.info("%s runs in a process of its own; the CPU stands in until it is ready", name)
        return SpareRunner(gpu, spare, self._metrics)


def on_gpu(backends: Backends, name: str) -> Runner:
    """The network *name* on the best GPU backend; called in the process that runs it.

    Raises:
        RunnerError: no GPU backend runs it; it tells every reason.
    """
    ways = backends.candidates(network(name))
    return FallbackRunner([way for way in ways if way.name != "cpu"])


def standing(settings: Settings) -> tuple[BackendName, tuple[str, ...]]:
    """Which backend would run the kiosk's networks, and why not the better ones."""
    return settings.engine.backends().standing(main_network(settings))


def log_standing(settings: Settings) -> None:
    """Say at start which backend is to run networks, and why not the others."""
    name, reasons = standing(settings)
    level = logging.INFO if settings.engine.backend in ("auto", name) else logging.WARNING
    logger.log(level, "engine.backend = %s: %s", settings.engine.backend, said(name, reasons))


def main_network(settings: Settings) -> Network:
    """The refiner if it ships, else the synthesis at the configured size."""
    for name in REFINERS:
        refiner = RefinerNetwork(name)
        if refiner.path.is_file():
            return refiner
    return network(f"synthesis-{settings.video.width}x{settings.video.height}")


def said(name: BackendName, reasons: Sequence[str]) -> str:
    """The backend and why not the better ones, in one line; the same reason is said once."""
    by_reason: dict[str, list[str]] = {}
    for each in reasons:
        passed_over, _, reason = each.partition(": ")
        by_reason.setdefault(reason, []).append(passed_over)
    told = [f"not {', '.join(names)}: {reason}" for reason, names in by_reason.items()]
    return "; ".join([f"{name} runs the networks", *told])

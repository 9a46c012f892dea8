"""Networks opened on the best backend, with a word in the log of which it is and why."""

import logging
from collections.abc import Sequence

from engine.runtime.backends import BackendName, Network
from engine.runtime.fallback import FallbackRunner
from engine.synthesis.networks import REFINERS, RefinerNetwork, network
from kiosk.config import Settings

logger = logging.getLogger(__name__)


def open_network(settings: Settings, name: str, contexts: int = 1, threads: int = 1) -> (
    FallbackRunner
):  # fmt: skip
    """The network *name*, ready to run; the log says where and why, now and when that changes.

    Args:
        settings: of the kiosk.
        name: such as ``refiner-small``.
        contexts: how many threads may run a plan at once.
        threads: of one pass on the CPU.

    Raises:
        RunnerError: there is no such network, or no backend runs it.
    """
    backends = settings.engine.backends(contexts, threads)
    runner = FallbackRunner(backends.candidates(network(name), logger.info), logger.warning)
    logger.info("%s: %s", name, said(runner.name, runner.reasons))
    return runner


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

"""Which backend would run the kiosk's networks, and how it is said."""

from collections.abc import Sequence

from engine.runtime.backends import BackendName, Network
from engine.synthesis.networks import REFINERS, RefinerNetwork, network
from kiosk.config import Settings


def standing(settings: Settings) -> tuple[BackendName, tuple[str, ...]]:
    """Which backend would run the kiosk's networks, and why not the better ones.

    It opens the GPU, if there is one: not for the kiosk's own process, which must live on when a
    driver hangs or fails.
    """
    return settings.engine.backends().standing(main_network(settings))


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

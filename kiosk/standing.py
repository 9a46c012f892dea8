"""Which backend would run the kiosk's networks, and how it is said."""

from collections.abc import Sequence

from engine.runtime.backends import BackendName, Network
from engine.synthesis.networks import RefinerNetwork, whole
from engine.synthesis.synthesizer import OutputFormat
from kiosk.config import Settings


def standing(settings: Settings) -> tuple[BackendName, tuple[str, ...]]:
    """Which backend would run the kiosk's networks, and why not the better ones.

    It opens the GPU, if there is one: not for the kiosk's own process, which must live on when a
    driver hangs or fails.
    """
    return settings.engine.backends().standing(main_network(settings))


def main_network(settings: Settings) -> Network:
    """The whole picture as it is configured; a refiner alone where there is none of that."""
    look, video = settings.look.look(), settings.video
    whole_picture = whole(look, OutputFormat(*look.size(video.width, video.height)))
    return whole_picture or RefinerNetwork(f"refiner-{look.network}")


def said(name: BackendName, reasons: Sequence[str]) -> str:
    """The backend and why not the better ones, in one line; the same reason is said once."""
    by_reason: dict[str, list[str]] = {}
    for each in reasons:
        passed_over, _, reason = each.partition(": ")
        by_reason.setdefault(reason, []).append(passed_over)
    told = [f"not {', '.join(names)}: {reason}" for reason, names in by_reason.items()]
    return "; ".join([f"{name} runs the networks", *told])

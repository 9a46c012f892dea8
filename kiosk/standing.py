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
    network = main_network(settings)
    return ("cpu", ()) if network is None else settings.engine.backends().standing(network)


def main_network(settings: Settings) -> Network | None:
    """The whole picture as it is configured; a refiner alone where there is none of that.

    None: nothing in this look runs on a GPU.
    """
    look, video = settings.look.look(), settings.video
    whole_picture = whole(look, OutputFormat(*look.size(video.width, video.height)))
    if whole_picture is None and look.steps > 0:
        return RefinerNetwork(f"refiner-{look.network}")
    return whole_picture


def said(name: BackendName, reasons: Sequence[str]) -> str:
    """The backend and why not the better ones, in one line; the same reason is said once."""
    by_reason: dict[str, list[str]] = {}
    for each in reasons:
        passed_over, _, reason = each.partition(": ")
        by_reason.setdefault(reason, []).append(passed_over)
    told = [f"not {', '.join(names)}: {reason}" for reason, names in by_reason.items()]
    return "; ".join([f"{name} runs the networks", *told])

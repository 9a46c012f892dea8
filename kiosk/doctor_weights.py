"""Are the networks that ship whole? The doctor's lines on weights and on refiners."""

from collections.abc import Callable
from typing import Final

from engine.runtime import checksums
from engine.runtime.runner import RunnerError
from kiosk.check import Check, trouble
from kiosk.config import Settings


def _weights(settings: Settings) -> Check:
    """Whether they are as they were made: damaged ones may load, and draw wrongly."""
    try:
        count = checksums.check_all()
    except RunnerError as error:
        return trouble("weights", "fail", str(error))
    if not count:
        remedy = "install the project again"
        return Check("weights", "warn", f"no {checksums.NAME} to hold them to", remedy)
    return Check("weights", "ok", f"{count} files are as they were made")


def _refiners(settings: Settings) -> Check:
    """Whether the networks that refine mouths can be loaded; without them nothing fails."""
    from engine.synthesis.look import PRESET
    from engine.synthesis.refiner import Shelf

    shelf, used = Shelf(), sorted({preset.network for preset in PRESET.values()})
    faults = {name: found for name in used if isinstance(found := shelf.take(name), str)}
    if not faults:
        return Check("refiners", "ok", ", ".join(used))
    asked = settings.look.look().network in faults and settings.look.look().steps > 0
    told = "; ".join(f"{name}: {fault.partition(':')[0]}" for name, fault in faults.items())
    return Check("refiners", "fail" if asked else "warn", told, "install the project again")


CHECKS: Final[tuple[Callable[[Settings], Check], ...]] = (_weights, _refiners)

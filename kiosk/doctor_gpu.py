"""Can this machine draw on a GPU? The doctor's lines on card, TensorRT, plans and backend."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from engine.runtime.cuda import DeviceFacts, device_files
from engine.runtime.cuda_device import CudaDevice
from engine.runtime.plans import Wanted, damage, find, how_to_build, read_manifest
from engine.runtime.runner import RunnerError
from engine.runtime.tensorrt_library import PlanError, library
from kiosk.check import Check, trouble
from kiosk.config import Settings

_GIBIBYTE: Final = 2**30
_DRIVER: Final = Path("/proc/driver/nvidia/version")


def _graphics(settings: Settings) -> Check:
    files = device_files()
    if not files:
        return Check("graphics", "ok", "no GPU: none is needed")
    try:
        facts = CudaDevice().facts
    except RunnerError as error:
        return trouble("graphics", "warn", f"{', '.join(files)}: {error}")
    memory = f"{facts.memory_bytes / _GIBIBYTE:.1f} GiB"
    detail = f"{facts.name}, compute capability {facts.capability}, {memory}, {driver(facts)}"
    return Check("graphics", "ok", detail)


def driver(facts: DeviceFacts, file: Path = _DRIVER) -> str:
    """The driver's version, as far as it can be told, and the CUDA that it speaks."""
    try:
        words = file.read_text(encoding="utf-8").splitlines()[0].split()
        version = next(word for word in words if word[:1].isdigit() and "." in word)
    except (OSError, IndexError, StopIteration):
        return f"driver for CUDA {facts.cuda}"
    return f"driver {version} for CUDA {facts.cuda}"


def _tensorrt(settings: Settings) -> Check:
    try:
        loaded = library()
    except PlanError as error:
        if not device_files():
            return Check("tensorrt", "ok", "not installed: a GPU alone has use for it")
        return trouble("tensorrt", "warn", str(error))
    return Check("tensorrt", "ok", f"{loaded.flavour} {loaded.version}")


def _plans(settings: Settings) -> Check:
    folder = settings.engine.plans_path
    try:
        entries = read_manifest(folder)
    except PlanError as error:
        return trouble("plans", "warn", str(error))
    if not device_files():
        for each in entries:
            if fault := damage(folder, each):
                return Check("plans", "warn", fault, how_to_build(each))
        return Check("plans", "ok", f"{len(entries)} for other machines: there is no GPU here")
    try:
        return _usable(settings, CudaDevice().facts.capability)
    except RunnerError as error:
        return trouble("plans", "warn", str(error))


def _usable(settings: Settings, capability: str) -> Check:
    """Whether every network that the kiosk may run has its plan for this card."""
    from engine.runtime.plan_build import wanted
    from kiosk.plan_list import live

    engine = settings.engine.backends()
    found: list[str] = []
    for network in live(settings):
        goal: Wanted = wanted(network, capability, engine.precision)
        find(engine.folder, goal)
        found.append(network.name)
    if not found:
        return Check("plans", "ok", "none is needed: nothing in this look runs on a GPU")
    return Check("plans", "ok", f"{', '.join(found)} in {engine.precision}")


def _backend(settings: Settings) -> Check:
    from kiosk.standing import main_network, said, standing

    if main_network(settings) is None:
        return Check("backend", "ok", "cpu: nothing in this look runs on a GPU")
    name, reasons = standing(settings)
    wish = settings.engine.backend
    if wish not in ("auto", name):
        told = f"engine.backend = {wish}: {reasons[0].partition(':')[2].strip()}"
        return Check(
            "backend", "fail", told, 'set engine.backend = "auto", or install what it needs'
        )
    if name != "tensorrt" and wish == "auto" and device_files():
        return trouble("backend", "warn", f"{name} runs the networks: not {reasons[0]}")
    return Check("backend", "ok", said(name, reasons))


CHECKS: Final[tuple[Callable[[Settings], Check], ...]] = (
    _graphics, _tensorrt, _plans, _backend,
)  # fmt: skip

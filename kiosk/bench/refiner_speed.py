"""What the refiner costs: milliseconds on this processor, operations, plans that can be built."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import onnx

from engine import personas
from engine.motion.coefficients import COEFFICIENTS
from engine.portrait.rig import load
from engine.runtime import tensorrt
from engine.runtime.half import HalfError, halved
from engine.runtime.onnx import OnnxRunner
from engine.runtime.runner import BATCH_MOST
from engine.synthesis.look import NETWORKS, NO_REFINER, PRESETS, Look, Mark, PresetName
from engine.synthesis.refiner import MASKS, Crop, Refiner, path_of
from engine.synthesis.region import CHANNELS
from engine.synthesis.shapes import speech_like
from engine.synthesis.synthesizer import OutputFormat, Synthesizer
from kiosk.bench.operations import count

Report = dict[str, Any]

ASKED: Final = (512, 512)
"""The picture that is asked for; the preset ``quality`` draws a larger one."""
FRAMES: Final = 40
PASSES: Final = 40
THREADS: Final = (1, 2)
RIG: Final = "ada"


def presets(frames: int = FRAMES, clock: Callable[[], float] = time.thread_time) -> Report:
    """Processor time of whole pictures of speech, median and 95th percentile, for each preset.

    Picture by picture in turn, so that what else the machine does meets them alike; timed by the
    thread's own *clock*, in seconds.
    """
    cv2.setNumThreads(1)
    rig = load(personas.path(RIG))
    drawers = {}
    for preset in PRESETS:
        look = Look(preset, mark=Mark(on=False))
        drawers[preset] = Synthesizer(rig, OutputFormat(*look.size(*ASKED)), look)
    times: dict[PresetName, list[float]] = {preset: [] for preset in PRESETS}
    for index, each in enumerate(speech_like(frames + 1)):
        for preset, drawer in drawers.items():
            start = clock()
            drawer.render(each)
            taken_ms = (clock() - start) * 1e3
            if index:  # the first one warms up
                times[preset].append(taken_ms)
    out: Report = {}
    for name, taken in times.items():
        out |= _spread(f"ms_{name}", taken)
    return out


def networks(passes: int = PASSES) -> Report:
    """Of each network that is there: a pass alone on 1 and 2 threads, its size, its operations.

    Keys without a suffix are the small one's.
    """
    out: Report = {}
    for network in NETWORKS:
        path = path_of(network)
        if not path.is_file():
            continue
        suffix = "" if network == "small" else f"_{network}"
        counted = count(onnx.load(str(path)), {"batch": 1})
        out |= {
            f"parameters{suffix}": counted.parameters,
            f"gflops{suffix}": round(counted.operations / 1e9, 3),
            f"mb{suffix}": round(path.stat().st_size / 1e6, 2),
        }
        for threads in THREADS:
            refiner = Refiner(OnnxRunner(path, threads))
            taken = pass_ms(refiner, passes)
            out |= _spread(f"ms_pass_{network}_{threads}", taken)
    return out


def pass_ms(
    refiner: Refiner, passes: int, clock: Callable[[], float] = time.perf_counter
) -> list[float]:
    """How long each of *passes* of one step takes, milliseconds."""
    noise = refiner.start(0)
    masks = np.zeros((MASKS, *noise.shape[1:]), np.float32)
    picture = np.zeros((CHANNELS, *noise.shape[1:]), np.float32)
    crop = Crop(picture, masks, picture, noise, np.zeros(len(COEFFICIENTS), np.float32), 1)
    taken = []
    for _ in range(passes):
        start = clock()
        refiner.run([crop])
        taken.append((clock() - start) * 1e3)
    return taken


def plans(paths: list[Path]) -> tuple[list[str], str]:
    """The compute capabilities for which TensorRT builds all the networks, and why not others.

    In half floats, as ``kiosk plan build`` builds them.
    """
    if not paths:
        return [], NO_REFINER
    try:
        halves = [halved(path.read_bytes()) for path in paths]
    except HalfError as error:
        return [], str(error)
    batch = {"batch": (1, 1, BATCH_MOST)}
    built, reasons = [], []
    for capability in tensorrt.CAPABILITIES:
        try:
            for network in halves:
                tensorrt.build(network, batch, capability)
            built.append(capability)
        except tensorrt.PlanError as error:
            reasons.append(str(error))
    return built, "; ".join(dict.fromkeys(reasons))


def _spread(name: str, values: list[float]) -> Report:
    return {
        name: round(float(np.median(values)), 2),
        f"{name}_p95": round(float(np.quantile(values, 0.95)), 2),
    }

"""Time the synthesizer, or draw a sheet of key shapes: ``python -m engine.synthesis --rig ada``."""

import argparse
import json
import sys
import time
from pathlib import Path

import cv2
import numpy as np

from engine import personas
from engine.portrait.rig import RigError, load
from engine.synthesis.graph_synthesizer import BACKENDS, Drawer, drawer
from engine.synthesis.shapes import sheet, speech_like
from engine.synthesis.synthesizer import OutputFormat, Synthesizer

FORMATS = (OutputFormat(512, 512), OutputFormat(720, 1280))


def measure(synthesizer: Drawer, count: int) -> dict[str, float]:
    """Median and 95th percentile of a frame, and of a plain copy of one, in milliseconds."""
    frames = speech_like(count)
    out = synthesizer.render(frames[0])
    other = np.empty_like(out)
    times, copies = [], []
    for frame in frames:
        start = time.perf_counter()
        synthesizer.render(frame, out)
        middle = time.perf_counter()
        other[...] = out
        copies.append(time.perf_counter() - middle)
        times.append(middle - start)
    return {
        "median_ms": round(float(np.median(times)) * 1e3, 2),
        "p95_ms": round(float(np.quantile(times, 0.95)) * 1e3, 2),
        "copy_ms": round(float(np.median(copies)) * 1e3, 3),
    }


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m engine.synthesis", description=__doc__)
    parser.add_argument("--rig", default="ada", help="a persona's name or a rig file")
    parser.add_argument("--frames", type=int, default=150)
    parser.add_argument("--backend", choices=BACKENDS, default="cpu", help="what is timed")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--sheet", type=Path, help="draw the key shapes there instead")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    try:
        file = Path(options.rig)
        rig = load(file if file.suffix == ".rig" else personas.path(options.rig))
    except RigError as error:
        sys.stderr.write(f"synthesis: {error}\n")
        return 1
    if options.sheet:
        cv2.imwrite(str(options.sheet), sheet(Synthesizer(rig, FORMATS[0])))
        return 0
    figures = {
        f"{f.width}x{f.height}": measure(drawer(rig, f, options.backend), options.frames)
        for f in FORMATS
    }
    if options.json:
        sys.stdout.write(json.dumps(figures) + "\n")
    else:
        for name, row in figures.items():
            sys.stdout.write(f"{name}: {row}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

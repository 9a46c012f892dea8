"""Write the synthesis graph as ONNX, and plans of it for GPUs, on any machine.

python -m engine.synthesis.graph_export build/ --size 720x1280 --precision fp16 --plan 8.6 \\
    --refiner small --steps 2
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from engine.runtime import tensorrt
from engine.runtime.half import halved
from engine.synthesis.graph import build
from engine.synthesis.graph_layout import KINDS, Precision, ranges
from engine.synthesis.look import NETWORKS, WHOLE_STEPS_MOST, RefinerSize
from engine.synthesis.refiner import path_of
from engine.synthesis.synthesizer import OutputFormat


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 0 done, 1 not."""
    parser = argparse.ArgumentParser(prog="python -m engine.synthesis.graph_export",
                                     description="Export the synthesis graph.")  # fmt: skip
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", default="512x512", help="of the picture, e.g. 720x1280")
    parser.add_argument("--precision", choices=sorted(KINDS), default="fp16")
    plan_help = f"build a plan for it too: {', '.join(tensorrt.CAPABILITIES)}"
    parser.add_argument("--plan", action="append", default=[], metavar="CAPABILITY", help=plan_help)
    parser.add_argument("--refiner", choices=NETWORKS, help="the refiner that is part of it")
    parser.add_argument(
        "--steps", type=int, default=1, help=f"of the refiner, 1 to {WHOLE_STEPS_MOST}"
    )
    parser.add_argument("--fine", action="store_true", help="sample the luma cubically")
    options = parser.parse_args(arguments)
    try:
        output = _size(options.size)
        name = f"synthesis-{options.size}-{options.precision}" + "-fine" * options.fine
        refiner = None
        if options.refiner:
            name += f"-{options.refiner}-{options.steps}"
            refiner = _refiner(options.refiner, options.precision)
        network = build(
            output, options.precision, refiner, options.steps, fine=options.fine
        ).SerializeToString()
        options.folder.mkdir(parents=True, exist_ok=True)
        _write(options.folder / f"{name}.onnx", network)
        for capability in options.plan:
            start = time.monotonic()
            plan = tensorrt.build(network, ranges(output), capability)
            _write(options.folder / f"{name}-{capability}-{tensorrt.version()}.plan", plan)
            sys.stdout.write(f"  built in {time.monotonic() - start:.1f} s\n")
    except (OSError, ValueError, tensorrt.PlanError) as error:
        sys.stderr.write(f"graph_export: {error}\n")
        return 1
    return 0


def _size(text: str) -> OutputFormat:
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise ValueError(f"size {text!r}: give width and height such as 512x512")
    return OutputFormat(int(width), int(height))


def _refiner(network: RefinerSize, precision: Precision) -> bytes:
    """The refiner's weights; half floats where the pictures are.

    Raises:
        ValueError: there are none.
    """
    path = path_of(network)
    if not path.is_file():
        raise ValueError(f"no refiner at {path}: export without --refiner")
    content = path.read_bytes()
    return halved(content) if precision == "fp16" else content


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    sys.stdout.write(f"{path}: {len(content)} bytes\n")


if __name__ == "__main__":
    sys.exit(main())

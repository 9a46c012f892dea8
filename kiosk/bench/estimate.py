"""What a picture would take on graphics cards: an estimate, for none was there to measure.

    python -m kiosk.bench.estimate --write docs/performance.md

The synthesis graph and the refiners are counted (``operations``), joined as a compiler would
(``kernels``), and timed by each card's rates (``cards``). What it prints are tables in Markdown;
``--write`` puts them between the marks in a document.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import onnx

from engine.runtime.half import HalfError, halved
from engine.synthesis.graph import build
from engine.synthesis.graph_layout import ranges
from engine.synthesis.look import NETWORKS, PRESETS, Look
from engine.synthesis.refiner import path_of
from engine.synthesis.refiner import shipped as installed
from engine.synthesis.synthesizer import OutputFormat
from kiosk.bench.cards import CARDS, Card, pass_ms
from kiosk.bench.kernels import Kernel, fused, unfused
from kiosk.bench.operations import Counted, CountError, count

ASKED: Final = OutputFormat(512, 512)
BATCHES: Final = (1, 2, 4, 8)
STEPS: Final = (1, 4)
FRAME_MS: Final = 40.0
"""Between two pictures at 25 a second."""
LOADED: Final = 0.8
"""Share of the time for which a card may be busy, so that pictures are not late."""
BEGIN: Final = "<!-- estimate: made by python -m kiosk.bench.estimate --write FILE -->"
END: Final = "<!-- estimate ends -->"


@dataclass(frozen=True)
class Passes:
    """A network's passes, by the pictures in one."""

    name: str
    counted: dict[int, Counted]
    kernels: dict[int, list[Kernel]]

    def ms(self, batch: int, card: Card, graph: bool = True) -> float:
        """Of one pass."""
        return pass_ms(self.kernels[batch], card, graph)


@dataclass(frozen=True)
class Way:
    """A way to draw: passes of one network for one picture."""

    name: str
    passes: Passes
    times: int = 1

    def ms(self, batch: int, card: Card, graph: bool = True) -> float:
        """Of *batch* pictures together."""
        return self.times * self.passes.ms(batch, card, graph)

    def stages(self, card: Card) -> int:
        """Avatars at 25 pictures a second each, for which the card is busy ``LOADED``."""
        batch = BATCHES[-1]
        return int(LOADED * FRAME_MS / (self.ms(batch, card) / batch))


def whole(
    name: str, output: OutputFormat = ASKED, refiner: bytes | None = None, steps: int = 1
) -> Passes:
    """A picture of *output* as one graph in half floats, with *steps* of *refiner* (float32) in it.

    With a refiner it is sampled finely, too, as the presets have it.
    """
    network = halved(refiner) if refiner else None
    model = build(output, "fp16", network, steps, fine=refiner is not None)
    usual = {name: size for name, (_, size, _) in ranges(output).items()}
    return _passes(f"whole picture, {name}, {output.width}×{output.height}", model, usual)


def alone(name: str, refiner: bytes) -> Passes:
    """One step of *refiner*, of float32, in half floats."""
    return _passes(f"{name} refiner alone, 1 step", onnx.load_from_string(halved(refiner)), {})


def _steps(count: int) -> str:
    return f"{count} step{'s' * (count > 1)}"


def _passes(name: str, model: onnx.ModelProto, sizes: dict[str, int]) -> Passes:
    counted = {batch: count(model, sizes | {"batch": batch}) for batch in BATCHES}
    return Passes(name, counted, {batch: fused(each) for batch, each in counted.items()})


def ways(refiners: Mapping[str, bytes]) -> list[Way]:
    """Whole pictures of each preset as it draws where 512×512 are asked; the refiners alone.

    A preset whose refiner is not among *refiners* (by their size's name) is left out; any other
    refiner is estimated in one step at the end of a picture that is as large as asked.
    """
    drawn = []
    for look in map(Look, PRESETS):
        output = OutputFormat(*look.size(ASKED.width, ASKED.height))
        if look.steps == 0:
            drawn.append(whole(f"`{look.preset}`", output))
        elif look.network in refiners:
            network = refiners[look.network]
            drawn.append(whole(f"`{look.preset}`", output, network, look.steps))
    drawn += [
        whole(f"{name} refiner", refiner=network)
        for name, network in refiners.items() if name not in NETWORKS
    ]  # fmt: skip
    out = [Way(passes.name, passes) for passes in drawn]
    for name, network in refiners.items():
        passes = alone(name, network)
        out += [Way(f"{name} refiner alone, {_steps(n)}", passes, n) for n in STEPS]
    return out


def report(made: Sequence[Way]) -> list[str]:
    """The tables."""
    first = CARDS[0]
    return [
        "Work of one pass, batch 1:", "",
        *work_table([way.passes for way in made if way.times == 1]), "",
        f"Milliseconds on an {first.name}, for all pictures of a batch together, with a CUDA graph "
        "(in brackets without):", "", *batch_table(made, first), "",
        f"Milliseconds of one picture alone; and avatars at 25 pictures a second in batches of "
        f"{BATCHES[-1]}, the card busy {LOADED:.0%} of the time, with a CUDA graph:", "",
        *card_table(made),
    ]  # fmt: skip


def work_table(passes: Sequence[Passes]) -> list[str]:
    """What each network costs."""
    rows = []
    for each in passes:
        counted, kernels = each.counted[1], each.kernels[1]
        nodes = unfused(counted)
        rows.append([
            each.name, f"{counted.parameters / 1e6:.2f} M", f"{counted.operations / 1e9:.2f}",
            f"{sum(k.moved_bytes for k in nodes) / 1e6:.0f}",
            f"{sum(k.moved_bytes for k in kernels) / 1e6:.0f}", str(len(nodes)), str(len(kernels)),
        ])  # fmt: skip
    head = ["", "parameters", "GFLOP", "MB moved, each node alone", "MB moved, joined",
            "nodes", "kernels"]  # fmt: skip
    return _markdown(head, rows)


def batch_table(made: Sequence[Way], card: Card) -> list[str]:
    """Each way on one card, for every batch."""
    rows = []
    for way in made:
        times = [(way.ms(b, card), way.ms(b, card, graph=False)) for b in BATCHES]
        rows.append([way.name, *(f"{graph:.1f} ({plain:.1f})" for graph, plain in times)])
    return _markdown(["", *(f"batch {batch}" for batch in BATCHES)], rows)


def card_table(made: Sequence[Way]) -> list[str]:
    """Each way on every card."""
    rows = [
        [way.name, *(f"{way.ms(1, card):.1f} ms, {way.stages(card)}" for card in CARDS)]
        for way in made
    ]
    return _markdown(["", *(card.name for card in CARDS)], rows)


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def written(document: str, lines: Sequence[str]) -> str:
    """*document* with *lines* between its marks.

    Raises:
        ValueError: it has no marks.
    """
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"no marks in it: put {BEGIN!r} and {END!r} where the tables go")
    return "\n".join([before + BEGIN, "", *lines, "", END]) + after


def shipped() -> dict[str, bytes]:
    """The refiners that ship, by their size's name."""
    return {size: path_of(size).read_bytes() for size in installed()}


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 0 done, 1 not."""
    about = "Estimate what a picture takes on a GPU."
    parser = argparse.ArgumentParser(prog="python -m kiosk.bench.estimate", description=about)
    parser.add_argument("--write", type=Path, help="a document with marks for the tables")
    parser.add_argument("--refiner", action="append", default=[], metavar="NAME=FILE",
                        help="other networks than those that ship")  # fmt: skip
    options = parser.parse_args(arguments)
    try:
        given = [each.partition("=") for each in options.refiner]
        refiners = {name: Path(path).read_bytes() for name, _, path in given} or shipped()
        lines = report(ways(refiners))
        if options.write:
            options.write.write_text(written(options.write.read_text(), lines))
    except (OSError, ValueError, HalfError, CountError) as error:
        sys.stderr.write(f"estimate: {error}\n")
        return 1
    if not options.write:
        sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

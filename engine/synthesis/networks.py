"""The networks that a GPU may run: the refiners, and whole pictures of each preset at any size.

A preset fixes how a whole picture is sampled, and by which refiner in how many steps it is refined;
with its size in pixels it is a network, in one plan: ``fast-512x512``, ``quality-1024x1024``.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

from engine.runtime import checksums
from engine.runtime.plans import Precision, sha256
from engine.runtime.runner import BATCH_MOST, RunnerError
from engine.synthesis.graph_layout import ranges
from engine.synthesis.look import (
    NETWORKS,
    PRESET,
    PRESETS,
    WHOLE_STEPS_MOST,
    Look,
    PresetName,
)
from engine.synthesis.refiner import WEIGHTS, file_name
from engine.synthesis.synthesizer import OutputFormat

REFINERS: Final = {f"refiner-{size}": file_name(size) for size in NETWORKS}
BATCH: Final = (1, 1, BATCH_MOST)
BATCHES: Final = (1, 2, 4, 8)
"""Which are measured."""

_SIZE: Final = re.compile(r"(\d{3,4})x(\d{3,4})")


@dataclass(frozen=True)
class RefinerNetwork:
    """A refiner: inputs and output are float32 in every precision."""

    name: str
    weights: Path = field(default=WEIGHTS)

    @property
    def path(self) -> Path:
        """The network of float32."""
        return self.weights / REFINERS[self.name]

    @property
    def ranges(self) -> Mapping[str, tuple[int, int, int]]:
        """The smallest, the usual and the largest size of each dimension that may differ."""
        return {"batch": BATCH}

    def model(self, precision: Precision) -> bytes:
        """The ONNX network, typed so.

        Raises:
            RunnerError: it is missing or damaged, or cannot be had in half floats.
        """
        if precision == "fp32":
            return self._content()
        from engine.runtime.half import HalfError, halved

        try:
            with self.damage_told():
                return halved(self._content())
        except HalfError as error:
            raise RunnerError(f"{self.path.name}: {error}: use --precision fp32") from error

    def identity(self, precision: Precision) -> str:
        """SHA-256 of the network, typed so: how it is halved is part of it.

        Raises:
            RunnerError: as ``model``.
        """
        return sha256(self.model(precision))

    def metadata(self, precision: Precision) -> Mapping[str, str]:
        """What the network says of itself.

        Raises:
            RunnerError: it is missing or damaged.
        """
        import onnx

        with self.damage_told():
            told = onnx.load_from_string(self._content()).metadata_props
        return {each.key: each.value for each in told} | {"precision": precision}

    def runnable(self, precision: Precision) -> Path | bytes:
        """The network for backends that need no plan: they run float32."""
        return self.path

    @contextmanager
    def damage_told(self) -> Iterator[None]:
        """What is no ONNX network, or no refiner, becomes an error with a remedy."""
        from google.protobuf.message import DecodeError

        try:
            yield
        except DecodeError as error:
            raise RunnerError(f"{self.path.name} is damaged: install the project again") from error

    def _content(self) -> bytes:
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise RunnerError(
                f"{self.name}: no {self.path.name} in {self.weights}: "
                "if it is one that ships, install the project again"
            ) from error
        checksums.check(self.path)
        return content


@dataclass(frozen=True)
class SynthesisNetwork:
    """Whole pictures of one preset and size; a rig's pictures are inputs in its precision."""

    output: OutputFormat
    """Of the pictures as they are drawn."""
    preset: PresetName
    weights: Path = field(default=WEIGHTS)
    """Where the refiners lie."""

    @property
    def name(self) -> str:
        """What it is called in the manifest."""
        return f"{self.preset}-{self.output.width}x{self.output.height}"

    @property
    def steps(self) -> int:
        """Of the refiner; 0: nothing is refined."""
        return PRESET[self.preset].inference_steps

    @property
    def refiner(self) -> RefinerNetwork | None:
        """The refiner at its end."""
        if self.steps == 0:
            return None
        return RefinerNetwork(f"refiner-{PRESET[self.preset].network}", self.weights)

    @property
    def ranges(self) -> Mapping[str, tuple[int, int, int]]:
        """The smallest, the usual and the largest size of each dimension that may differ."""
        return ranges(self.output)

    def model(self, precision: Precision) -> bytes:
        """The ONNX network, typed so.

        Raises:
            RunnerError: its refiner is missing, or does more steps than a whole picture has.
        """
        if self.steps > WHOLE_STEPS_MOST:
            raise RunnerError(
                f"{self.name}: {self.steps} steps are more than the {WHOLE_STEPS_MOST} of a whole "
                "picture: build the refiner alone; the CPU draws the rest"
            )
        fine = PRESET[self.preset].fine
        if self.refiner is None:
            return _synthesis(self.output, precision, None, self.steps, fine)
        try:
            with self.refiner.damage_told():
                refiner = self.refiner.model(precision)
                return _synthesis(self.output, precision, refiner, self.steps, fine)
        except ValueError as error:
            raise RunnerError(f"{self.refiner.path.name}: {error}") from error

    def identity(self, precision: Precision) -> str:
        """SHA-256 of the network as it is written.

        Raises:
            RunnerError: as ``model``.
        """
        return sha256(self.model(precision))

    def metadata(self, precision: Precision) -> Mapping[str, str]:
        """What the network says of itself.

        Raises:
            RunnerError: as ``model``.
        """
        import onnx

        told = onnx.load_from_string(self.model(precision)).metadata_props
        return {each.key: each.value for each in told}

    def runnable(self, precision: Precision) -> Path | bytes:
        """The network for backends that need no plan: it takes what the plan takes."""
        return self.model(precision)


@lru_cache(maxsize=2)  # its bytes and its identity are asked for one after the other
def _synthesis(
    output: OutputFormat, precision: Precision, refiner: bytes | None, steps: int,
    fine: bool,  # a key
) -> bytes:  # fmt: skip
    from engine.synthesis.graph import build

    model = build(output, precision, refiner, max(1, steps), fine=fine)
    return bytes(model.SerializeToString())


Network = RefinerNetwork | SynthesisNetwork


def network(name: str) -> Network:
    """The network of a name such as ``refiner-small`` or ``fast-512x512``.

    Raises:
        RunnerError: there is none of that name, or pictures of that size are not drawn.
    """
    if name in REFINERS:
        return RefinerNetwork(name)
    preset, _, size = name.partition("-")
    if preset not in PRESETS:
        known = ", ".join([*PRESETS, *REFINERS])
        raise RunnerError(f"no network {name!r}: give one of {known}, or a preset and the size "
                          f"that is drawn, such as {PRESETS[0]}-512x512")  # fmt: skip
    return SynthesisNetwork(picture_size(size), preset)


def whole(look: Look, output: OutputFormat) -> SynthesisNetwork | None:
    """The network that draws pictures of *output*, as large as they are drawn, in *look*.

    None: there is none, as of other steps than the preset's, and of transparent backgrounds.
    """
    asked = PRESET[look.preset].inference_steps
    if look.steps != asked or asked > WHOLE_STEPS_MOST or look.background.kind == "transparent":
        return None
    made = SynthesisNetwork(output, look.preset)
    return made if made.refiner is None or made.refiner.path.is_file() else None


def picture_size(text: str) -> OutputFormat:
    """Width and height such as ``512x512``.

    Raises:
        RunnerError: it is no size, or not one that is drawn.
    """
    match = _SIZE.fullmatch(text)
    if match is None:
        raise RunnerError(f"size {text!r}: give width and height such as 512x512")
    try:
        return OutputFormat(int(match[1]), int(match[2]))
    except ValueError as error:
        raise RunnerError(str(error)) from error


def drawn_size(preset: PresetName, asked: OutputFormat) -> OutputFormat:
    """How large *preset* draws pictures where *asked* is asked for."""
    return OutputFormat(*Look(preset).size(asked.width, asked.height))


def named(which: str, sizes: Sequence[str]) -> list[Network]:
    """The networks meant by ``all``, a preset or a name; a preset's at each of *sizes*.

    Args:
        which: see above.
        sizes: such as are asked for: a preset may draw larger pictures.

    Raises:
        RunnerError: as ``network``.
    """
    out: dict[str, Network] = {}
    for name in [*PRESETS, *REFINERS] if which == "all" else [which]:
        if name in PRESETS:
            outputs = [drawn_size(name, picture_size(size)) for size in sizes]
            made: list[Network] = [SynthesisNetwork(each, name) for each in outputs]
        else:
            made = [network(name)]
        out |= {each.name: each for each in made}
    return list(out.values())

"""The networks that a GPU may run: the refiners, and the synthesis at any size.

The synthesis comes plain (``synthesis-512x512``) and with one step of the small refiner at its end
(``refined-512x512``): a whole picture in one plan.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

from engine.runtime import checksums
from engine.runtime.plans import Precision, sha256
from engine.runtime.runner import BATCH_MOST, RunnerError
from engine.synthesis.look import NETWORKS
from engine.synthesis.refiner import WEIGHTS, file_name
from engine.synthesis.synthesizer import OutputFormat

REFINERS: Final = {f"refiner-{size}": file_name(size) for size in NETWORKS}
SYNTHESIS: Final = "synthesis"
REFINED: Final = "refined"
WHOLE: Final = (SYNTHESIS, REFINED)
REFINED_BY: Final = "refiner-small"
"""In one step."""
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
        from google.protobuf.message import DecodeError

        from engine.runtime.half import HalfError, halved

        try:
            return halved(self._content())
        except HalfError as error:
            raise RunnerError(f"{self.path.name}: {error}: use --precision fp32") from error
        except DecodeError as error:
            raise RunnerError(f"{self.path.name} is damaged: install the project again") from error

    def identity(self, precision: Precision) -> str:
        """SHA-256 of the network, typed so: how it is halved is part of it.

        Raises:
            RunnerError: as ``model``.
        """
        return sha256(self.model(precision))

    def metadata(self, precision: Precision) -> Mapping[str, str]:
        """What the network says of itself."""
        import onnx

        told = onnx.load_from_string(self._content()).metadata_props
        return {each.key: each.value for each in told} | {"precision": precision}

    def runnable(self, precision: Precision) -> Path | bytes:
        """The network for backends that need no plan: they run float32."""
        return self.path

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
    """The synthesis at one size; the pictures of a rig are inputs in the network's precision."""

    output: OutputFormat
    refiner: RefinerNetwork | None = None
    """At its end, one step; None: nothing is refined."""

    @property
    def name(self) -> str:
        """What it is called in the manifest."""
        kind = SYNTHESIS if self.refiner is None else REFINED
        return f"{kind}-{self.output.width}x{self.output.height}"

    @property
    def ranges(self) -> Mapping[str, tuple[int, int, int]]:
        """The smallest, the usual and the largest size of each dimension that may differ."""
        from engine.synthesis.graph import ranges

        return ranges(self.output)

    def model(self, precision: Precision) -> bytes:
        """The ONNX network, typed so.

        Raises:
            RunnerError: its refiner is missing.
        """
        refiner = None if self.refiner is None else self.refiner.model(precision)
        return _synthesis(self.output.width, self.output.height, precision, refiner)

    def identity(self, precision: Precision) -> str:
        """SHA-256 of the network as it is written."""
        return sha256(self.model(precision))

    def metadata(self, precision: Precision) -> Mapping[str, str]:
        """What the network says of itself."""
        width, height = str(self.output.width), str(self.output.height)
        told = {"width": width, "height": height, "precision": precision}
        if self.refiner is None:
            return told
        side_px = self.refiner.metadata(precision)["side_px"]
        return told | {"refiner_side_px": side_px, "refiner_steps": "1"}

    def runnable(self, precision: Precision) -> Path | bytes:
        """The network for backends that need no plan: it takes what the plan takes."""
        return self.model(precision)


@lru_cache(maxsize=2)  # its bytes and its identity are asked for one after the other
def _synthesis(width: int, height: int, precision: Precision, refiner: bytes | None) -> bytes:
    from engine.synthesis.graph import build

    return bytes(build(OutputFormat(width, height), precision, refiner).SerializeToString())


Network = RefinerNetwork | SynthesisNetwork


def network(name: str) -> Network:
    """The network of a name such as ``refiner-small`` or ``synthesis-512x512``.

    Raises:
        RunnerError: there is none of that name, or pictures of that size are not drawn.
    """
    if name in REFINERS:
        return RefinerNetwork(name)
    kind, _, size = name.partition("-")
    if kind not in WHOLE:
        known = ", ".join([*REFINERS, *(f"{each}-512x512" for each in WHOLE)])
        raise RunnerError(f"no network {name!r}: give one of {known}, or another size")
    refiner = RefinerNetwork(REFINED_BY) if kind == REFINED else None
    return SynthesisNetwork(picture_size(size), refiner)


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


def named(which: str, sizes: Sequence[str]) -> list[Network]:
    """The networks meant by ``all``, ``synthesis`` or a name; the synthesis at each of *sizes*.

    Raises:
        RunnerError: as ``network``.
    """
    names = [*WHOLE, *REFINERS] if which == "all" else [which]
    spread = [
        f"{name}-{size}" if name in WHOLE else name
        for name in names
        for size in (sizes if name in WHOLE else ("",))
    ]
    return [network(name) for name in spread]

"""Small whole pictures on ONNX Runtime, for the process that runs networks on a GPU."""

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from engine.runtime.backends import Choice
from engine.runtime.runner import Runner, Tensors
from engine.synthesis.graph_synthesizer import runner
from engine.synthesis.synthesizer import OutputFormat
from kiosk.gpu_child import MakeRunner

OUTPUT = OutputFormat(256, 256)


class Mortal:
    """A runner whose process dies at a pass when the file *mood* is there."""

    def __init__(self, runner: Runner, mood: Path) -> None:
        self._runner, self._mood = runner, mood

    @property
    def inputs(self) -> Mapping[str, tuple[int | None, ...]]:
        return self._runner.inputs

    @property
    def metadata(self) -> Mapping[str, str]:
        return self._runner.metadata

    def run(self, tensors: Tensors) -> Tensors:
        if self._mood.exists():
            os._exit(3)
        return self._runner.run(tensors)

    def warmup(self) -> None: ...


def opener(mood: Path) -> MakeRunner:
    """What makes one in another process."""
    return partial(_open, mood)


def _open(mood: Path, without: frozenset[str]) -> Choice:
    return Choice("tensorrt", Mortal(runner(OUTPUT), mood), ())

"""A network that misbehaves as told, for the process that runs networks on a GPU."""

import os
import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from engine.runtime.backends import Choice
from engine.runtime.runner import RunnerError, Tensors
from kiosk.gpu_child import MakeRunner


class Doubler:
    """Doubles ``x``; each pass looks into the file *mood* for what is to go wrong."""

    def __init__(self, mood: Path) -> None:
        self._mood = mood

    @property
    def inputs(self) -> Mapping[str, tuple[int | None, ...]]:
        return {"x": (None, 2)}

    @property
    def metadata(self) -> Mapping[str, str]:
        return {"what": "doubles"}

    def run(self, tensors: Tensors) -> Tensors:
        mood = self._mood.read_text() if self._mood.exists() else ""
        if mood == "hang":
            threading.Event().wait()
        elif mood == "die":
            os._exit(3)
        elif mood == "refuse":
            raise RunnerError("it does not fit: give another shape")
        elif mood == "break":
            raise ValueError("a fault")
        x = tensors["x"]
        return {"y": 2 * x, "mean": np.asarray([x.mean()], np.float16)}

    def warmup(self) -> None:
        if self._mood.exists() and self._mood.read_text() == "no start":
            raise RunnerError("there is no GPU: use the CPU")


def doubler(mood: Path) -> MakeRunner:
    """What makes one in another process; its name tells whether TensorRT was to be left alone."""
    return partial(_open, mood)


def _open(mood: Path, without: frozenset[str]) -> Choice:
    made = Doubler(mood)
    made.warmup()
    return Choice("torch" if "tensorrt" in without else "tensorrt", made, ())

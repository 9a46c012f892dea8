"""Drawing by the tensor graph on ONNX Runtime: the same pictures as ``Synthesizer``, more slowly.

It is there to hold the graph, and so every plan built of it, to the pictures that OpenCV draws,
and to measure both side by side. On a CPU ``Synthesizer`` is the one to use.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, Protocol

import numpy as np

from engine.media import ByteArray, MotionFrame
from engine.portrait.rig import Rig
from engine.runtime.onnx import OnnxRunner
from engine.runtime.runner import BATCH_MOST, Runner
from engine.synthesis.graph import build
from engine.synthesis.graph_layout import Precision, sampling
from engine.synthesis.graph_tensors import Array, frame_tensors, is_fine, rig_tensors, stacked
from engine.synthesis.refining import Refining
from engine.synthesis.synthesizer import OutputFormat, Synthesizer

Backend = Literal["cpu", "onnx"]
BACKENDS: Final[tuple[Backend, ...]] = ("cpu", "onnx")


class Drawer(Protocol):
    """What draws pictures of one rig in one format."""

    @property
    def output(self) -> OutputFormat:
        """The size of the pictures."""
        ...

    def render(self, motion: MotionFrame, out: ByteArray | None = None) -> ByteArray:
        """Draw *motion*: see ``Synthesizer.render``."""
        ...


def drawer(rig: Rig, output: OutputFormat, backend: Backend = "cpu") -> Drawer:
    """The way of drawing named *backend*: OpenCV (``cpu``) or the graph (``onnx``)."""
    cpu = Synthesizer(rig, output)
    return cpu if backend == "cpu" else GraphSynthesizer([cpu])


def runner(
    output: OutputFormat, precision: Precision = "fp32", threads: int = 1,
    refiner: bytes | None = None, steps: int = 1, *, fine: bool = False,
) -> Runner:  # fmt: skip
    """The graph for *output* on ONNX Runtime; see ``graph.build``.

    Raises:
        RunnerError: ONNX Runtime cannot load it.
    """
    network = build(output, precision, refiner, steps, fine=fine)
    return OnnxRunner(network.SerializeToString(), threads)


def _check(graph: Mapping[str, str], drawer: Synthesizer) -> None:
    """Whether a graph that says so of itself samples and refines as *drawer* does.

    Raises:
        ValueError: it does not.
    """
    wanted = sampling(fine=is_fine(drawer))
    if (has := graph.get("sampling", "?")) != wanted:
        raise ValueError(f"the graph's sampling is {has}, a look's {wanted}: give the graph of the "
                         "look's preset")  # fmt: skip
    if drawer._refining is not None:
        _check_refining(graph, drawer._refining)


def _check_refining(graph: Mapping[str, str], refining: Refining) -> None:
    has = graph.get("refiner_steps", "?"), graph.get("refiner_side_px", "?")
    wanted = str(refining.steps), str(refining.full.refiner.side_px)
    if has != wanted:
        raise ValueError(
            f"the graph refines in {_told(has[0])} of {has[1]} pixels, a look in "
            f"{_told(wanted[0])} of {wanted[1]}: give the graph of this network and these steps"
        )


def _told(steps: str) -> str:
    return f"{steps} step{'' if steps == '1' else 's'}"


class GraphSynthesizer:
    """Draws one picture of each of several rigs in one pass."""

    def __init__(
        self, drawers: Sequence[Synthesizer], graph: Runner | None = None,
        precision: Precision = "fp32",
    ) -> None:  # fmt: skip
        """Prepare.

        Args:
            drawers: the rigs, each ready at the size of the picture; ``BATCH_MOST`` at most.
            graph: ``runner`` for that size and *precision*; it is made without.
            precision: of the pictures in the graph.

        Raises:
            ValueError: none or too many rigs, of several sizes, or too large for the graph; or
                some are refined and the graph does not, or the other way round, or otherwise.
            RunnerError: ONNX Runtime cannot load the graph.
        """
        if not 1 <= len(drawers) <= BATCH_MOST:
            raise ValueError(f"{len(drawers)} rigs: give 1 to {BATCH_MOST}")
        self.output = drawers[0].output
        if any(each.output != self.output for each in drawers):
            raise ValueError("the rigs are drawn at several sizes: give a batch for each size")
        self._graph = graph or runner(self.output, precision, fine=is_fine(drawers[0]))
        refined = {each._refining is not None for each in drawers}
        if refined != {"neutral" in self._graph.inputs}:
            raise ValueError("the graph and all of the looks must refine, or none: give the graph "
                             "of these steps, or looks of 0 steps")  # fmt: skip
        for each in drawers:
            _check(self._graph.metadata, each)
        self._drawers = tuple(drawers)
        tensors = [rig_tensors(each, precision) for each in drawers]
        self._rigs: Mapping[str, Array] = stacked(tensors)
        for array in self._rigs.values():
            array.flags.writeable = False  # a GPU need not be sent them again for every picture

    def render_all(self, motions: Sequence[MotionFrame]) -> ByteArray:
        """Draw one motion for each rig, in their order.

        Returns:
            (rigs, height · 3 // 2, width): I420 planes as ``Synthesizer.render`` gives them.
        """
        frames = frame_tensors(self._drawers, motions)
        pictures = np.asarray(self._graph.run({**self._rigs, **frames})["picture"], np.uint8)
        for picture, each in zip(pictures, self._drawers, strict=True):
            each.stamp(picture)
        return pictures

    def render(self, motion: MotionFrame, out: ByteArray | None = None) -> ByteArray:
        """Draw *motion* with the only rig, into *out* if it is given."""
        picture = self.render_all([motion])[0]
        if out is None:
            return np.asarray(picture, np.uint8)
        out[...] = picture
        return out

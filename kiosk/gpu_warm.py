"""Passes before the first that counts: on a GPU the first of each size has kernels to be made."""

from typing import Final

import numpy as np

from engine.runtime.plans import Precision
from engine.runtime.runner import BATCH_MOST, Runner
from engine.synthesis.graph_tensors import frame_tensors, rig_tensors
from engine.synthesis.kept_rigs import KeptRigs
from engine.synthesis.networks import Network, SynthesisNetwork
from engine.synthesis.shapes import speech_like
from kiosk.plan_verify import drawer

_ONE: Final = 0
"""The number of the only rig."""


def warm(runner: Runner, network: Network, precision: Precision) -> None:
    """Run *runner* with every number of pictures.

    Args:
        runner: runs *network*.
        network: a refiner is given zeros, a whole picture a persona's tensors: of zeros it would
            divide by them.
        precision: of a whole picture's inputs.

    Raises:
        RunnerError: it fails.
    """
    if isinstance(network, SynthesisNetwork):
        _warm_whole(runner, network, precision)
        return
    runner.warmup()
    for batch in range(1, BATCH_MOST + 1):
        runner.run({
            name: np.zeros((batch, *(n or 1 for n in shape[1:])), np.float32)
            for name, shape in runner.inputs.items()
        })  # fmt: skip


def _warm_whole(runner: Runner, network: SynthesisNetwork, precision: Precision) -> None:
    drawn, (motion,) = drawer(network), speech_like(1)
    rigs = KeptRigs()
    rigs.keep(_ONE, rig_tensors(drawn, precision))
    for batch in range(1, BATCH_MOST + 1):
        rigs.run(runner, frame_tensors([drawn] * batch, [motion] * batch), [_ONE] * batch)
    getattr(runner, "save_cache", lambda: None)()

"""The networks of whole pictures that are open, and which stage is drawn by which."""

import logging
import threading
from collections.abc import Callable
from typing import Final

from engine.runtime.runner import RunnerError
from engine.synthesis.graph_tensors import refines
from engine.synthesis.look import Look
from engine.synthesis.networks import SynthesisNetwork, whole
from engine.synthesis.synthesizer import Synthesizer
from engine.synthesis.whole import WholePicture, WholeSynthesizer

logger = logging.getLogger(__name__)

OPEN_MOST: Final = 3
"""Networks open at once: each has a process of its own, and takes memory on the GPU for a full
batch. One without a stage gives way to another that is wanted."""

Open = Callable[[SynthesisNetwork], WholePicture]
"""Begins to open a network; raises ``RunnerError`` where that cannot even begin."""

Draws = Synthesizer | WholeSynthesizer


class Wholes:
    """Opens each network when the first stage wants it. Thread-safe."""

    def __init__(self) -> None:
        """None is opened: every stage draws on the CPU."""
        self._lock = threading.Lock()
        self._open: Open | None = None
        self._opened: dict[str, WholePicture] = {}

    def open_by(self, open_network: Open | None) -> None:
        """From now on *open_network* opens them; None: nobody does. Those open are closed."""
        with self._lock:
            self._open = open_network
            opened, self._opened = self._opened, {}
        for each in opened.values():
            each.close()

    def given(self, spare: Synthesizer, look: Look) -> Draws:
        """What draws as *spare* in *look*: by the network for it, or else *spare* itself."""
        if self._open is None or (network := whole(look, spare.output)) is None:
            return spare
        if (network.refiner is not None) != refines(spare):
            return spare  # its refiner could not be loaded
        try:
            with self._lock:  # until it is admitted, else the network could be taken for idle
                return self._found(network).admit(spare)
        except (ValueError, RunnerError) as error:
            logger.warning("the CPU draws a stage that %s would: %s", network.name, error)
            return spare

    def _found(self, network: SynthesisNetwork) -> WholePicture:
        """The network, opened if need be.

        Raises:
            RunnerError: it cannot be, or all that may be open have stages.
        """
        found = self._opened.get(network.name)
        if found is not None:
            return found
        if self._open is None:
            raise RunnerError("the GPU is no longer used")
        if len(self._opened) >= OPEN_MOST:
            self._close_idle()
        made = self._opened[network.name] = self._open(network)
        return made

    def _close_idle(self) -> None:
        for name, each in list(self._opened.items()):
            if each.rig_count == 0:
                del self._opened[name]
                each.close()
                return
        raise RunnerError(
            f"{', '.join(self._opened)} are as many as are open at once: use fewer presets and "
            "sizes of picture"
        )


WHOLES: Final = Wholes()
"""Those that this process uses."""

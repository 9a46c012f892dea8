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
            return self._admitted(network, spare)
        except (ValueError, RunnerError) as error:
            # Whoever keeps the record keeps no portrait with it: not the error itself.
            logger.warning("the CPU draws a stage that %s would, until its look is changed or it "
                           "is opened anew: %s", network.name, str(error))  # fmt: skip
            return spare

    def _admitted(self, network: SynthesisNetwork, spare: Synthesizer) -> WholeSynthesizer:
        """*spare* admitted to *network*, which is opened if need be.

        Raises:
            ValueError: as ``WholePicture.admit``.
            RunnerError: it cannot be opened, or all that may be open have stages.
        """
        while True:
            with self._lock:  # until it is admitted, else the network could be taken for idle
                found = self._opened.get(network.name)
                if found is None and len(self._opened) < OPEN_MOST:
                    if self._open is None:
                        raise RunnerError("the GPU is no longer used: start the kiosk anew")
                    found = self._opened[network.name] = self._open(network)
                if found is not None:
                    return found.admit(spare)
                idle = self._idle()
            # Not under the lock: its driver may take seconds, and others are not to wait for it.
            idle.close()

    def _idle(self) -> WholePicture:
        """One without stages, taken out.

        Raises:
            RunnerError: there is none.
        """
        for name, each in self._opened.items():
            if each.rig_count == 0:
                return self._opened.pop(name)
        raise RunnerError(
            f"{', '.join(self._opened)} are as many as are open at once: use fewer presets and "
            "sizes of picture"
        )


WHOLES: Final = Wholes()
"""Those that this process uses."""

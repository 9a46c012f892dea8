"""The faces that can appear: rigs loaded once, and an engine for each stage."""

import logging
import threading

import numpy as np

from engine import personas
from engine.media import Audio
from engine.motion.settings import MotionSettings
from engine.motion.stream import MotionStream
from engine.pipeline import Pipeline
from engine.portrait import rig as rigs
from engine.portrait.rig import Rig, RigError
from engine.synthesis.synthesizer import OutputFormat, Synthesizer
from engine.timeline import SAMPLE_RATE_HZ
from kiosk.api import refused
from kiosk.config import AvatarSettings

logger = logging.getLogger(__name__)


class Avatars:
    """Rigs by name. Thread-safe."""

    def __init__(self, settings: AvatarSettings) -> None:
        """Nothing is loaded yet.

        Args:
            settings: how lively the avatars are.
        """
        self._settings = settings
        self._rigs: dict[str, Rig] = {}
        self._lock = threading.Lock()

    def pipeline(self, name: str, width: int, height: int) -> Pipeline:
        """A new engine that shows *name*.

        Raises:
            ProblemError: there is no such avatar, or its rig cannot be used.
        """
        scales = self._settings
        motion = MotionStream(
            MotionSettings(dynamic_scale=scales.dynamic_scale, motion_scale=scales.motion_scale)
        )
        return Pipeline(motion, Synthesizer(self._rig(name), OutputFormat(width, height)))

    def warm_up(self, name: str, width: int, height: int) -> None:
        """Load *name* and draw a picture, so that the first viewer need not wait."""
        pipeline = self.pipeline(name, width, height)
        pipeline.push(Audio(0, np.zeros(SAMPLE_RATE_HZ // 2, np.float32)))
        pipeline.pull(0, 0)

    def _rig(self, name: str) -> Rig:
        with self._lock:
            if name not in self._rigs:
                self._rigs[name] = _load(name)
                logger.info("avatar %s loaded", name)
            return self._rigs[name]


def _load(name: str) -> Rig:
    try:
        return rigs.load(personas.path(name))
    except RigError as error:
        raise refused(404, "unknown_avatar", error, "install the kiosk anew") from error

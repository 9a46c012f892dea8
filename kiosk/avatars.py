"""The faces that can appear: rigs loaded once, and an engine for each stage."""

import itertools
import logging
import threading
from collections import deque
from pathlib import Path
from typing import Final

import numpy as np

from engine import personas
from engine.media import Audio
from engine.motion.settings import MotionSettings
from engine.motion.stream import MotionStream
from engine.pipeline import Pipeline
from engine.portrait import rig as rigs
from engine.portrait.rig import Rig, RigError
from engine.synthesis.look import Look
from engine.synthesis.matte import Person
from engine.synthesis.matte import person as cut_out
from engine.synthesis.synthesizer import OutputFormat, Synthesizer
from engine.synthesis.wholes import WHOLES, Draws
from engine.timeline import SAMPLE_RATE_HZ
from kiosk.api import refused
from kiosk.config import AvatarSettings

PEOPLE: Final = 4
"""People cut out of their photos that are kept, some 10 MB each."""

logger = logging.getLogger(__name__)


class Avatars:
    """Rigs by name: those that ship, and those that were added. Thread-safe.

    One that is added, changed or removed while the kiosk runs is seen so by the next viewer; who
    watches goes on with what was loaded.
    """

    def __init__(
        self, settings: AvatarSettings, look: Look | None = None, *, files: bool = False
    ) -> None:
        """Nothing is loaded yet.

        Args:
            settings: how lively the avatars are, and where those lie that were added.
            look: how they are shown at first; None: as by default.
            files: whether a name may be the path of a rig file.
        """
        self._settings = settings
        self._look = look or Look()
        self._people: deque[tuple[Rig, Person]] = deque(maxlen=PEOPLE)
        self._files = files
        self._rigs: dict[tuple[Path, int], Rig] = {}
        """By file and when it was written, in nanoseconds."""
        self._lent: dict[str, Rig] = {}
        """Not of any folder: drafts, that are to be seen before they are kept."""
        self._lock = threading.Lock()
        self._seeds = itertools.count()
        """Two avatars side by side do not nod and blink together."""

    def pipeline(self, name: str, width: int, height: int, look: Look | None = None) -> Pipeline:
        """A new engine that shows *name*; this may open a network on a GPU.

        Args:
            name: of the avatar.
            width: of the pictures in pixels, as they are drawn: see ``Look.size``.
            height: likewise.
            look: how it is shown; None: as at first.

        Raises:
            ProblemError: there is no such avatar, or its rig cannot be used.
        """
        return Pipeline(self._motion(), self.synthesis(name, width, height, look or self._look))

    def drawn(self, name: str, width: int, height: int) -> tuple[Pipeline, Synthesizer]:
        """The same for pictures that are not shown live, and what draws in it.

        Raises:
            ProblemError: there is no such avatar, or its rig cannot be used.
        """
        synthesizer = self._synthesizer(name, width, height, self._look)
        return Pipeline(self._motion(), synthesizer), synthesizer

    def _motion(self) -> MotionStream:
        scales = self._settings
        return MotionStream(
            MotionSettings(
                dynamic_scale=scales.dynamic_scale,
                motion_scale=scales.motion_scale,
                seed=next(self._seeds),
            )
        )

    def synthesis(self, name: str, width: int, height: int, look: Look) -> Draws:
        """What draws *name* so; where a person has to be cut out first, that takes seconds.

        On a GPU, where the kiosk has one and it draws such a look.

        Raises:
            ProblemError: there is no such avatar, or its rig cannot be used.
            ValueError: the background's picture cannot be read, or the mark cannot be written.
        """
        return WHOLES.given(self._synthesizer(name, width, height, look), look)

    def _synthesizer(self, name: str, width: int, height: int, look: Look) -> Synthesizer:
        rig = self._rig(name)
        person = None if look.background.kind == "photo" else self._person(rig)
        return Synthesizer(rig, OutputFormat(width, height), look, person)

    def _person(self, rig: Rig) -> Person:
        for known, person in list(self._people):
            if known is rig:
                return person
        person = cut_out(rig)
        self._people.append((rig, person))
        return person

    def warm_up(self, name: str, width: int, height: int) -> None:
        """Load *name* and draw a picture of that size, so that the first viewer need not wait."""
        pipeline = self.pipeline(name, width, height)
        pipeline.push(Audio(0, np.zeros(SAMPLE_RATE_HZ // 2, np.float32)))
        pipeline.pull(0, 0)

    def lend(self, name: str, rig: Rig) -> None:
        """Show *rig* to whom asks for *name*, until it is forgotten."""
        with self._lock:
            self._lent[name] = rig

    def forget(self, name: str) -> None:
        """Let go of what is lent or loaded as *name*; who watches goes on."""
        with self._lock:
            file = self._settings.path / name / personas.RIG_NAME
            gone = [self._rigs.pop(key) for key in list(self._rigs) if key[0] == file]
            if name in self._lent:
                gone.append(self._lent.pop(name))
            kept = [one for one in self._people if not any(one[0] is rig for rig in gone)]
            self._people = deque(kept, maxlen=PEOPLE)

    def _rig(self, name: str) -> Rig:
        with self._lock:
            if name in self._lent:
                return self._lent[name]
            try:
                return self._loaded(name)
            except RigError as error:
                raise refused(404, "unknown_avatar", error, "install the kiosk anew") from error

    def _loaded(self, name: str) -> Rig:
        path = self._path(name)
        try:
            key = path, path.stat().st_mtime_ns
        except OSError:  # removed this moment
            key = path, 0
        if key not in self._rigs:
            rig = rigs.load(path)
            for old in [known for known in self._rigs if known[0] == path]:
                del self._rigs[old]
            self._rigs[key] = rig
            logger.info("avatar %s loaded", name)
        return self._rigs[key]

    def _path(self, name: str) -> Path:
        if self._files and Path(name).suffix == ".rig":
            return Path(name)
        return personas.path(name, self._settings.path)

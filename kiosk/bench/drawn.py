"""Lips and eyelids as they are drawn, beside what was asked of them.

What is asked is the displacement that the face prior gives, fitted to the photo; what is drawn is
seen in the pictures alone. The landmark networks find lips and eyes in the picture at rest. The
face mesh answers to open lips with about half their opening, so its points on the lips are carried
on by optical flow (Lucas and Kanade 1981, pyramids after Bouguet 2001) through pictures that go
from rest to the shape in small steps. Eyelids, which do not keep their look while they move, are
found anew in each picture by the iris network. It has a floor: of shut lids it sees a third of
their opening, and of narrow eyes it hardly sees that they close (slopes from 0.04 to 0.8). How
much of the eyeballs is really seen, ``eyeball`` tells. The flow at times loses a point of a lip
without texture, in wide openings; such a portrait's r is low, and left so.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.media import ByteArray, Pose
from engine.portrait.corners import POINTS, POINTS_68
from engine.portrait.landmarks import Face, Landmarker
from engine.portrait.plane import eye_distance
from engine.portrait.prior import PRIOR_68, Fit
from engine.synthesis.shapes import motion
from engine.synthesis.synthesizer import Synthesizer

Floats = NDArray[np.float64]
Shape = dict[str, float]

MOUTHS: Final[tuple[Shape, ...]] = (
    {},
    *({"jawOpen": value} for value in (0.1, 0.2, 0.3, 0.45, 0.6, 0.8)),
    {"jawOpen": 0.3, "mouthLowerDown": 0.4},
    {"jawOpen": 0.2, "mouthUpperUp": 0.4},
    {"jawOpen": 0.15, "mouthLowerDown": 0.35, "mouthUpperUp": 0.25, "mouthStretch": 0.5,
     "mouthSmile": 0.3},
    {"jawOpen": 0.35, "mouthFunnel": 0.6},
    {"jawOpen": 0.15, "mouthPucker": 0.7, "mouthFunnel": 0.3},
    {"mouthFunnel": 0.4},
    *({"mouthPucker": value} for value in (0.3, 0.6, 0.9)),
    *({"mouthSmile": value} for value in (0.3, 0.6, 0.9)),
    {"mouthStretch": 0.4},
    {"jawOpen": 0.3, "mouthSmile": 0.5},
)  # fmt: skip
BLINKS: Final = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
STEPS: Final = 12
"""Pictures from rest to a shape, so that no point moves far from one to the next."""
WINDOW_PX: Final = 11

# Landmarks of the mesh in pairs, inner and outer edge of a lip: a point between them is tracked,
# for on the inner edge a window would see teeth and the dark as well, or the other lip.
_UPPER: Final = ((13, 0), (82, 37), (312, 267))
_LOWER: Final = ((14, 17), (87, 84), (317, 314))
_LIDS: Final = ((160, 144), (159, 145), (158, 153), (385, 380), (386, 374), (387, 373))
# The same of the prior's 68 points: the middle of each lip.
_PRIOR_LIPS: Final = ((62, 51), (66, 57))
_OUTWARD: Final = 0.75
"""Where between the edges of a lip."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Asked and seen, shape (n,) each."""

    asked: Floats
    seen: Floats

    @property
    def r(self) -> float:
        """Pearson's correlation; 0 if one of them never changes."""
        if np.ptp(self.asked) == 0 or np.ptp(self.seen) == 0:
            return 0.0
        return float(np.corrcoef(self.asked, self.seen)[0, 1])

    @property
    def slope(self) -> float:
        """Of the least-squares line of what is seen over what is asked."""
        return float(np.polyfit(self.asked, self.seen, 1)[0])


@dataclass(frozen=True, slots=True)
class Drawn:
    """One portrait's lips and eyes."""

    opening: Pairs
    """How far the lips part, in eye distances, at least 0."""
    width: Pairs
    """How much wider the mouth is than at rest, in eye distances."""
    eyes: Pairs
    """How far the eyes are shut: 0 as in the photo, 1 wholly."""


class Sight:
    """Looks at pictures. Not thread-safe."""

    def __init__(self, landmarker: Landmarker) -> None:
        self._landmarker = landmarker

    def measure(self, synthesizer: Synthesizer, fit: Fit, eye_distance_px: float) -> Drawn | None:
        """Draw ``MOUTHS`` and ``BLINKS`` and look at them; None if no face is seen at rest.

        Args:
            synthesizer: draws the portrait.
            fit: the prior, laid over it.
            eye_distance_px: between the eyes' outer corners, in the pixels of *fit*.
        """
        rest = _bgr(synthesizer, {})
        faces = self._landmarker.faces(rest)
        if not faces:
            return None
        asked = np.array([asked_of(fit, shape) for shape in MOUTHS]) / eye_distance_px
        points = self._landmarker.mesh(rest, faces[0]).points_px[:, :2]
        span = eye_distance(points)
        seen = np.array([_tracked(synthesizer, rest, points, shape) for shape in MOUTHS]) / span
        opening = Pairs(np.maximum(asked[:, 0], 0), np.maximum(seen[:, 0], 0))
        eyes = Pairs(np.array(BLINKS), self._shut(synthesizer, faces[0]))
        return Drawn(opening, Pairs(asked[:, 1], seen[:, 1]), eyes)

    def _shut(self, synthesizer: Synthesizer, face: Face) -> Floats:
        heights = []
        for blink in BLINKS:
            picture = _bgr(synthesizer, {"eyeBlink": blink})
            points = self._landmarker.mesh(picture, face).points_px[:, :2]
            gaps = [np.linalg.norm(points[a] - points[b]) for a, b in _LIDS]
            heights.append(float(np.mean(gaps)))
        return 1 - np.array(heights) / heights[0]


def asked_of(fit: Fit, shape: Shape) -> tuple[float, float]:
    """How far *shape* parts the lips and widens the mouth, in the pixels of *fit*."""
    weights = motion(shape, Pose()).coefficients.astype(np.float64)
    moved = np.tensordot(weights, fit.deltas_px[:, PRIOR_68, :2], 1)
    upper, lower = (_between(moved[list(lip), 1]) for lip in _PRIOR_LIPS)
    left, right = (moved[list(corner), 0].mean() for corner in POINTS_68)
    return float(lower - upper), float(right - left)


def _tracked(
    synthesizer: Synthesizer, rest: ByteArray, points: Floats, shape: Shape
) -> tuple[float, float]:
    """The same, as seen: pixels of the picture."""
    lips = [_between(points[list(pair)]) for pair in (*_UPPER, *_LOWER)]
    corners = [points[list(pair)].mean(0) for pair in POINTS]
    start = np.array([*lips, *corners]).astype(np.float32)
    before, at = np.asarray(cv2.cvtColor(rest, cv2.COLOR_BGR2GRAY), np.uint8), start
    for step in range(1, STEPS + 1):
        part = {name: value * step / STEPS for name, value in shape.items()}
        picture = cv2.cvtColor(_bgr(synthesizer, part), cv2.COLOR_BGR2GRAY)
        at, _, _ = cv2.calcOpticalFlowPyrLK(  # type: ignore[call-overload]  # None is allowed
            before, picture, at, None, winSize=(WINDOW_PX, WINDOW_PX), maxLevel=2
        )
        before = np.asarray(picture, np.uint8)
    moved = at - start
    upper, lower = np.median(moved[:3, 1]), np.median(moved[3:6, 1])
    return float(lower - upper), float(moved[7, 0] - moved[6, 0])


def _between(edges: Floats) -> Floats:
    """A point of a lip, given its inner and outer edge along the first axis."""
    return np.asarray((1 - _OUTWARD) * edges[0] + _OUTWARD * edges[1])


def _bgr(synthesizer: Synthesizer, shape: Shape) -> ByteArray:
    planes = synthesizer.render(motion(shape, Pose()))
    return np.asarray(cv2.cvtColor(planes, cv2.COLOR_YUV2BGR_I420), np.uint8)

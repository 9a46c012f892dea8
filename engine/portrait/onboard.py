"""From any photo to a rig: read, find the face, check, crop, bake."""

import io
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.portrait import checks
from engine.portrait.bake import SIZE_PX, bake, key_shapes
from engine.portrait.checks import Finding, RefusedError
from engine.portrait.crop import Crop, frame
from engine.portrait.landmarks import POINTS, Landmarker
from engine.portrait.measures import measure
from engine.portrait.photo import Photo, PhotoError, read
from engine.portrait.prior import Prior, load_prior
from engine.portrait.rig import Rig
from engine.portrait.selfie import Segmenter

Floats = NDArray[np.float64]
Bgr = NDArray[np.uint8]

DEFAULT_EXPAND_RATIO: Final = 0.18
DEFAULT_MIN_RESOLUTION_PX: Final = 512
NOT_BAKEABLE: Final = Finding(
    "not_bakeable", "the face cannot be laid over the photo and moved",
    "give a photo from the front, with room about the head, or better --landmarks",
)  # fmt: skip


@dataclass(frozen=True)
class Wishes:
    """How a photo is to be taken."""

    expand_ratio: float = DEFAULT_EXPAND_RATIO
    """Room about head and shoulders, 0.15 to 0.2."""
    min_resolution_px: int = DEFAULT_MIN_RESOLUTION_PX
    """Least side of head and shoulders in the photo, 512 to 1024."""
    force: bool = False
    """Whether to go on where a check fails, if that is possible at all."""


@dataclass(frozen=True)
class Candidate:
    """A photo that can be baked."""

    portrait: Bgr
    """(1024, 1024, 3) blue-green-red, cropped."""
    landmarks_px: Floats
    """(478, 2 or 3) in ``portrait``."""
    photo_landmarks_px: Floats
    """The same in the upright file's own pixels, for correcting by hand."""
    findings: tuple[Finding, ...]
    """What speaks against it: warnings, and if it was forced what it would be refused for."""


class Onboarding:
    """Makes portraits; loads its models once. Not thread-safe."""

    def __init__(self, segmenter: Segmenter | None = None) -> None:
        """Load the prior and the face models.

        Args:
            segmenter: finds the person for a background of choice; without it the rig has no mask,
                and a person is cut out by colours alone.

        Raises:
            ModelError: if the face models are missing.
        """
        self._prior: Prior = load_prior()
        self._landmarker = Landmarker()
        self._segmenter = segmenter

    def examine(
        self, path: Path, wishes: Wishes | None = None, landmarks_px: Floats | None = None
    ) -> Candidate:
        """Read and check the photo at *path*.

        Args:
            path: JPEG, PNG or WebP.
            wishes: how to take it; the defaults if None.
            landmarks_px: landmarks in the upright file's pixels, (478, 2 or 3), instead of those
                that would be found.

        Raises:
            PhotoError: it cannot be read.
            RefusedError: it is not suitable; ``findings`` names every reason.
        """
        wishes = wishes or Wishes()
        photo = read(path)
        findings, landmarks = self._face(photo, landmarks_px)
        height, width = photo.bgr.shape[:2]
        crop = frame(landmarks, width, height, wishes.expand_ratio)
        findings += self._findings(photo, landmarks, crop, wishes)
        findings = list(dict.fromkeys(findings))
        against = tuple(finding for finding in findings if finding.refuses)
        # Made of a photo that is not upright, nothing would be where it is looked for.
        forcible = checks.PHOTO_TURNED not in against
        if against and not (wishes.force and forcible):
            raise RefusedError(against, forcible)
        return Candidate(
            crop.cut(photo.bgr, SIZE_PX), crop.moved(landmarks, SIZE_PX),
            landmarks / photo.scale, tuple(findings),
        )  # fmt: skip

    def bake(self, candidate: Candidate, name: str) -> tuple[Rig, Bgr]:
        """The rig of *candidate*, and a sheet of its key shapes; takes some seconds.

        Raises:
            RefusedError: if the landmarks do not describe a face that can be moved.
        """
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", RuntimeWarning)  # NumPy's, of numbers that are none
                rig = bake(candidate.portrait, candidate.landmarks_px, self._prior, name)
                if self._segmenter is not None:
                    rig = replace(rig, mask=self._segmenter.mask(candidate.portrait))
                return rig, key_shapes(rig)
        except Exception as error:
            # A face that was forced, half outside the photo or on its side, breaks the arithmetic
            # in many places; each means the same.
            raise RefusedError((NOT_BAKEABLE,), forcible=False) from error

    def _face(self, photo: Photo, given_px: Floats | None) -> tuple[list[Finding], Floats]:
        if given_px is not None:
            return [], given_px * photo.scale
        found = self._landmarker.find(photo.bgr)
        turned = [checks.PHOTO_TURNED] if self._landmarker.upside_down(photo.bgr) else []
        if not found:
            raise RefusedError((checks.NO_FACE, *turned), forcible=False)
        return [*turned, *checks.faces(found)], found[0].points_px

    def _findings(
        self, photo: Photo, landmarks: Floats, crop: Crop, wishes: Wishes
    ) -> list[Finding]:
        height, width = photo.bgr.shape[:2]
        full = (round(width / photo.scale), round(height / photo.scale))
        measured = measure(photo.bgr, landmarks, self._prior)
        return [
            *checks.size(*full),
            *checks.place(landmarks, width, height, crop, wishes.min_resolution_px),
            *checks.face(measured),
            *checks.light(measured),
        ]


def read_landmarks(path: Path) -> Floats:
    """Landmarks of an operator: text with ``x,y`` or ``x,y,z`` in each of 478 lines, or ``.npy``.

    Raises:
        PhotoError: it cannot be read, or is something else.
    """
    remedy = f"give {POINTS} lines of x,y in the photo's pixels, as landmarks.csv of an avatar has"
    try:
        data = io.BytesIO(path.read_bytes())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of an empty file: it has no 478 lines either
            values = np.load(data) if path.suffix == ".npy" else np.loadtxt(data, delimiter=",")
        points = np.asarray(values, np.float64)
    except OSError as error:
        raise PhotoError("unreadable", f"{path}: {error.strerror or error}", remedy) from None
    except (ValueError, TypeError, EOFError):
        raise PhotoError("bad_landmarks", f"{path.name} is no list of numbers", remedy) from None
    if points.ndim != 2 or points.shape[0] != POINTS or points.shape[1] not in (2, 3):
        shape = "×".join(str(n) for n in points.shape)
        raise PhotoError("bad_landmarks", f"{path.name} has {shape} numbers", remedy)
    if not np.isfinite(points).all() or np.ptp(points[:, 0]) < 1 or np.ptp(points[:, 1]) < 1:
        raise PhotoError("bad_landmarks", f"{path.name} does not describe a face", remedy)
    return points

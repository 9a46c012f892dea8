"""Faces in a photo and their 478 landmarks, in MediaPipe's order, offline.

The steps are MediaPipe's (Apache-2.0): BlazeFace (Bazarevsky et al. 2019) finds faces, the face
mesh (Kartynnik et al. 2019) gives 468 points on the face turned upright, the iris network
(Ablavatski et al. 2020) refines each eye and adds its iris. Positions are pixels of the photo, +x
right, +y down, depth in the same unit, smaller toward the viewer.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.portrait.eye_points import CORNERS, EYES
from engine.portrait.models import CLOSE_DETECTOR, FAR_DETECTOR, IRIS, MESH, Model, Singles

Floats = NDArray[np.float64]
Image = NDArray[np.uint8]

POINTS: Final = 478
MIN_SCORE: Final = 0.5
BETTER_TURNED: Final = 0.02
"""How much surer of a face the detector is in a photo turned the right way up: of 60 portraits, all
were surer by 0.035 or more."""
MIN_PRESENCE: Final = 0.5
"""What the detector takes for a face and the mesh does not is none: a drawing, two dots."""
SAME_FACE: Final = 0.3
"""Boxes whose overlap over union is larger show the same face."""
WITHIN: Final = 0.6
"""So do those of which so much of the smaller lies in the larger."""
MESH_ROOMS: Final = (1.5, 1.6, 1.7)
MESH_TURNS: Final = (-0.08, 0.0, 0.08)
"""The mesh looks nine times, with more or less room and a little turned (radians); the mean of its
answers is steadier than any one of them, at the chin above all."""
EYE_ROOM: Final = 2.3
"""Side of what the iris network looks at, over the eye's width."""
_STRIDES: Final = {CLOSE_DETECTOR: (16, 32, 32, 32), FAR_DETECTOR: (4,)}


@dataclass(frozen=True)
class Face:
    """A face that was found."""

    box_px: tuple[float, float, float, float]
    """Left, top, right, bottom, about from brow to chin."""
    score: float
    """0 to 1."""
    points_px: Floats
    """(6, 2): the viewer's left eye, right eye, nose, mouth, left ear, right ear."""

    @property
    def area_px(self) -> float:
        """Area of the box."""
        return (self.box_px[2] - self.box_px[0]) * (self.box_px[3] - self.box_px[1])


@dataclass(frozen=True)
class Mesh:
    """The landmarks of one face."""

    face: Face
    points_px: Floats
    """(478, 3)."""
    presence: float
    """0 to 1: how sure the network is that there is a face."""


@dataclass(frozen=True)
class _View:
    """A square of the photo: centre and side in pixels, turned by an angle."""

    x: float
    y: float
    side: float
    angle: float = 0.0

    def matrix(self, size_px: int, mirrored: bool = False) -> Floats:
        """(2, 3): from pixels of the network's picture to those of the photo."""
        step = self.side / size_px
        across = np.array([np.cos(self.angle), np.sin(self.angle)]) * step
        down = np.array([-np.sin(self.angle), np.cos(self.angle)]) * step
        across = -across if mirrored else across
        middle = np.array([self.x, self.y]) - (across + down) * size_px / 2
        return np.stack([across, down, middle], 1)


class Landmarker:
    """Finds faces and their landmarks. Not thread-safe."""

    def __init__(self, folder: Path | None = None) -> None:
        """Load the networks from *folder*, or from the installed package.

        Raises:
            ModelError: if they are missing or cannot be run.
        """
        self._detectors = {name: Model(name, folder) for name in _STRIDES}
        self._mesh, self._iris = Model(MESH, folder), Model(IRIS, folder)

    def find(self, photo: Image) -> list[Mesh]:
        """Every face in *photo*, (height, width, 3) blue-green-red, with its landmarks."""
        seen = [self.mesh(photo, face) for face in self.faces(photo)]
        return [mesh for mesh in seen if mesh.presence > MIN_PRESENCE]

    def faces(self, photo: Image) -> list[Face]:
        """What looks like a face in *photo*, (height, width, 3) blue-green-red, largest first."""
        height, width = photo.shape[:2]
        whole = _View(width / 2, height / 2, float(max(width, height)))
        found: list[Face] = []
        for name, model in self._detectors.items():
            boxes, scores = model.run(_look(photo, whole, model.size_px) * 2 - 1)
            found += _decode(boxes, scores[:, 0], _anchors(name, model.size_px), whole, model)
        return sorted(_distinct(found), key=lambda face: -face.area_px)

    def upside_down(self, photo: Image) -> bool:
        """Whether a face is seen better when the photo is turned over."""
        over = np.ascontiguousarray(photo[::-1, ::-1])
        seen, turned = (
            max((face.score for face in self.faces(each)), default=MIN_SCORE)
            for each in (photo, over)
        )
        return turned > seen + BETTER_TURNED

    def mesh(self, photo: Image, face: Face) -> Mesh:
        """The landmarks of *face* in *photo*."""
        left, top, right, bottom = face.box_px
        x, y, side = (left + right) / 2, (top + bottom) / 2, max(right - left, bottom - top)
        angle = _angle(face.points_px[:2])
        views = [_View(x, y, side * room, angle + turn)
                 for room in MESH_ROOMS for turn in MESH_TURNS]  # fmt: skip
        looks = [self._look_at(photo, view) for view in views]
        points = np.mean([look[0] for look in looks], axis=0)
        irises = np.concatenate([self._refine(photo, points, eye) for eye in (0, 1)])
        presence = float(np.mean([look[1] for look in looks]))
        return Mesh(face, np.concatenate([points, irises]), presence)

    def _look_at(self, photo: Image, view: _View) -> tuple[Floats, float]:
        size = self._mesh.size_px
        flat, flag = self._mesh.run(_look(photo, view, size))
        points = _lifted(flat.reshape(-1, 3), view, size)
        return points, float(_sigmoid(flag.reshape(-1))[0])

    def _refine(self, photo: Image, points: Floats, side: int) -> Floats:
        """Write the eye's outline into *points*; its iris, (5, 3)."""
        corners = points[list(CORNERS[side]), :2]
        x, y = corners.mean(0)
        size = self._iris.size_px
        span = float(np.linalg.norm(corners[1] - corners[0]))
        view = _View(float(x), float(y), span * EYE_ROOM, _angle(corners))
        mirrored = side == 1
        seen = self._iris.run(_look(photo, view, size, mirrored))
        outline, iris = (_lifted(part.reshape(-1, 3), view, size, mirrored) for part in seen)
        index = list(EYES[side])
        points[index, :2] = outline[:, :2]
        iris[:, 2] = points[list(CORNERS[side]), 2].mean()
        # Centre, right, top, left, bottom as seen in the photo, for both eyes.
        return iris[[0, 3, 2, 1, 4]] if mirrored else iris


def _look(photo: Image, view: _View, size: int, mirrored: bool = False) -> Singles:
    """What a network sees in *view*: (size, size, 3), red-green-blue, 0 to 1; black outside.

    As in MediaPipe, pixel 0 of it shows the view's very corner, and a mirrored view is that picture
    turned over: half a pixel more would show in the landmarks.
    """
    matrix = view.matrix(size, mirrored)
    if mirrored:
        matrix[:, 2] += matrix[:, 0]
    shrink = view.side / size
    if shrink > 2:  # halve first: a plain warp would skip pixels
        factor = 2 ** int(np.log2(shrink))
        small = (max(1, photo.shape[1] // factor), max(1, photo.shape[0] // factor))
        ratio = np.array([small[0] / photo.shape[1], small[1] / photo.shape[0]])
        photo = np.asarray(cv2.resize(photo, small, interpolation=cv2.INTER_AREA), np.uint8)
        matrix = matrix * ratio[:, None]
        matrix[:, 2] += (ratio - 1) / 2
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    seen = cv2.warpAffine(photo, matrix, (size, size), flags=flags)
    return np.asarray(seen[..., ::-1], np.float32) / np.float32(255)


def _lifted(points: Singles, view: _View, size: int, mirrored: bool = False) -> Floats:
    """From pixels of the network's picture, (n, 3), to those of the photo."""
    matrix = view.matrix(size, mirrored)
    flat = points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    return np.column_stack([flat, points[:, 2] * view.side / size]).astype(np.float64)


def _angle(ends: Floats) -> float:
    across, down = ends[1] - ends[0]
    return float(np.arctan2(down, across))


def _anchors(name: str, size: int) -> Floats:
    """(n, 2) places, 0 to 1, that the detector's answers count from."""
    rows = []
    for stride in _STRIDES[name]:
        cells = (np.arange(size // stride) + 0.5) / (size // stride)
        x, y = np.meshgrid(cells, cells)
        each = 1 if name == FAR_DETECTOR else 2
        rows.append(np.repeat(np.stack([x.ravel(), y.ravel()], 1), each, axis=0))
    if len(rows) == 1:
        return rows[0]
    # Layers of one stride share their cells: six answers to each.
    first, *others = rows
    cells_32 = others[0][::2]
    return np.concatenate([first, np.repeat(cells_32, 2 * len(others), axis=0)])


def _decode(
    boxes: Singles, scores: Singles, anchors: Floats, view: _View, model: Model
) -> list[Face]:
    size = model.size_px
    sure = _sigmoid(scores)
    faces = []
    for row in np.flatnonzero(sure > MIN_SCORE):
        pairs = boxes[row].reshape(-1, 2).astype(np.float64) / size
        middle, extent, points = pairs[0] + anchors[row], pairs[1], pairs[2:] + anchors[row]
        corners = np.stack([middle - extent / 2, middle + extent / 2, *points])
        at = (corners - 0.5) * view.side + [view.x, view.y]
        if (at[1] > at[0]).all():
            box = (float(at[0, 0]), float(at[0, 1]), float(at[1, 0]), float(at[1, 1]))
            faces.append(Face(box, float(sure[row]), at[2:]))
    return faces


def _distinct(faces: list[Face]) -> list[Face]:
    """One face for each heap of overlapping ones, their mean weighted by score."""
    rest = sorted(faces, key=lambda face: -face.score)
    out = []
    while rest:
        first = rest[0]
        heap = [face for face in rest if _same(face, first)]
        rest = [face for face in rest if not _same(face, first)]
        weights = np.array([face.score for face in heap])
        box = np.average([face.box_px for face in heap], axis=0, weights=weights)
        points = np.average([face.points_px for face in heap], axis=0, weights=weights)
        left, top, right, bottom = (float(edge) for edge in box)
        out.append(Face((left, top, right, bottom), heap[0].score, points))
    return out


def _same(a: Face, b: Face) -> bool:
    """Whether two boxes show one face: they overlap, or one lies within the other."""
    width = min(a.box_px[2], b.box_px[2]) - max(a.box_px[0], b.box_px[0])
    height = min(a.box_px[3], b.box_px[3]) - max(a.box_px[1], b.box_px[1])
    both = max(0.0, width) * max(0.0, height)
    union = a.area_px + b.area_px - both
    return both > SAME_FACE * union or both > WITHIN * min(a.area_px, b.area_px)


def _sigmoid(values: Singles) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(values.astype(np.float64), -80, 80))))

"""What a warp cannot do to skin: its light as it bends, the dark of folds, and the lips' wet gloss.

Light on a face is taken as a + b·n of its normals (Basri and Jacobs 2003, first order), found in
the photo itself. A vertex whose normal turns is lit anew by the ratio; where the surface sinks in
it sees less of the sky (Langer and Bülthoff 2000 call it the dark-valley rule). Ratios ride on the
skin: they are drawn at rest and carried by the same flows as the picture.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from engine.portrait.flows import mesh_part
from engine.portrait.lips import OUTER
from engine.portrait.mouth import normals
from engine.portrait.plane import polygon
from engine.portrait.prior import FACE, HEAD, Fit
from engine.portrait.raster import rasterise

Floats = NDArray[np.float64]
Maps = NDArray[np.float32]
Box = tuple[int, int, int, int]

ROUNDS: Final = (2, 8)
"""Smoothing rounds of the surface that a hollow is measured against: a crease, a fold."""
VALLEY: Final = (6.5, 3.6)
"""How much darker, per centimetre of depth under the smoothed surface."""
RATIO: Final = (0.55, 1.45)
SIDEWAYS: Final = 0.85
"""The light's slope over its mean is held below this: what the photo says beyond is texture."""
LIP_SHARP: Final = 26.0
DULLEST: Final = -0.25
"""Of its own highlight, so much at most is taken from a lip: the photo may show none."""
LIP_GLOSS: Final = 46.0
"""Grey levels of a wet lip's highlight."""
INWARD_PX: Final = 3.2
"""How far a lip that opens turns in at its rim."""


@dataclass(frozen=True)
class Light:
    """a + b·n over the mean light, normals with +y down and +z toward the viewer."""

    level: float
    slope: Floats
    """(3,)."""

    def on(self, normal: Floats) -> Floats:
        """Light on (count, 3) normals; 1 on average."""
        return np.maximum(self.level + normal @ self.slope, 0.2)

    @property
    def direction(self) -> tuple[float, float, float]:
        """Unit, toward the light; from the front if it has no side."""
        way = self.slope + np.array([0.0, -0.05, 0.25])
        x, y, z = way / np.linalg.norm(way)
        return float(x), float(y), float(z)


class Skin:
    """The skin of one fitted portrait. Drawn at rest over *box* of a portrait of *shape*."""

    def __init__(self, fit: Fit, photo: NDArray[np.uint8], landmarks_px: Floats, box: Box) -> None:
        self._fit, self._box = fit, box
        self._shape = photo.shape[:2]
        self._triangles = mesh_part(fit, FACE, HEAD)
        self._cover = rasterise(fit.points_px, self._triangles, box)
        self._mean = _neighbours(self._triangles, len(fit.points_px))
        self._still = normals(fit.points_px, self._triangles)
        self._hollow = self._hollows(fit.points_px, self._still)
        self.light = self._find_light(photo, landmarks_px)
        lips = polygon(self._shape, landmarks_px[list(OUTER)]).astype(np.float32)
        self.lips = np.asarray(cv2.GaussianBlur(lips, (0, 0), 2.0), np.float32)
        halfway = np.array(self.light.direction) + np.array([0.0, 0.0, 1.0])
        self._halfway = halfway / np.linalg.norm(halfway)

    def fields(self, weights: NDArray[np.float32]) -> Maps:
        """(height, width, 2) at rest: the ratio of light, and the gloss that comes to the lips."""
        points = self._fit.points_px + np.tensordot(weights, self._fit.deltas_px, 1)
        normal = normals(points, self._triangles)
        ratio = (self.light.on(normal) / self.light.on(self._still)).clip(*RATIO)
        valley = np.ones_like(ratio)
        for depth, rest, strength in zip(
            self._hollows(points, normal), self._hollow, VALLEY, strict=True
        ):
            deeper = np.maximum(depth - rest, 0) / self._fit.scale_px_per_cm
            valley = valley * np.exp(-strength * deeper)
        gloss = self._shine(normal) - self._shine(self._still)
        values = np.column_stack([ratio - 1, valley.clip(RATIO[0], 1) - 1, gloss])
        drawn = self._cover.sample(values, self._triangles).astype(np.float32)
        drawn = np.asarray(cv2.GaussianBlur(drawn, (0, 0), 2.2), np.float32)
        out = np.zeros((*self._shape, 2), np.float32)
        out[..., 0] = 1
        x0, y0, x1, y1 = self._box
        lips = self.lips[y0:y1, x0:x1]
        # The mesh's own lips curl in: their valleys are none of these lips'.
        out[y0:y1, x0:x1, 0] = (1 + drawn[..., 0]) * (1 + drawn[..., 1] * (1 - lips))
        out[y0:y1, x0:x1, 1] = np.maximum(drawn[..., 2], DULLEST) * lips * LIP_GLOSS
        return out

    def _shine(self, normal: Floats) -> Floats:
        return np.asarray(np.clip(normal @ self._halfway, 0, 1) ** LIP_SHARP)

    def _hollows(self, points: Floats, normal: Floats) -> list[Floats]:
        """Depth of each vertex under the surface smoothed a little, and more; pixels."""
        out, smooth, done = [], points, 0
        for rounds in ROUNDS:
            for _ in range(rounds - done):
                smooth = self._mean @ smooth
            done = rounds
            depth = ((smooth - points) * normal).sum(1)
            out.append(np.asarray(self._mean @ np.maximum(depth, 0)))
        return out

    def _find_light(self, photo: NDArray[np.uint8], landmarks_px: Floats) -> Light:
        """Least squares of the photo's linear light over the normals of bare skin."""
        x0, y0, x1, y1 = self._box
        grey = cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY)[y0:y1, x0:x1]
        linear = (cv2.GaussianBlur(grey, (0, 0), 3).astype(np.float64) / 255) ** 2.2
        bare = self._cover.triangle >= 0
        bare &= ~polygon(self._shape, landmarks_px[list(OUTER)])[y0:y1, x0:x1]
        normal = self._cover.sample(self._still, self._triangles)
        bare &= normal[..., 2] > 0.35
        low, high = np.quantile(linear[bare], (0.15, 0.97))
        bare &= (linear > low) & (linear < high)
        design = np.column_stack([np.ones(int(bare.sum())), normal[bare]])
        mean = float(linear[bare].mean())
        ridge = np.diag([1e-6, 0.02, 0.02, 0.02]) * len(design)
        found = np.linalg.solve(design.T @ design + ridge, design.T @ (linear[bare] / mean))
        slope = found[1:]
        steep = float(np.linalg.norm(slope))
        slope = slope * min(1.0, SIDEWAYS / max(steep, 1e-6))
        return Light(float(1 - design[:, 1:].mean(0) @ slope), slope)


def _neighbours(triangles: NDArray[np.int64], count: int) -> sparse.csr_matrix:
    """(count, count): the mean of a vertex and its neighbours."""
    pairs = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    pairs = np.concatenate([pairs, pairs[:, ::-1], np.repeat(np.arange(count)[:, None], 2, 1)])
    ones = np.ones(len(pairs))
    joined = sparse.csr_matrix((ones, (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    joined.data[:] = 1
    return sparse.diags(1 / np.asarray(joined.sum(1)).ravel()) @ joined

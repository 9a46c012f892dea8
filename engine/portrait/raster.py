"""A small software rasteriser for baking: which triangle of a mesh is seen at each pixel."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Coverage:
    """What a mesh shows at each pixel of a box."""

    triangle: Ints
    """(height, width) row in the triangle list, −1 where nothing is seen."""
    corners: NDArray[np.float32]
    """(height, width, 3) barycentric weights of the triangle's corners."""
    depth_px: NDArray[np.float32]
    """(height, width), +z toward the viewer, −inf where nothing is seen."""

    def sample(self, values: Floats, triangles: Ints) -> Floats:
        """Per-vertex *values* (vertices, k) seen at each pixel: (height, width, k), else 0."""
        seen = self.triangle >= 0
        out = np.zeros((*self.triangle.shape, values.shape[1]))
        rows = triangles[self.triangle[seen]]
        out[seen] = np.einsum("nck,nc->nk", values[rows], self.corners[seen])
        return out


def rasterise(points_px: Floats, triangles: Ints, box: tuple[int, int, int, int]) -> Coverage:
    """Rasterise front-facing *triangles* of *points_px* (vertices, 3) in *box* (x0, y0, x1, y1).

    Pixel centres stand at whole coordinates. Image axes: +y down; front-facing triangles are those
    whose corners run counter-clockwise as seen by the viewer with +y up.
    """
    x0, y0, x1, y1 = box
    height, width = y1 - y0, x1 - x0
    index = np.full((height, width), -1, np.int64)
    weights = np.zeros((height, width, 3), np.float32)
    depth = np.full((height, width), -np.inf, np.float32)
    corner = points_px[triangles] - [x0, y0, 0.0]
    a, b, c = corner[:, 0], corner[:, 1], corner[:, 2]
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1])
    low = np.ceil(corner[:, :, :2].min(1)).astype(int)
    high = np.floor(corner[:, :, :2].max(1)).astype(int)
    low = np.maximum(low, 0)
    high = np.minimum(high, [width - 1, height - 1])
    for row in np.flatnonzero((area < -1e-9) & (low <= high).all(1)):
        (ax, ay, az), (bx, by, bz), (cx, cy, cz) = corner[row]
        xs = np.arange(low[row, 0], high[row, 0] + 1)[None]
        ys = np.arange(low[row, 1], high[row, 1] + 1)[:, None]
        wb = ((xs - ax) * (cy - ay) - (cx - ax) * (ys - ay)) / area[row]
        wc = ((bx - ax) * (ys - ay) - (xs - ax) * (by - ay)) / area[row]
        wa = 1.0 - wb - wc
        z = wa * az + wb * bz + wc * cz
        view = (slice(low[row, 1], high[row, 1] + 1), slice(low[row, 0], high[row, 0] + 1))
        seen = (wa >= -1e-9) & (wb >= -1e-9) & (wc >= -1e-9) & (z > depth[view])
        if seen.any():
            depth[view][seen] = z[seen]
            index[view][seen] = row
            weights[view][seen] = np.stack([wa, wb, wc], -1)[seen]
    return Coverage(index, weights, depth)

"""The skin's flows of a rig at one output size: coefficients and pose in, maps out."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from engine.media import FloatArray
from engine.portrait.rig import Rig
from engine.synthesis.blend import Scratch
from engine.synthesis.framing import Framing, Rect
from engine.synthesis.warp import Cells, Grid, Turn

CELL_SOURCE_PX: Final = 7.0
LEAST: Final = 1e-3
"""Coefficients below this are at rest."""


@dataclass(frozen=True)
class Maps:
    """Where the pixels of an output rectangle come from, in the head's rectangle."""

    rect: Rect
    """In output pixels."""
    x: FloatArray
    """(rows, columns) at one cell a value."""
    y: FloatArray

    def full(self, scratch: Scratch, name: str) -> tuple[FloatArray, FloatArray]:
        """x and y at every pixel."""
        return self._spread(scratch, name, 1, self.x, self.y)

    def half(self, scratch: Scratch, name: str) -> tuple[FloatArray, FloatArray]:
        """x and y at every chroma sample, in chroma samples."""
        return self._spread(scratch, name, 2, (self.x - 0.5) * 0.5, (self.y - 0.5) * 0.5)

    def _spread(
        self, scratch: Scratch, name: str, by: int, x: FloatArray, y: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        width, height = (self.rect[2] - self.rect[0]) // by, (self.rect[3] - self.rect[1]) // by
        out = scratch.floats(name, 2, height, width)
        cv2.resize(x, (width, height), dst=out[0], interpolation=cv2.INTER_LINEAR)
        cv2.resize(y, (width, height), dst=out[1], interpolation=cv2.INTER_LINEAR)
        return out[0], out[1]


def cell_px(scale: float) -> int:
    """An even cell of about ``CELL_SOURCE_PX`` of the portrait."""
    return max(2, 2 * round(CELL_SOURCE_PX * scale / 2))


class Skin:
    """Both flows of a rig over *rect*, whose sides are whole cells."""

    def __init__(self, rig: Rig, framing: Framing, rect: Rect, cell: int) -> None:
        x0, y0, x1, y1 = rect
        self.rect = rect
        self.grid = grid = Grid((x1 - x0) // cell, (y1 - y0) // cell, cell)
        source = (grid.nodes_px + np.array([x0 + 0.5, y0 + 0.5])) / framing.scale - 0.5
        source += np.array([framing.origin_x, framing.origin_y])
        at = ((source - rig.box[:2] - (rig.step_px - 1) / 2) / rig.step_px).astype(np.float32)
        at_x, at_y = np.ascontiguousarray(at[..., 0]), np.ascontiguousarray(at[..., 1])

        def spread(field: FloatArray) -> FloatArray:
            mode = cv2.BORDER_REPLICATE
            drawn = cv2.remap(field, at_x, at_y, cv2.INTER_LINEAR, borderMode=mode)
            return np.asarray(drawn, np.float32)

        lower = rig.lower_flow.astype(np.float32) * framing.scale
        self._lower = [spread(field) for field in lower]
        padded = np.zeros(lower.shape[1:], np.float32)
        cx0, cy0, cx1, cy1 = rig.upper_cells
        extra = []
        for field in rig.upper_flow.astype(np.float32) * framing.scale:
            padded[cy0:cy1, cx0:cx1] = field
            extra.append(spread(padded))
        size = np.abs(np.stack(extra)).max((0, 3))
        rows, columns = np.flatnonzero(size.max(1)), np.flatnonzero(size.max(0))
        self._lens = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
        self._extra = [np.ascontiguousarray(field[self._lens]) for field in extra]
        pivot = np.array(framing.to_output(*rig.pivot_px), np.float32)
        depth = spread(rig.depth_px.astype(np.float32)) * framing.scale
        self._rest = np.dstack([grid.nodes_px + np.array([x0, y0]) - pivot, depth]).astype(
            np.float32
        )
        self._scratch = Scratch()

    def flows(self, weights: FloatArray, turned: Turn) -> tuple[FloatArray, FloatArray]:
        """Forward flows of the nodes, (rows, columns, 2) output pixels: lower, upper."""
        shape = self._scratch.floats("shape", self.grid.rows, self.grid.columns, 2)
        lens_rows, lens_columns = self._extra[0].shape[:2]
        extra = self._scratch.floats("extra", lens_rows, lens_columns, 2)
        shape[...], extra[...] = 0, 0
        for k in np.flatnonzero(weights > LEAST):
            cv2.scaleAdd(self._lower[k], float(weights[k]), shape, dst=shape)
            cv2.scaleAdd(self._extra[k], float(weights[k]), extra, dst=extra)
        still = np.column_stack([turned.matrix - np.eye(2, 3), turned.shift])
        posed = self._scratch.floats("posed", *shape.shape)
        cv2.transform(self._rest, still, dst=posed)
        lower = self._scratch.floats("lower", *shape.shape)
        upper = self._scratch.floats("upper", *shape.shape)
        turning = np.ascontiguousarray(turned.matrix[:, :2])
        cv2.transform(shape, turning, dst=lower)
        lower += posed
        upper[...] = lower
        upper[self._lens] += cv2.transform(extra, turning)
        return lower, upper

    def maps(self, flow: FloatArray, cells: Cells) -> Maps:
        """The inverse of *flow* over *cells*; valid until the next call."""
        x, y = self.grid.invert(flow, cells)
        cell = self.grid.cell_px
        x0, y0 = self.rect[:2]
        rect = (x0 + cells[0] * cell, y0 + cells[1] * cell,
                x0 + cells[2] * cell, y0 + cells[3] * cell)  # fmt: skip
        return Maps(rect, x, y)

    def cells_over(self, box: Rect, flow: FloatArray, margin: int = 2) -> Cells:
        """Cells over which what rests in output *box* now lies."""
        cell = self.grid.cell_px
        rows, columns = self.grid.rows, self.grid.columns
        x0, y0 = self.rect[:2]
        c0, c1 = max(0, (box[0] - x0) // cell), min(columns, -((x0 - box[2]) // cell))
        r0, r1 = max(0, (box[1] - y0) // cell), min(rows, -((y0 - box[3]) // cell))
        part = flow[r0:r1, c0:c1]
        low = np.floor(part.min((0, 1)) / cell).astype(int) - margin
        high = np.ceil(part.max((0, 1)) / cell).astype(int) + margin
        # Never empty, even where it has left the picture.
        left = min(max(0, c0 + int(low[0])), columns - 2)
        top = min(max(0, r0 + int(low[1])), rows - 2)
        right, bottom = min(columns, c1 + int(high[0])), min(rows, r1 + int(high[1]))
        return left, top, max(right, left + 2), max(bottom, top + 2)

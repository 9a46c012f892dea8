"""Flows at run time: summing the basis, turning the head, and inverting the result.

A flow says where each point of the portrait goes; drawing needs where each pixel of the output
comes from. The inverse is found on the grid's nodes by Newton steps with a diagonal slope: the
flow is smooth, so four steps leave well under a tenth of a pixel.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from engine.media import FloatArray, Pose

NEWTON_STEPS = 5
STEEPEST = 0.22
"""Slopes below this (folds) are taken as this."""


@dataclass(frozen=True)
class Turn:
    """A pose as a map of (x, y, depth) about the pivot, in output pixels."""

    matrix: FloatArray
    """(2, 3)."""
    shift: FloatArray
    """(2,), output pixels."""

    def move(self, x: float, y: float, depth: float) -> tuple[float, float]:
        """A point relative to the pivot, moved; still relative to the pivot."""
        at = self.matrix @ np.array([x, y, depth], np.float32) + self.shift
        return float(at[0]), float(at[1])


def turn(pose: Pose, eye_distance_px: float) -> Turn:
    """The pose's scaled orthographic map."""
    yaw, pitch, roll = np.deg2rad([pose.yaw_deg, pose.pitch_deg, pose.roll_deg])
    about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    about_x = np.array(
        [[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]]
    )
    about_z = np.array(
        [[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]]
    )
    matrix = pose.scale * (about_z @ about_x @ about_y)[:2]
    shift = np.array([pose.x, pose.y]) * eye_distance_px
    return Turn(matrix.astype(np.float32), shift.astype(np.float32))


class Grid:
    """Nodes over a rectangle of the output, at the centres of equal cells."""

    def __init__(self, width: int, height: int, cell_px: float) -> None:
        self.columns = max(4, round(width / cell_px))
        self.rows = max(4, round(height / cell_px))
        self.per_px = np.array([self.columns / width, self.rows / height], np.float32)
        xs = (np.arange(self.columns) + 0.5) / self.per_px[0] - 0.5
        ys = (np.arange(self.rows) + 0.5) / self.per_px[1] - 0.5
        self.nodes_px = np.stack(np.meshgrid(xs, ys), -1).astype(np.float32)
        """(rows, columns, 2) in pixels of the rectangle."""
        column, row = np.meshgrid(np.arange(self.columns), np.arange(self.rows))
        self.index = np.stack([column, row], -1).astype(np.float32)
        shape = self.nodes_px.shape
        self._field = np.empty((*shape[:2], 4), np.float32)
        self._at = np.empty(shape, np.float32)

    def invert(self, flow: FloatArray) -> FloatArray:
        """Where each node comes from: (rows, columns, 2) pixels, given the forward *flow*."""
        field = self._field
        field[..., :2] = flow
        slope_x, slope_y = field[..., 2], field[..., 3]
        _slope(flow[..., 0], slope_x, 1, float(self.per_px[0]))
        _slope(flow[..., 1], slope_y, 0, float(self.per_px[1]))
        back = -flow
        for _ in range(NEWTON_STEPS):
            np.multiply(back, self.per_px, out=self._at)
            self._at += self.index
            sampled = cv2.remap(field, self._at, None, cv2.INTER_LINEAR,
                                borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
            step = back + sampled[..., :2]
            step *= sampled[..., 2:]
            back -= step
        back += self.nodes_px
        return back


def _slope(values: FloatArray, out: FloatArray, axis: int, per_px: float) -> None:
    """1 / (1 + d values / d axis), bounded."""
    if axis == 1:
        out[:, 1:-1] = (values[:, 2:] - values[:, :-2]) * (per_px / 2)
        out[:, 0], out[:, -1] = out[:, 1], out[:, -2]
    else:
        out[1:-1] = (values[2:] - values[:-2]) * (per_px / 2)
        out[0], out[-1] = out[1], out[-2]
    out += 1
    np.maximum(out, STEEPEST, out=out)
    np.reciprocal(out, out=out)

"""Flows at run time: summing the basis, turning the head, and inverting the result.

A flow says where each point of the portrait goes; drawing needs where each pixel of the output
comes from. The inverse is found on the grid's nodes by Newton steps with a diagonal slope: where
the flow is smooth, a few of them leave well under a tenth of a pixel.
"""

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from engine.media import FloatArray, Pose
from engine.synthesis.blend import Scratch

MOST_TURN_DEG: Final = 20.0
MOST_SHIFT: Final = 0.5
SCALES: Final = (0.8, 1.25)
NEWTON_STEPS: Final = 4
STEEPEST: Final = 0.22
"""Slopes below this (folds) are taken as this."""
LONGEST_STEP: Final = 3.0
"""Of a Newton step, in cells along an axis: where a wide jaw tears the flow, longer ones land on
the other side of the lip, and leave islands of it in the mouth and holes in it."""

Cells = tuple[int, int, int, int]
"""x0, y0, x1, y1 in nodes."""


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

    def raised(self, by_px: float) -> "Turn":
        """The same, *by_px* higher."""
        return Turn(self.matrix, self.shift - np.array([0.0, by_px], np.float32))


def bounded(pose: Pose) -> Pose:
    """*pose* within what one photo can show; what is not a number counts as at rest."""

    def within(value: float, low: float, high: float, rest: float = 0.0) -> float:
        # A plain float: a NumPy double would turn whole maps into doubles.
        return min(max(float(value), low), high) if math.isfinite(value) else rest

    return Pose(
        yaw_deg=within(pose.yaw_deg, -MOST_TURN_DEG, MOST_TURN_DEG),
        pitch_deg=within(pose.pitch_deg, -MOST_TURN_DEG, MOST_TURN_DEG),
        roll_deg=within(pose.roll_deg, -MOST_TURN_DEG, MOST_TURN_DEG),
        x=within(pose.x, -MOST_SHIFT, MOST_SHIFT),
        y=within(pose.y, -MOST_SHIFT, MOST_SHIFT),
        scale=within(pose.scale, *SCALES, rest=1.0),
        breath=within(pose.breath, 0.0, 1.0),
    )


def turn(pose: Pose, eye_distance_px: float) -> Turn:
    """The pose's scaled orthographic map; *pose* must be ``bounded``."""
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
    """Nodes at the centres of square cells over a rectangle of whole cells."""

    def __init__(self, columns: int, rows: int, cell_px: int) -> None:
        self.columns, self.rows, self.cell_px = columns, rows, cell_px
        column, row = np.meshgrid(np.arange(columns), np.arange(rows))
        self.index = np.stack([column, row], -1).astype(np.float32)
        self.nodes_px = ((self.index + 0.5) * cell_px - 0.5).astype(np.float32)
        """(rows, columns, 2) in pixels of the rectangle."""
        self._scratch = Scratch()

    def whole(self) -> Cells:
        """All of it."""
        return 0, 0, self.columns, self.rows

    def invert(self, flow: FloatArray, cells: Cells) -> tuple[FloatArray, FloatArray]:
        """Where the nodes of *cells* come from, given the forward *flow* (rows, columns, 2).

        Returns x and y in pixels of the rectangle; valid until the next call.
        """
        x0, y0, x1, y1 = cells
        field = self._scratch.floats("field", self.rows, self.columns, 4)
        slopes = self._scratch.floats("slopes", 2, self.rows, self.columns)
        self._slopes(flow, slopes)
        cv2.mixChannels([flow, slopes[0], slopes[1]], [field], [0, 0, 1, 1, 2, 2, 3, 3])
        index = self.index[y0:y1, x0:x1]
        # In cells: cheaper than pixels, since the samples are fetched by cell.
        per_px = 1.0 / self.cell_px
        start = self._scratch.floats("start", y1 - y0, x1 - x0, 2)
        at = self._scratch.floats("at", y1 - y0, x1 - x0, 2)
        np.multiply(flow[y0:y1, x0:x1], -per_px, out=start)
        np.add(index, start, out=at)
        got = self._scratch.floats("got", y1 - y0, x1 - x0, 4)
        step = self._scratch.floats("step", y1 - y0, x1 - x0, 2)
        for _ in range(NEWTON_STEPS):
            cv2.remap(  # type: ignore[call-overload]  # the stubs forbid the None it takes
                field, at, None, cv2.INTER_LINEAR, dst=got, borderMode=cv2.BORDER_REPLICATE
            )
            # residual = at + flow(at) − index
            np.multiply(got[..., :2], per_px, out=step)
            step += at
            step -= index
            step *= got[..., 2:]
            np.clip(step, -LONGEST_STEP, LONGEST_STEP, out=step)
            at -= step
        at += 0.5
        at *= self.cell_px
        at -= 0.5
        back = self._scratch.floats("back", 2, y1 - y0, x1 - x0)
        cv2.split(at, [back[0], back[1]])
        return back[0], back[1]

    def _slopes(self, flow: FloatArray, out: FloatArray) -> None:
        """1 / (1 + slope) along x of the x flow and along y of the y flow, bounded."""
        half = 0.5 / self.cell_px
        across, down = out
        np.subtract(flow[:, 2:, 0], flow[:, :-2, 0], out=across[:, 1:-1])
        across[:, 0], across[:, -1] = across[:, 1], across[:, -2]
        np.subtract(flow[2:, :, 1], flow[:-2, :, 1], out=down[1:-1])
        down[0], down[-1] = down[1], down[-2]
        out *= half
        out += 1
        np.maximum(out, STEEPEST, out=out)
        np.reciprocal(out, out=out)

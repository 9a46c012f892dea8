"""Drawing one picture of a rig from one motion frame.

Back to front: the plate (background, shoulders, neck), the inside of the mouth, the head with its
lower lip, the upper lip. The head and the upper lip are warped by two flows that agree everywhere
but about the lip line, so that lips part and meet without a seam. No state passes between frames.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from engine.media import ByteArray, FloatArray, MotionFrame, Pose
from engine.motion.coefficients import COEFFICIENTS
from engine.portrait.rig import Rig, RigError
from engine.synthesis.blend import over
from engine.synthesis.eyes import Eyes
from engine.synthesis.framing import Framing, Rect, frame, layer, opaque
from engine.synthesis.mouth import Mouth
from engine.synthesis.plate import Plate
from engine.synthesis.warp import Grid, Turn, turn

CELL_SOURCE_PX = 6.0
HEAD_BREATH = 0.35
"""How much of the shoulders' rise the head takes part in."""


@dataclass(frozen=True)
class OutputFormat:
    """Size of the picture, in pixels; both even, 256 to 1280."""

    width: int = 512
    height: int = 512

    def __post_init__(self) -> None:
        for name, value in (("width", self.width), ("height", self.height)):
            if not 256 <= value <= 1280 or value % 2:
                raise ValueError(f"output {name} {value}: must be even and within 256..1280")


class Synthesizer:
    """Draws pictures of one rig in one format."""

    def __init__(self, rig: Rig, output: OutputFormat) -> None:
        self.output = output
        self._rig = rig
        width, height = output.width, output.height
        source = (rig.plate.shape[1], rig.plate.shape[0])
        framing = frame(source, rig.pivot_px[0], width, height)
        self._framing = framing
        self._rect = framing.rect(rig.box, width, height)
        head = framing.place(_bled(rig.head), rig.box, self._rect)
        self._eyes = Eyes(rig, framing, self._rect, head)
        planes = layer(head)
        self._head_luma, self._head_chroma = planes.luma, planes.chroma
        self._upper_rect = framing.rect(rig.upper_box, width, height)
        self._upper = layer(framing.place(rig.upper, rig.upper_box, self._upper_rect))
        self._mouth = Mouth(rig, framing, width, height)
        self._plate = Plate(rig, framing, width, height)
        self._prepare_flows(rig, framing)
        self._eye_px = rig.eye_distance_px * framing.scale

    def _prepare_flows(self, rig: Rig, framing: Framing) -> None:
        x0, y0, x1, y1 = self._rect
        grid = Grid(x1 - x0, y1 - y0, CELL_SOURCE_PX * framing.scale)
        self._grid = grid
        source = (grid.nodes_px + (x0 + 0.5, y0 + 0.5)) / framing.scale - 0.5
        source += (framing.origin_x, framing.origin_y)
        cells = (source - rig.box[:2] - (rig.step_px - 1) / 2) / rig.step_px
        at = cells.astype(np.float32)

        def spread(field: FloatArray) -> FloatArray:
            return np.asarray(
                cv2.remap(field, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            )

        lower = rig.lower_flow.astype(np.float32) * framing.scale
        self._lower = np.stack([spread(field) for field in lower])
        padded = np.zeros(lower.shape[1:], np.float32)
        cx0, cy0, cx1, cy1 = rig.upper_cells
        extra = []
        for field in rig.upper_flow.astype(np.float32) * framing.scale:
            padded[cy0:cy1, cx0:cx1] = field
            extra.append(spread(padded))
        upper = np.stack(extra)
        rows = np.flatnonzero(np.abs(upper).max((0, 2, 3)) > 0)
        columns = np.flatnonzero(np.abs(upper).max((0, 1, 3)) > 0)
        self._lens = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
        self._upper_extra = np.ascontiguousarray(upper[:, self._lens[0], self._lens[1]])
        pivot = framing.to_output(*rig.pivot_px)
        self._pivot = np.array(pivot, np.float32)
        depth = spread(rig.depth_px.astype(np.float32)) * framing.scale
        rest = grid.nodes_px + (np.array([x0, y0], np.float32) - self._pivot)
        self._rest = np.dstack([rest, depth]).astype(np.float32)

    def render(self, motion: MotionFrame, out: ByteArray | None = None) -> ByteArray:
        """Draw *motion*.

        Args:
            motion: what the face does.
            out: where to draw, shape (height · 3 // 2, width); a new array without it.

        Returns:
            The I420 planes, BT.601 limited range: *out*, or an array that is the caller's own.

        Raises:
            ValueError: if *out* or the coefficients have another shape.
        """
        width, height = self.output.width, self.output.height
        shape = (height * 3 // 2, width)
        if out is None:
            out = np.empty(shape, np.uint8)
        elif out.shape != shape or out.dtype != np.uint8 or not out.flags.c_contiguous:
            raise ValueError(f"out is {out.dtype} {out.shape}: give contiguous uint8 {shape}")
        weights = np.asarray(motion.coefficients, np.float32)
        if weights.shape != (len(COEFFICIENTS),):
            raise ValueError(f"coefficients are {weights.shape}: give ({len(COEFFICIENTS)},)")
        weights = np.clip(np.nan_to_num(weights), 0, 1)
        luma, chroma = out[:height], np.empty((height // 2, width // 2, 2), np.uint8)
        pose = motion.pose
        turned = turn(pose, self._eye_px)
        breath = float(np.clip(pose.breath, 0, 1))
        self._plate.draw(luma, chroma, breath, self._neck(turned))
        lift = -HEAD_BREATH * breath * self._plate.rise_px
        turned = Turn(turned.matrix, turned.shift + np.array([0, lift], np.float32))
        self._draw_head(luma, chroma, weights, turned)
        planar = out[height:].reshape(2, height // 2, width // 2)
        planar[0], planar[1] = chroma[..., 0], chroma[..., 1]
        return out

    def _neck(self, turned: Turn) -> tuple[float, float]:
        """How far the neck's top is carried along, output pixels."""
        x, y, depth = self._plate.throat
        at = turned.move(x, y, depth)
        return at[0] - x, at[1] - y

    def _flow(self, shape: FloatArray, turned: Turn) -> FloatArray:
        """Forward flow of the nodes, given their displacement at rest pose."""
        moved = self._rest.copy()
        moved[..., :2] += shape
        at = moved @ turned.matrix.T
        at += turned.shift
        at -= self._rest[..., :2]
        return np.ascontiguousarray(at, np.float32)

    def _draw_head(
        self, luma: ByteArray, chroma: ByteArray, weights: FloatArray, turned: Turn
    ) -> None:
        active = np.flatnonzero(weights > 1e-4)
        shape = np.tensordot(weights[active], self._lower[active], 1)
        extra = np.tensordot(weights[active], self._upper_extra[active], 1)
        lower = self._flow(shape, turned)
        back = self._grid.invert(lower)
        shape[self._lens] += extra
        upper = self._flow(shape, turned)
        back_upper = self._grid.invert(upper)
        self._eyes.draw(weights, self._head_luma, self._head_chroma)
        x0, y0, x1, y1 = self._rect
        size = (x1 - x0, y1 - y0)
        head = _warp(self._head_luma, back, size)
        head_chroma = _warp(self._head_chroma, (back + 0.5) / 2 - 0.5, (size[0] // 2, size[1] // 2))
        rect = self._mouth_rect(lower)
        self._draw_interior(luma, chroma, head, weights, turned, rect, back_upper)
        here = (slice(y0, y1), slice(x0, x1))
        half = (slice(y0 // 2, y1 // 2), slice(x0 // 2, x1 // 2))
        over(luma[here], head[..., 0], head[..., 1])
        alpha = head_chroma[..., 2]
        over(chroma[half], head_chroma[..., :2], cv2.merge([alpha, alpha]))
        self._draw_upper(luma, chroma)

    def _mouth_rect(self, lower: FloatArray) -> Rect:
        """The output rectangle in which the mouth may open, for this flow."""
        left, top, right, bottom = self._rig.mouth_px
        wide, tall = (right - left) * 0.22, (right - left) * 0.2
        top = min(top, self._rig.upper_box[1] + tall)
        points = []
        for x, y in ((left - wide, top - tall), (right + wide, top - tall),
                     (left - wide, bottom + tall * 0.6), (right + wide, bottom + tall * 0.6)):  # fmt: skip
            ox, oy = self._framing.to_output(x, y)
            column = int((ox - self._rect[0]) * self._grid.per_px[0])
            row = int((oy - self._rect[1]) * self._grid.per_px[1])
            points.append((ox, oy) + lower[row, column])
        low, high = np.min(points, 0), np.max(points, 0)
        x0, y0 = (int(v // 2) * 2 for v in low)
        x1, y1 = (int(np.ceil(v / 2)) * 2 for v in high)
        rx0, ry0, rx1, ry1 = self._rect
        return max(rx0, x0), max(ry0, y0), min(rx1, x1), min(ry1, y1)

    def _draw_interior(
        self, luma: ByteArray, chroma: ByteArray, head: ByteArray, weights: FloatArray,
        turned: Turn, rect: Rect, back_upper: FloatArray,
    ) -> None:  # fmt: skip
        x0, y0, x1, y1 = rect
        size = (self._rect[2] - self._rect[0], self._rect[3] - self._rect[1])
        # The whole map is cheap enough only over the mouth: cut the nodes that matter.
        part = (x0 - self._rect[0], y0 - self._rect[1], x1 - self._rect[0], y1 - self._rect[1])
        maps = _cut(back_upper, self._grid, part)
        maps += np.array([self._rect[0] - self._upper_rect[0], self._rect[1] - self._upper_rect[1]],
                         np.float32)  # fmt: skip
        border = cv2.BORDER_CONSTANT
        lip = cv2.remap(self._upper.luma, maps, None, cv2.INTER_LINEAR, borderMode=border)
        half_maps = cv2.resize(maps, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        half_maps = (half_maps + 0.5) / 2 - 0.5
        lip_chroma = cv2.remap(self._upper.chroma, half_maps, None, cv2.INTER_LINEAR,
                               borderMode=border)  # fmt: skip
        self._lip = (rect, lip, lip_chroma)
        skin = head[part[1] : part[3], part[0] : part[2], 1]
        hidden = np.maximum(skin, lip[..., 1])
        del size
        if hidden.min() == 255:
            return
        jaw = (weights @ self._rig.jaw_motion) * self._framing.scale
        inside, inside_chroma = self._mouth.interior(rect, turned, jaw)
        self._mouth.shade(inside, inside_chroma, hidden)
        luma[y0:y1, x0:x1] = inside
        chroma[y0 // 2 : y1 // 2, x0 // 2 : x1 // 2] = inside_chroma

    def _draw_upper(self, luma: ByteArray, chroma: ByteArray) -> None:
        (x0, y0, x1, y1), lip, lip_chroma = self._lip
        over(luma[y0:y1, x0:x1], lip[..., 0], lip[..., 1])
        alpha = lip_chroma[..., 2]
        half = (slice(y0 // 2, y1 // 2), slice(x0 // 2, x1 // 2))
        over(chroma[half], lip_chroma[..., :2], cv2.merge([alpha, alpha]))


def _warp(texture: ByteArray, nodes: FloatArray, size: tuple[int, int]) -> ByteArray:
    maps = cv2.resize(nodes, size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(
        cv2.remap(texture, maps, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT), np.uint8
    )


def _cut(nodes: FloatArray, grid: Grid, part: Rect) -> FloatArray:
    """The pixel map over *part* of the grid's rectangle."""
    x0, y0, x1, y1 = part
    px, py = float(grid.per_px[0]), float(grid.per_px[1])
    matrix = np.array([[px, 0, (x0 + 0.5) * px - 0.5], [0, py, (y0 + 0.5) * py - 0.5]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(nodes, matrix, (x1 - x0, y1 - y0), flags=flags,
                       borderMode=cv2.BORDER_REPLICATE), np.float32
    )  # fmt: skip


def _bled(image: ByteArray) -> ByteArray:
    """Colours carried on where nothing is opaque, so that resampling mixes in nothing foreign."""
    if image.ndim != 3 or image.shape[2] != 4:
        raise RigError("the rig's head has no alpha: bake it again")
    return image

"""Drawing the eyes into the head's texture: gaze, then lids, each at rest the photo itself."""

from dataclasses import dataclass

import cv2
import numpy as np

from engine.media import ByteArray, FloatArray
from engine.portrait.rig import LASH_BAND_PX, LIDS_MEET, Rig
from engine.synthesis.blend import BLACK_LUMA, GREY_CHROMA
from engine.synthesis.framing import Framing, Rect, opaque

REST = 0.004


@dataclass(frozen=True)
class _Level:
    """One eye at one resolution: luma at the output's, chroma at half of it."""

    view: tuple[slice, slice]
    open_eye: ByteArray
    ball: ByteArray
    dark: ByteArray
    """Black, for shadow."""
    closed: ByteArray
    veil: ByteArray
    """How much of the closed eye's picture is lid."""
    xs: FloatArray
    ys: FloatArray
    crease: FloatArray
    upper: FloatArray
    lower: FloatArray
    band: float
    scale: float
    iris: tuple[float, float, float]


class Eyes:
    """Both eyes of a rig at one output size."""

    def __init__(self, rig: Rig, framing: Framing, head_rect: Rect, head: ByteArray) -> None:
        """*head* is the head's picture, (rows, columns, 3 or 4), over *head_rect*."""
        self._lid_motion, self._gaze_motion = rig.lid_motion, rig.gaze_motion
        self._eyes = [self._prepare(rig, side, framing, head_rect, head) for side in (0, 1)]

    @staticmethod
    def _prepare(
        rig: Rig, side: int, framing: Framing, head_rect: Rect, head: ByteArray
    ) -> tuple[_Level, _Level]:
        box = rig.eye_boxes[side]
        rect = framing.rect(box, head_rect[2], head_rect[3])
        x0, y0 = rect[0] - head_rect[0], rect[1] - head_rect[1]
        x1, y1 = rect[2] - head_rect[0], rect[3] - head_rect[1]
        pictures = [
            opaque(np.ascontiguousarray(head[y0:y1, x0:x1, :3])),
            opaque(framing.place(np.ascontiguousarray(rig.eyes[side][..., :3]), box, rect)),
            opaque(framing.place(np.ascontiguousarray(rig.lids[side][..., :3]), box, rect)),
        ]
        veil = framing.place(np.ascontiguousarray(rig.lids[side][..., 3]), box, rect)
        levels = []
        for half in (1, 2):
            scale = framing.scale / half
            rows, columns = (y1 - y0) // half, (x1 - x0) // half
            # Level pixel → output pixel → portrait pixel.
            source_x = ((np.arange(columns) + 0.5) * half - 0.5 + rect[0] + 0.5) / framing.scale
            source_x += framing.origin_x - 0.5 - box[0]
            curves = [np.interp(source_x, np.arange(rig.lid_curves.shape[2]), c)
                      for c in rig.lid_curves[side]]  # fmt: skip
            top = (rect[1] / framing.scale) + framing.origin_y - box[1]
            crease, upper, lower = (((c + 0.5 - top) * scale - 0.5)[None].astype(np.float32)
                                    for c in curves)  # fmt: skip
            iris_x, iris_y = framing.to_output(*(float(v) for v in rig.irises[side][:2]))
            ys, xs = np.mgrid[0:rows, 0:columns].astype(np.float32)
            levels.append(
                _Level(
                    view=(slice(y0 // half, y1 // half), slice(x0 // half, x1 // half)),
                    open_eye=pictures[0][half - 1],
                    ball=pictures[1][half - 1],
                    closed=pictures[2][half - 1],
                    dark=np.full_like(
                        pictures[0][half - 1], BLACK_LUMA if half == 1 else GREY_CHROMA
                    ),
                    veil=np.asarray(
                        cv2.resize(veil, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8
                    ),
                    xs=xs,
                    ys=ys,
                    crease=crease,
                    upper=upper,
                    lower=lower,
                    band=LASH_BAND_PX * scale,
                    scale=scale,
                    iris=(
                        (iris_x - rect[0] + 0.5) / half - 0.5,
                        (iris_y - rect[1] + 0.5) / half - 0.5,
                        float(rig.irises[side][2]) * scale,
                    ),
                )
            )
        return levels[0], levels[1]

    def draw(self, weights: FloatArray, luma: ByteArray, chroma: ByteArray) -> None:
        """Draw both eyes into the head's planes (their first one and two channels)."""
        for side, levels in enumerate(self._eyes):
            down = float(np.clip(self._lid_motion[side, 0] @ weights, -0.3, 1.0))
            raised = float(np.clip(self._lid_motion[side, 1] @ weights, -0.2, 0.6))
            raised = min(raised, 1.0 - down)
            gaze = weights @ self._gaze_motion[side]
            still = abs(down) < REST and abs(raised) < REST and float(np.abs(gaze).max()) < 0.05
            for level, target, channels in ((levels[0], luma, 1), (levels[1], chroma, 2)):
                picture = level.open_eye if still else _render(level, down, raised, gaze)
                if channels == 1:
                    target[level.view][..., 0] = picture
                else:
                    target[level.view][..., :2] = picture


def _smooth(value: FloatArray) -> FloatArray:
    t = np.clip(value, 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def _render(level: _Level, down: float, raised: float, gaze: FloatArray) -> ByteArray:
    opening = level.lower - level.upper
    top = level.upper + down * opening
    bottom = level.lower - raised * opening
    skin_rows = _skin_rows(level, top, bottom)
    skin = _sample(level.open_eye, level.xs, skin_rows)
    mix = float(np.clip((down - 0.12) / 0.45, 0, 1))
    if mix > 0:
        rows = _closed_rows(level, top)
        lid = _sample(level.closed, level.xs, rows)
        weight = _sample(level.veil, level.xs, rows).astype(np.float32)
        weight *= mix * mix * (3 - 2 * mix) / 255
        skin = _mix(skin, lid, weight)
    open_part = np.clip(level.ys - top + 0.5, 0, 1) * np.clip(bottom - level.ys + 0.5, 0, 1)
    open_part *= np.clip(bottom - top, 0, 1)
    if open_part.max() <= 0 or down > 0.99:
        return skin
    ball = _ball(level, gaze)
    dim = float(np.clip(abs(down) / 0.25, 0, 1))
    if dim > 0:
        deep = np.exp(-np.maximum(level.ys - top, 0) / (5.0 * level.scale))
        closing = 0.25 * max(down, 0.0)
        light = 1 - dim * (0.5 * deep + closing)
        ball = _mix(level.dark, ball, np.clip(light, 0, 1))
    return _mix(skin, ball, open_part)


def _skin_rows(level: _Level, top: FloatArray, bottom: FloatArray) -> FloatArray:
    """Which row of the open eye each row of skin shows: lash bands move, skin stretches."""
    ys, crease = level.ys, level.crease
    free = np.maximum(top - level.band - crease, 0.5)
    rest = np.maximum(level.upper - level.band - crease, 0.5)
    lid = np.where(
        ys > top - level.band,
        ys - top + level.upper,
        crease + (ys - crease) * (rest / free),
    )
    lid = np.where(ys < crease, ys, lid)
    reach = 12.0 * level.scale
    fall = np.clip(1 - (ys - bottom) / reach, 0, 1)
    under = ys + (level.lower - bottom) * fall * fall
    return np.where(ys > (top + bottom) / 2, under, lid).astype(np.float32)


def _closed_rows(level: _Level, top: FloatArray) -> FloatArray:
    """Which row of the closed eye each row of a lid ending at *top* shows."""
    ys, crease = level.ys, level.crease
    meet = level.upper + LIDS_MEET * (level.lower - level.upper)
    free = np.maximum(top - level.band - crease, 0.5)
    rest = np.maximum(meet - level.band - crease, 0.5)
    lid = np.where(ys > top - level.band, ys - top + meet, crease + (ys - crease) * (rest / free))
    return np.where(ys < crease, ys, lid).astype(np.float32)


def _ball(level: _Level, gaze: FloatArray) -> ByteArray:
    """The eyeball looking about: the iris moves whole, the white gives way to the corners."""
    x, y, radius = level.iris
    dx, dy = float(gaze[0]) * level.scale, float(gaze[1]) * level.scale
    if abs(dx) + abs(dy) < 0.02:
        return level.ball
    across = (level.xs - x - dx) / (radius * 2.6)
    along = (level.ys - y - dy) / (radius * 3.2)
    near = _smooth(np.asarray(1.35 - 1.35 * (across * across + along * along), np.float32))
    xs = np.asarray(level.xs - dx * near, np.float32)
    return _sample(level.ball, xs, np.asarray(level.ys - dy * near, np.float32))


def _sample(picture: ByteArray, xs: FloatArray, ys: FloatArray) -> ByteArray:
    return np.asarray(
        cv2.remap(picture, xs, ys, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def _mix(back: ByteArray, front: ByteArray, weight: FloatArray) -> ByteArray:
    weight = np.ascontiguousarray(weight, np.float32)
    return np.asarray(cv2.blendLinear(front, back, weight, 1 - weight), np.uint8)

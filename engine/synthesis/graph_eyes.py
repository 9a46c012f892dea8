"""The eyes as a tensor graph: what ``eyes`` draws, both eyes as one batch."""

from typing import Final

from engine.motion.coefficients import COEFFICIENTS
from engine.portrait.rig import LIDS_MEET
from engine.runtime.tape import FLOAT32, Tape, Tensor, smooth
from engine.synthesis.eyes import REST
from engine.synthesis.graph_layout import EYE_NUMBERS
from engine.synthesis.graph_skin import Pixels, counted, crossed, mesh, sample, weighted

BLEND_BIAS: Final = 1.00001
"""OpenCV's blendLinear divides by the weights' sum and this much more."""


class EyesGraph:
    """Both eyes of a batch of rigs; the pictures they are drawn into are the heads'."""

    def __init__(self, tape: Tape, weights: Tensor, size: tuple[int, int]) -> None:
        """*weights*: (batch, coefficients). *size*: width and height of the eyes' pictures."""
        self._tape, self._size = tape, size
        lid_motion = tape.input("lid_motion", ["batch", 2, 2, len(COEFFICIENTS)])
        gaze_motion = tape.input("gaze_motion", ["batch", 2, 2, len(COEFFICIENTS)])
        row = weights.reshape(0, 1, 1, -1)
        lids = weighted(lid_motion, row).reshape(-1, 2, 1, 1)
        self._gaze = weighted(gaze_motion, row).reshape(-1, 2, 1, 1)
        self._down = lids.part(1, 0, 1).within(-0.3, 1.0)
        self._raised = lids.part(1, 1, 2).within(-0.2, 0.6).least(1.0 - self._down)
        most = self._gaze.unary("Abs").over("ReduceMax", 1)
        still = (self._down.unary("Abs") < REST) & (self._raised.unary("Abs") < REST)
        self._still = still & (most < 0.05)

    def draw(self, name: str, channels: int, head: Tensor, pixels: Pixels) -> Tensor:
        """*head* (batch, channels, rows, columns) with both eyes in place.

        *name* is that of the level's inputs: ``luma`` or ``chroma``. *pixels* are those of *head*.
        """
        tape, (width, height) = self._tape, self._size
        if name == "chroma":
            width, height = width // 2, height // 2
        layers = 3 * channels + 1
        pictures = tape.input(f"eye_{name}", ["batch", 2, layers, height, width])
        curves = tape.input(f"eye_curves_{name}", ["batch", 2, 3, width])
        numbers = tape.input(f"eye_numbers_{name}", ["batch", 2, len(EYE_NUMBERS)])
        level = _Level(tape, (width, height), channels, pictures, curves, numbers)
        drawn = self._still.where(level.open_eye, self._render(level))
        for side in (0, 1):
            number = {n: numbers.part(1, side, side + 1).part(2, k, k + 1).reshape(-1, 1)
                      for k, n in enumerate(EYE_NUMBERS)}  # fmt: skip
            patch = drawn.reshape(-1, 2 * channels, height, width)
            patch = patch.part(1, side * channels, (side + 1) * channels)
            head = _paste(head, patch, (width, height), number, pixels)
        return head

    def _render(self, level: "_Level") -> Tensor:
        down, raised = self._down, self._raised
        opening = level.lower - level.upper
        top, bottom = level.upper + down * opening, level.lower - raised * opening
        skin = level.sample(level.open_eye, level.xs, _skin_rows(level, top, bottom))
        rows = _closed_rows(level, top)
        lid, veil = (
            level.sample(level.closed, level.xs, rows),
            level.sample(level.veil, level.xs, rows),
        )
        # Not where the lid is hardly down: there the skin is the photo's own.
        skin = _mix(skin, lid, veil / 255.0 * smooth((down - 0.12) / 0.45))
        open_part = (level.ys - top + 0.5).within(0.0, 1.0)
        open_part = open_part * (bottom - level.ys + 0.5).within(0.0, 1.0)
        open_part = open_part * (bottom - top).within(0.0, 1.0) * (down <= 0.99).to(FLOAT32)
        deep = ((top - level.ys).least(0.0) / (level.scale * 5.0)).unary("Exp")
        dim = (down.unary("Abs") / 0.25).within(0.0, 1.0)
        light = 1.0 - dim * (deep * 0.5 + down.most(0.0) * 0.25)
        dark = self._tape.constant(level.dark, FLOAT32)
        ball = _mix(dark, self._ball(level), light.within(0.0, 1.0))
        return _mix(skin, ball, open_part)

    def _ball(self, level: "_Level") -> Tensor:
        moved = self._gaze * level.scale
        dx, dy = moved.part(1, 0, 1), moved.part(1, 1, 2)
        moves = (dx.unary("Abs") + dy.unary("Abs") >= 0.02).to(FLOAT32)
        x, y, radius = level.iris
        across = (level.xs - x - dx) / (radius * 2.6)
        along = (level.ys - y - dy) / (radius * 3.2)
        near = smooth(1.35 - (across * across + along * along) * 1.35) * moves
        return level.sample(level.ball, level.xs - dx * near, level.ys - dy * near)


class _Level:
    """``eyes._Level`` as tensors, the two eyes of a rig one after the other in the batch."""

    def __init__(
        self, tape: Tape, size: tuple[int, int], channels: int, pictures: Tensor, curves: Tensor,
        numbers: Tensor,
    ) -> None:  # fmt: skip
        width, height = self._size = size
        flat = pictures.reshape(-1, 3 * channels + 1, height, width)
        self.open_eye, self.ball, self.closed = (
            flat.part(1, k * channels, (k + 1) * channels) for k in range(3)
        )
        self.veil = flat.part(1, 3 * channels, 3 * channels + 1)
        lines = curves.reshape(-1, 3, 1, width)
        self.crease, self.upper, self.lower = (lines.part(1, k, k + 1) for k in range(3))
        each = numbers.reshape(-1, len(EYE_NUMBERS), 1, 1)
        number = {n: each.part(1, k, k + 1) for k, n in enumerate(EYE_NUMBERS)}
        self.scale, self.band = number["scale"], number["band"]
        self.iris = number["iris_x"], number["iris_y"], number["iris_radius"]
        self.xs = counted(tape, width).reshape(1, 1, 1, width)
        self.ys = counted(tape, height).reshape(1, 1, height, 1)
        self.dark = 16.0 if channels == 1 else 128.0

    def sample(self, picture: Tensor, xs: Tensor, ys: Tensor) -> Tensor:
        # Whatever shape the places have, they become whole planes.
        plane = self.crease * 0.0 + self.ys * 0.0
        grid = mesh(plane + xs, plane + ys)
        return sample(picture, grid, self._size, border=True, whole=True)


def _skin_rows(level: _Level, top: Tensor, bottom: Tensor) -> Tensor:
    ys = level.ys
    lid = _lid_rows(level, top, level.upper)
    fall = (1.0 - (ys - bottom) / (level.scale * 12.0)).within(0.0, 1.0)
    under = ys + (level.lower - bottom) * fall * fall
    return (ys > (top + bottom) * 0.5).where(under, lid)


def _closed_rows(level: _Level, top: Tensor) -> Tensor:
    return _lid_rows(level, top, level.upper + (level.lower - level.upper) * LIDS_MEET)


def _lid_rows(level: _Level, top: Tensor, rest_top: Tensor) -> Tensor:
    ys, crease = level.ys, level.crease
    free = (top - level.band - crease).most(0.5)
    rest = (rest_top - level.band - crease).most(0.5)
    lid = (ys > top - level.band).where(ys - top + rest_top, crease + (ys - crease) * (rest / free))
    whole = crease * 0.0 + ys
    return (ys < crease).where(whole, lid)


def _mix(back: Tensor, front: Tensor, weight: Tensor) -> Tensor:
    return ((front * weight + back * (1.0 - weight)) / BLEND_BIAS).unary("Round")


def _paste(
    target: Tensor, patch: Tensor, size: tuple[int, int], number: dict[str, Tensor], pixels: Pixels
) -> Tensor:
    """*patch* laid whole over its view of *target*."""
    x, y = pixels.x - number["x0"], pixels.y - number["y0"]
    laid = sample(patch, crossed(x, y), size, mode="nearest")
    wide, high = (number[f"{n}1"] - number[f"{n}0"] for n in "xy")
    in_x, in_y = (x >= 0.0) & (x < wide), (y >= 0.0) & (y < high)
    inside = in_x.reshape(0, 1, 1, -1) & in_y.reshape(0, 1, -1, 1)
    return inside.where(laid.to(target.kind), target)

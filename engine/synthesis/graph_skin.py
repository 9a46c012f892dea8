"""The skin's flows as a tensor graph: what ``skin`` and ``warp`` do, node by node."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.motion.coefficients import COEFFICIENTS
from engine.runtime.tape import END, FLOAT32, Tape, Tensor, join
from engine.synthesis.skin import LEAST
from engine.synthesis.warp import LONGEST_STEP, NEWTON_STEPS, STEEPEST

FAR_PX: Final = 1e6
LINEAR: Final = "bilinear"
CUBIC: Final = "bicubic"
"""Of GridSample's modes."""

Numbers = Mapping[str, Tensor]
"""What else a rig says of itself, (batch, 1) each, float32."""


@dataclass(frozen=True)
class Pixels:
    """Places to draw, (batch or 1, count): x of every column, y of every row."""

    x: Tensor
    y: Tensor


@dataclass(frozen=True)
class Cells:
    """A range of nodes, (batch, 1) each."""

    left: Tensor
    top: Tensor
    right: Tensor
    bottom: Tensor


@dataclass(frozen=True)
class Places:
    """Where drawn pixels come from, and which of them are drawn."""

    grid: Tensor
    """(batch, rows, columns, 2) in pixels of the picture."""
    mask: Tensor
    """(batch, 1, rows, columns), 0 or 1, float32."""


def counted(tape: Tape, count: int) -> Tensor:
    """0, 1 ... as (1, count)."""
    return tape.constant(np.arange(count)[None], FLOAT32)


def scalar(value: Tensor) -> Tensor:
    """(batch, 1) as (batch, 1, 1, 1)."""
    return value.reshape(-1, 1, 1, 1)


def mesh(x: Tensor, y: Tensor) -> Tensor:
    """Planes (batch, 1, rows, columns) of x and of y as a grid (batch, rows, columns, 2)."""
    return x.tape.op("Transpose", join(1, x, y), perm=[0, 2, 3, 1])


def sample(
    picture: Tensor, grid: Tensor, size: tuple[Tensor, Tensor] | tuple[int, int],
    *, mode: str = LINEAR, border: bool = False,
    whole: bool = False,
) -> Tensor:  # fmt: skip
    """Fetch *picture* (batch, k, height, width) at *grid* (batch, rows, columns, 2), in pixels.

    Outside it is 0 or, with *border*, the edge carried on. *size*, (width, height), may be
    tensors (batch, 1). *mode* is GridSample's; its cubic is OpenCV's, Keys' with -0.75. Always in
    float32: half floats cannot tell places a hundredth of a pixel apart, and TensorRT wants both
    inputs of one type. *whole*: rounded, and within 0 to 255 where cubics swing beyond, as OpenCV
    does bytes.
    """
    tape = grid.tape
    sizes = [s if isinstance(s, Tensor) else tape.constant([[s]], FLOAT32) for s in size]
    scaled = (grid * 2.0 + 1.0) / join(3, *(scalar(each) for each in sizes)) - 1.0
    drawn = tape.op("GridSample", picture.to(FLOAT32), scaled, mode=mode, align_corners=0,
                    padding_mode="border" if border else "zeros")  # fmt: skip
    if whole:
        drawn = drawn.unary("Round")
        drawn = drawn.within(0.0, 255.0) if mode == CUBIC else drawn
    return drawn.to(picture.kind)


def spread(
    field: Tensor, u: Tensor, v: Tensor, size: tuple[Tensor, Tensor] | tuple[int, int]
) -> Tensor:
    """*field* (batch, k, rows, columns) between its nodes: linear interpolation.

    *u* (batch, columns) and *v* (batch, rows) count nodes, and are held within them; *size* is the
    field's columns and rows. Sampled, not multiplied by weights: TensorRT may multiply matrices in
    less than float32, and on some cards has no float32 for them at all.
    """
    return sample(field, crossed(u, v), size, border=True)


def crossed(x: Tensor, y: Tensor) -> Tensor:
    """The grid (batch, rows, columns, 2) of all x (batch, columns) with all y (batch, rows)."""
    across, down = x.reshape(0, 1, 1, -1), y.reshape(0, 1, -1, 1)
    return mesh(across + down * 0.0, down + across * 0.0)


def weighted(terms: Tensor, weights: Tensor) -> Tensor:
    """The sum of *terms* (..., coefficients) by *weights*, which broadcast; the last axis goes."""
    return terms.tape.op("ReduceSum", terms * weights, numbers=[[-1]], keepdims=0)


class TurnGraph:
    """A batch of poses: ``warp.Turn`` as a tensor (batch, 2, 4), the matrix beside the shift."""

    def __init__(self, turn: Tensor) -> None:
        self._entry = [
            [scalar(turn.part(1, i, i + 1).part(2, j, j + 1)) for j in range(4)] for i in (0, 1)
        ]

    def move(self, x: Tensor, y: Tensor, depth: Tensor | float) -> tuple[Tensor, Tensor]:
        """Points relative to the pivot, moved; broadcasts against (batch, 1, 1, 1)."""
        moved = [m[0] * x + m[1] * y + m[2] * depth + m[3] for m in self._entry]
        return moved[0], moved[1]

    def turned(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Displacements, turned only."""
        moved = [m[0] * x + m[1] * y for m in self._entry]
        return moved[0], moved[1]

    def back(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """The inverse of ``turned``."""
        (a, b, _, _), (c, d, _, _) = self._entry
        over = 1.0 / (a * d - b * c)
        return (d * x - b * y) * over, (a * y - c * x) * over


class SkinGraph:
    """Both flows of a batch of rigs and poses, inverted on the nodes."""

    def __init__(self, tape: Tape, number: Numbers, turn: TurnGraph) -> None:
        self._tape, self._number, self._turn = tape, number, turn
        self.nodes = tape.input("nodes", ["batch", 3, "rows", "columns"])
        """Column, row and depth of every node."""
        self._flows = tape.input("flows", ["batch", 4, "rows", "columns", len(COEFFICIENTS)])
        self._index = self.nodes.part(1, 0, 2)
        self._cell = scalar(number["cell"])
        self._grid_size = number["grid_columns"], number["grid_rows"]

    def flows(self, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Forward flows of the nodes, (batch, 2, rows, columns) pixels: lower, upper.

        *weights*: (batch, coefficients).
        """
        active = (weights > LEAST).where(weights, 0.0)
        shape = weighted(self._flows, active.reshape(0, 1, 1, 1, -1))
        planes = [shape.part(1, k, k + 1) for k in range(4)]
        lower = join(1, *self._turn.turned(planes[0], planes[1])) + self._posed()
        return lower, lower + join(1, *self._turn.turned(planes[2], planes[3]))

    def _posed(self) -> Tensor:
        """How far the pose alone moves the nodes."""
        at = []
        for axis, name in enumerate("xy"):
            start = self._number[f"head_{name}"] - self._number[f"pivot_{name}"]
            index = self.nodes.part(1, axis, axis + 1)
            at.append((index + 0.5) * self._cell - 0.5 + scalar(start))
        moved = self._turn.move(at[0], at[1], self.nodes.part(1, 2, 3))
        return join(1, moved[0] - at[0], moved[1] - at[1])

    def back(self, flow: Tensor) -> Tensor:
        """How far from the nodes lies what is drawn on them; shaped as *flow*, pixels.

        ``Grid.invert``: Newton steps with a diagonal slope.
        """
        slopes = self._slope(flow.part(1, 0, 1), axis=3), self._slope(flow.part(1, 1, 2), axis=2)
        field = join(1, flow, *slopes)
        at = self._index - flow / self._cell
        for _ in range(NEWTON_STEPS):
            grid = self._tape.op("Transpose", at, perm=[0, 2, 3, 1])
            got = sample(field, grid, self._grid_size, border=True)
            residual = got.part(1, 0, 2) / self._cell + at - self._index
            step = residual * got.part(1, 2, 4)
            at = at - step.most(-LONGEST_STEP).least(LONGEST_STEP)
        return (at - self._index) * self._cell

    def _slope(self, plane: Tensor, axis: int) -> Tensor:
        inner = plane.part(axis, 2, END) - plane.part(axis, 0, -2)
        joined = join(axis, inner.part(axis, 0, 1), inner, inner.part(axis, -1, END))
        return 1.0 / (joined * 0.5 / self._cell + 1.0).most(STEEPEST)

    def cells_over(self, box: str, flow: Tensor, margin: int) -> Cells:
        """Cells over which what rests in *box* now lies: ``Skin.cells_over``.

        *box* names four of the rig's numbers, in whole cells.
        """
        number, nodes = self._number, self.nodes
        low, high = ({n: scalar(number[f"{box}_{n}{k}"]) for n in "xy"} for k in (0, 1))
        across, down = nodes.part(1, 0, 1), nodes.part(1, 1, 2)
        inside = (across >= low["x"]) & (across < high["x"])
        inside = inside & (down >= low["y"]) & (down < high["y"])
        sides = []
        for axis, (name, size) in enumerate((("x", "columns"), ("y", "rows"))):
            part, count = flow.part(1, axis, axis + 1), scalar(number[size])
            least = inside.where(part, FAR_PX).over("ReduceMin", 1, 2, 3) / self._cell
            most = inside.where(part, -FAR_PX).over("ReduceMax", 1, 2, 3) / self._cell
            start = (low[name] + least.unary("Floor") - float(margin)).most(0.0).least(count - 2.0)
            end = (high[name] + most.unary("Ceil") + float(margin)).least(count).most(start + 2.0)
            sides.append((start.reshape(-1, 1), end.reshape(-1, 1)))
        (left, right), (top, bottom) = sides
        return Cells(left, top, right, bottom)

    def corner(self, cells: Cells) -> tuple[Tensor, Tensor]:
        """Left and top of *cells* in pixels of the picture, (batch, 1): even."""
        number = self._number
        return (
            (cells.left * number["cell"] + number["head_x"]).unary("Round"),
            (cells.top * number["cell"] + number["head_y"]).unary("Round"),
        )

    def places(self, back: Tensor, cells: Cells, pixels: Pixels, by: int = 1) -> Places:
        """Spread *back* from the nodes of *cells* to *pixels*, each *by* pixels of the picture.

        As OpenCV's resize does with the nodes' own places: flat in the last half cell.
        """
        across = self._axis("x", cells.left, cells.right, pixels.x, by)
        down = self._axis("y", cells.top, cells.bottom, pixels.y, by)
        moved = spread(back / float(by), across[0], down[0], self._grid_size)
        x = moved.part(1, 0, 1) + across[1].reshape(0, 1, 1, -1)
        y = moved.part(1, 1, 2) + down[1].reshape(0, 1, -1, 1)
        return Places(mesh(x, y), down[2].reshape(0, 1, -1, 1) * across[2].reshape(0, 1, 1, -1))

    def _axis(
        self, name: str, low: Tensor, high: Tensor, at: Tensor, by: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Places counted in nodes, in pixels, and which are drawn; (batch, count) each."""
        cell = self._number["cell"] / float(by)
        start = self._number[f"head_{name}"] / float(by)
        # A quarter pixel off: whole numbers that went through float32 must not fall out.
        drawn = (at > start + low * cell - 0.25) & (at < start + high * cell - 0.25)
        held = ((at - start + 0.5) / cell - 0.5).most(low).least(high - 1.0)
        return held, (held + 0.5) * cell - 0.5 + start, drawn.to(FLOAT32)

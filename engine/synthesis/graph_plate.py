"""The scene behind the head as a tensor graph: what ``plate`` draws."""

from engine.runtime.tape import FLOAT32, Tape, Tensor, join
from engine.synthesis.graph_blend import over
from engine.synthesis.graph_skin import (
    Numbers,
    Pixels,
    TurnGraph,
    mesh,
    sample,
    scalar,
    spread,
)  # fmt: skip


class PlateGraph:
    """The plates of a batch of rigs."""

    def __init__(
        self, tape: Tape, number: Numbers, turn: TurnGraph, breath: Tensor, kind: str
    ) -> None:
        """*breath*: (batch, 1); *kind*: the type of the pictures."""
        self._tape, self._number, self._kind = tape, number, kind
        self._nodes = tape.input("plate_nodes", ["batch", 3, "plate_rows", "plate_columns"])
        self._grid_size = number["plate_grid_columns"], number["plate_grid_rows"]
        rest = [scalar(number[f"throat_{n}"]) for n in ("x", "y", "depth")]
        moved = turn.move(rest[0], rest[1], rest[2])
        self._carried = join(1, moved[0] - rest[0], moved[1] - rest[1])
        self._breath = scalar(breath)

    def draw(self, pixels: Pixels, size: tuple[int, int], by: int) -> Tensor:
        """(batch, *by*, rows, columns): luma at full size (*by* 1), chroma at half (*by* 2).

        *size*: columns and rows. What breathes is laid over what is still.
        """
        columns, rows = size
        name = "luma" if by == 1 else "chroma"
        still = self._tape.input(f"still_{name}", ["batch", by, rows, columns], self._kind)
        body = self._tape.input(f"body_{name}", ["batch", by + 1, rows, columns], self._kind)
        across, down = (self._number[n] for n in ("plate_columns", "plate_rows"))
        top = self._number["plate_top"] / float(by)
        u = (pixels.x + 0.5) * across / float(columns) - 0.5
        u = u.within(0.0, across - 1.0)
        v = (pixels.y - top + 0.5) * down / (float(rows) - top) - 0.5
        v = v.within(0.0, down - 1.0)
        # Above its top all is still.
        moving = (pixels.y >= top).to(FLOAT32).reshape(0, 1, -1, 1)
        # What the nodes hold is spread before it is put together: TensorRT's compiler fails where
        # a sum is the picture of two samplings.
        laid = spread(self._nodes, u, v, self._grid_size)
        moved = laid.part(1, 0, 2) * self._breath + laid.part(1, 2, 3) * self._carried
        moved = moved * moving / -float(by)
        x = moved.part(1, 0, 1) + pixels.x.reshape(1, 1, 1, -1)
        y = moved.part(1, 1, 2) + pixels.y.reshape(1, 1, -1, 1)
        drawn = sample(body, mesh(x, y), size, border=True, whole=True) * moving.to(self._kind)
        return over(still, drawn.part(1, 0, by), drawn.part(1, by, by + 1))

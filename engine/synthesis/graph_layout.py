"""How the synthesis graph's inputs are laid out: names, order and sizes, for both who writes it and
who fills them. It needs no library of networks: a running kiosk fills them.
"""

from typing import Final, Literal

from engine.runtime.runner import BATCH_MOST
from engine.synthesis.synthesizer import OutputFormat

Precision = Literal["fp32", "fp16"]
"""Of the pictures; places are always float32."""
KINDS: Final = {"fp32": "float32", "fp16": "float16"}
"""As NumPy names them."""

NUMBERS: Final = (
    "cell", "columns", "rows", "grid_columns", "grid_rows", "head_x", "head_y",
    "pivot_x", "pivot_y", "cavity_x", "cavity_y",
    "depth_0", "depth_1", "depth_2", "hide_0", "hide_1", "hide_2",
    "light_reach", "light_narrow", "light_drop",
    "head_cells_x0", "head_cells_y0", "head_cells_x1", "head_cells_y1",
    "mouth_cells_x0", "mouth_cells_y0", "mouth_cells_x1", "mouth_cells_y1",
    "plate_top", "plate_columns", "plate_rows", "plate_grid_columns", "plate_grid_rows",
    "throat_x", "throat_y", "throat_depth",
)  # fmt: skip
"""What the input ``numbers`` holds of a rig, in this order; lengths in pixels of the picture."""
EYE_NUMBERS: Final = (
    "x0", "y0", "x1", "y1", "scale", "band", "iris_x", "iris_y", "iris_radius",
)  # fmt: skip
"""Of an eye at one level: its view in the head's picture; then ``eyes._Level``'s own."""

GRID: Final = (4, 96, 160)
"""The smallest, the usual and the largest count of rows, and of columns, of a head's nodes.

Cells are the portrait's, so larger pictures have hardly more of them. A device takes room for a
full batch of the largest."""


def sampling(*, fine: bool) -> str:
    """How the network says of itself that it samples the luma."""
    return "cubic" if fine else "linear"


def window(output: OutputFormat) -> tuple[int, int]:
    """Width and height of the window in which the mouth is drawn."""
    width, height = output.width, output.height
    return 2 * min(width // 3, height // 4), 2 * (min(width, height) // 4)


def eye_size(output: OutputFormat) -> tuple[int, int]:
    """Width and height of an eye's pictures."""
    return 2 * (output.width // 8), 2 * (output.height // 16)


def ranges(output: OutputFormat) -> dict[str, tuple[int, int, int]]:
    """The smallest, the usual and the largest size of each named dimension of ``graph.build``."""
    width, height = output.width, output.height
    return {
        "batch": (1, 1, BATCH_MOST),
        "rows": GRID,
        "columns": GRID,
        "plate_rows": (4, height // 24, height // 4),
        "plate_columns": (4, width // 12, width // 4),
    }

"""The mouth's corners, where both flows are one and where width is seen."""

from typing import Final

import numpy as np

from engine.portrait.lips import Floats, LipLine
from engine.portrait.plane import smoothstep
from engine.portrait.prior import PRIOR_68, Fit

TAPER: Final = 0.3
"""Share of the half mouth over which the lips come together."""
ABOUT_PX: Final = 16.0
"""And how far above and below the seam."""
POINTS: Final = ((61, 78), (291, 308))
"""Outer and inner edge of the lips among the landmarks, viewer's left first."""
POINTS_68: Final = ((48, 60), (54, 64))
"""The same of the prior's 68 points."""
HELD: Final = 0.4
"""How far about a corner it takes its skin along, in half widths of the mouth."""


def from_corner(line: LipLine, xs: Floats) -> Floats:
    """0 at and beyond the mouth's corners, 1 at its middle, straight between."""
    return np.asarray(np.clip(1 - np.abs(line.side(xs)), 0, 1))


def meet(lower: Floats, upper: Floats, line: LipLine, nodes: tuple[Floats, Floats]) -> None:
    """Bring both flows together toward the corners, so that the opening tapers; in place.

    Flows are (coefficients, rows, columns, 2), their *nodes* at x, y.
    """
    xs, ys = nodes
    apart = smoothstep(from_corner(line, xs) / TAPER)
    near = np.exp(-(((ys - line.y(xs)) / ABOUT_PX) ** 2))
    weight = ((1 - apart) * near)[None, ..., None]
    middle = (lower + upper) / 2
    lower += (middle - lower) * weight
    upper += (middle - upper) * weight


def hold(
    lower: Floats, upper: Floats, fit: Fit, landmarks_px: Floats, nodes: tuple[Floats, Floats]
) -> None:
    """Let the corners go as far as the prior's do; in place.

    Displacement peaks at a corner, and means over cells, softening and the other lip's flow take a
    tenth to a fifth of the peak away.
    """
    xs, ys = nodes
    ends = np.array([landmarks_px[list(pair), :2].mean(0) for pair in POINTS])
    reach = HELD * float(np.linalg.norm(ends[1] - ends[0])) / 2
    for (x, y), pair in zip(ends, POINTS_68, strict=True):
        weight = np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / reach**2)
        wanted = fit.deltas_px[:, PRIOR_68[list(pair)], :2].mean(1)
        row, column = np.unravel_index(weight.argmax(), xs.shape)
        missing = wanted - (lower + upper)[:, row, column] / 2
        for flow in (lower, upper):
            flow += missing[:, None, None] * weight[None, ..., None]

"""What lips need in a picture from the front beyond the prior, so that "oh" and "f" look like it.

In the prior lips round by coming forward, which such a picture hardly shows; what it does show,
corners drawn in and an opening that is round and not pointed, the prior has too little of. Mouths
narrow by 15 to 30 % of their width at rest for o and u, and their lips touch along the sides, so
that the opening between them is narrower still. Likewise a lower lip that turns in goes behind the
upper teeth, which no flow can show: here it stays below them, and the upper lip leaves them free.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.motion.coefficients import INDEX
from engine.portrait.lips import Floats, LipLine


@dataclass(frozen=True)
class _Round:
    """What one coefficient adds at full weight, in half widths of the mouth but for ``level``."""

    narrow: float
    """How far each corner comes in beyond the prior."""
    seal: float
    """How far the lips' sides press on each other."""
    level: float
    """Share of the seam's curve, a smile's say, that is straightened."""


ROUNDS: Final = {
    "mouthFunnel": _Round(narrow=0.04, seal=0.10, level=0.45),
    "mouthPucker": _Round(narrow=0.07, seal=0.13, level=0.45),
}
OPEN_TO: Final = 0.78
"""Where from the middle to a corner a funnel's opening ends."""
SEALED_AT: Final = 0.86
"""Where the lips' sides press most."""
SEALED_ABOUT: Final = 0.13
BEYOND: Final = 0.55
"""How far beyond a corner the skin follows it, in half widths."""
REACH: Final = 0.75
"""The same above and below the seam."""
LIP_PX: Final = 20.0
"""How far from the seam a lip's own edge moves its skin."""
TUCK_STAYS: Final = 0.05
"""By how much less the edge of a lower lip that turns in rises, in half widths of the mouth."""
TUCK_FREES: Final = 0.09
"""By how much the upper lip rises off the teeth meanwhile."""


def apply(lower: Floats, upper: Floats, line: LipLine, nodes: tuple[Floats, Floats]) -> None:
    """Shape both flows (coefficients, rows, columns, 2), whose *nodes* are at x, y; in place."""
    _round(lower, upper, line, nodes)
    _tuck(lower, upper, line, nodes)


def _tuck(lower: Floats, upper: Floats, line: LipLine, nodes: tuple[Floats, Floats]) -> None:
    xs, ys = nodes
    half = (line.right_px - line.left_px) / 2
    side = line.side(xs)
    gap_px = ys - line.y(xs)
    across = np.clip(1 - side**4, 0, 1)
    k = INDEX["mouthRollLower"]
    lower[k, ..., 1] += TUCK_STAYS * half * across * np.exp(-((gap_px / (LIP_PX / 2)) ** 2))
    upper[k, ..., 1] -= TUCK_FREES * half * across * np.exp(-((gap_px / LIP_PX) ** 2))


def _round(lower: Floats, upper: Floats, line: LipLine, nodes: tuple[Floats, Floats]) -> None:
    xs, ys = nodes
    half = (line.right_px - line.left_px) / 2
    side = line.side(xs)
    gap_px = ys - line.y(xs)
    whole = np.exp(-((gap_px / (REACH * half)) ** 2))
    lip = np.exp(-((gap_px / LIP_PX) ** 2))
    away = np.maximum(np.abs(side) - 1, 0) / BEYOND
    inward = -np.clip(side, -1, 1) * np.exp(-(away**2)) * whole
    sealing = np.exp(-(((np.abs(side) - SEALED_AT) / SEALED_ABOUT) ** 2)) * lip
    straight = (float(np.median(line.ys)) - line.y(xs)) * np.exp(-(away**2)) * whole
    for name, amount in ROUNDS.items():
        k = INDEX[name]
        opened = _rounded(lower[k], upper[k], line, nodes) if name == "mouthFunnel" else 0.0
        for flow, down in ((lower[k], 1.0), (upper[k], -1.0)):
            flow[..., 0] += amount.narrow * half * inward
            flow[..., 1] += amount.level * straight
            flow[..., 1] += down / 2 * (opened * lip - amount.seal * half * sealing)


def _rounded(lower: Floats, upper: Floats, line: LipLine, nodes: tuple[Floats, Floats]) -> Floats:
    """By how much each column's opening, (1, columns), is to grow to be an ellipse's."""
    xs, ys = nodes
    side = line.side(xs[0])
    below = np.maximum(np.argmax(ys > line.y(xs), axis=0), 1)
    column = np.arange(xs.shape[1])
    opening = lower[below, column, 1] - upper[below - 1, column, 1]
    middle = np.abs(side) < 0.25
    if not middle.any():
        return np.zeros((1, xs.shape[1]))
    ellipse = np.sqrt(np.clip(1 - (side / OPEN_TO) ** 2, 0, 1)) * opening[middle].mean()
    return np.asarray(np.where(np.abs(side) < 1, ellipse - opening, 0.0)[None])

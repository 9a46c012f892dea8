"""The scene behind the head: still above, breathing below, the neck carried along by the head."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.media import ByteArray
from engine.portrait.rig import Rig
from engine.synthesis.blend import Scratch
from engine.synthesis.framing import Framing, opaque
from engine.synthesis.warp import Turn

CELL_SOURCE_PX: Final = 24.0
RISE_SOURCE_PX: Final = 5.0
"""How far the shoulders rise on a full breath."""
WIDEN_SOURCE_PX: Final = 2.0
PAD_PX: Final = 16
"""Edges carried on: OpenCV's remap is several times slower where a map leaves its picture."""
THROAT_DEPTH: Final = 0.3
"""Depth of the neck's front, as a share of the nose's."""


class Plate:
    """The plate of a rig at one output size."""

    def __init__(
        self, rig: Rig, framing: Framing, width: int, height: int, picture: ByteArray | None = None
    ) -> None:
        """Prepare.

        Args:
            rig: the portrait.
            framing: from the portrait to the output.
            width: of the output, in pixels.
            height: of the output, in pixels.
            picture: (height, width, 3) of the output, to be drawn instead of the rig's own plate.
        """
        if picture is None:
            source = (0, 0, rig.plate.shape[1], rig.plate.shape[0])
            picture = framing.place(rig.plate, source, (0, 0, width, height))
        luma, chroma = opaque(picture)
        self._luma = _padded(luma, PAD_PX)
        self._chroma = [_padded(np.ascontiguousarray(chroma[..., k]), PAD_PX // 2) for k in (0, 1)]
        self.rise_px = RISE_SOURCE_PX * framing.scale
        chin_x, chin_y = framing.to_output(*rig.chin_px)
        pivot_x, pivot_y = framing.to_output(*rig.pivot_px)
        eye = rig.eye_distance_px * framing.scale
        depth = float(rig.depth_px.max()) * framing.scale * THROAT_DEPTH
        self._throat = (chin_x - pivot_x, chin_y - pivot_y, depth)
        self._top = max(0, int(chin_y - 0.75 * eye) // 2 * 2)
        rows = height - self._top
        self._here = _places(width, rows, self._top) + PAD_PX
        self._here_half = _places(width // 2, rows // 2, self._top // 2) + PAD_PX // 2
        cell = CELL_SOURCE_PX * framing.scale
        columns, lines = max(4, round(width / cell)), max(4, round(rows / cell))
        xs = (np.arange(columns) + 0.5) * width / columns - 0.5
        ys = (np.arange(lines) + 0.5) * rows / lines - 0.5 + self._top
        x, y = np.meshgrid(xs, ys)
        across, down = (x - chin_x) / eye, (y - chin_y) / eye
        swell = _smooth((down + 0.15) / 0.9) * _smooth((height - y) / (1.2 * eye))
        shoulders = 0.45 + 0.55 * _smooth((np.abs(across) - 0.3) / 0.5)
        rise = swell * shoulders * self.rise_px
        widen = swell * np.clip(across / 2, -1, 1) * WIDEN_SOURCE_PX * framing.scale
        self._breath = np.stack([widen, -rise]).astype(np.float32)
        follow = _smooth((0.85 - down) / 0.95) * _smooth((1.0 - np.abs(across)) / 0.5)
        # The still part above must meet the moving part.
        follow *= _smooth((y - self._top) / (0.2 * eye))
        self._follow = follow.astype(np.float32)
        self._scratch = Scratch()

    def draw(self, luma: ByteArray, chroma: ByteArray, breath: float, turned: Turn) -> None:
        """Draw over the whole picture; *chroma* is (2, rows, columns)."""
        top = self._top
        self._draw_still(luma, chroma)
        full, half = self._maps(breath, turned)
        border = cv2.BORDER_REPLICATE
        cv2.remap(self._luma, full[0], full[1], cv2.INTER_LINEAR, dst=luma[top:], borderMode=border)
        for plane, target in zip(self._chroma, chroma, strict=True):
            cv2.remap(plane, half[0], half[1], cv2.INTER_LINEAR, dst=target[top // 2 :],
                      borderMode=border)  # fmt: skip

    def _draw_still(self, luma: ByteArray, chroma: ByteArray) -> None:
        """Draw the part above, which does not move."""
        top, half_pad = self._top, PAD_PX // 2
        luma[:top] = self._luma[PAD_PX : PAD_PX + top, PAD_PX:-PAD_PX]
        for plane, target in zip(self._chroma, chroma, strict=True):
            target[: top // 2] = plane[half_pad : half_pad + top // 2, half_pad:-half_pad]

    def _maps(self, breath: float, turned: Turn) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Where the moving part's pixels and chroma samples come from, in the padded planes."""
        throat = turned.move(*self._throat)
        back = self._breath * np.float32(-breath)
        for axis in (0, 1):
            back[axis] -= self._follow * np.float32(throat[axis] - self._throat[axis])
        full = self._spread("full", back, self._here)
        return full, self._spread("half", back * 0.5, self._here_half)

    def _spread(
        self, name: str, back: NDArray[np.float32], here: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Maps from offsets: offsets may be flat in the last half cell, places may not."""
        out = self._scratch.floats(name, *here.shape)
        size = (here.shape[2], here.shape[1])
        for axis in (0, 1):
            cv2.resize(back[axis], size, dst=out[axis], interpolation=cv2.INTER_LINEAR)
            cv2.add(out[axis], here[axis], dst=out[axis])
        return out


def _padded(plane: ByteArray, by: int) -> ByteArray:
    return np.asarray(cv2.copyMakeBorder(plane, by, by, by, by, cv2.BORDER_REPLICATE), np.uint8)


def _places(width: int, rows: int, top: int) -> NDArray[np.float32]:
    """(2, rows, width): x and y of every pixel."""
    ys, xs = np.mgrid[top : top + rows, 0:width]
    return np.stack([xs, ys]).astype(np.float32)


def _smooth(value: NDArray[np.float64]) -> NDArray[np.float64]:
    t = np.clip(value, 0, 1)
    return np.asarray(t * t * (3 - 2 * t))

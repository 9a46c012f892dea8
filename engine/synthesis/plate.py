"""The scene behind the head: still above, breathing below, the neck carried along by the head."""

import cv2
import numpy as np

from engine.media import ByteArray
from engine.portrait.rig import Rig
from engine.synthesis.framing import Framing, opaque

CELL_SOURCE_PX = 24.0
RISE_SOURCE_PX = 5.0
"""How far the shoulders rise on a full breath."""
WIDEN_SOURCE_PX = 2.0


class Plate:
    """The plate of a rig at one output size."""

    def __init__(self, rig: Rig, framing: Framing, width: int, height: int) -> None:
        placed = framing.place(
            rig.plate, (0, 0, rig.plate.shape[1], rig.plate.shape[0]), (0, 0, width, height)
        )
        planes = opaque(placed)
        self._luma, self._chroma = planes.luma, planes.chroma
        self.rise_px = RISE_SOURCE_PX * framing.scale
        chin_x, chin_y = framing.to_output(*rig.chin_px)
        pivot_x, pivot_y = framing.to_output(*rig.pivot_px)
        eye = rig.eye_distance_px * framing.scale
        depth = float(rig.depth_px.max()) * framing.scale * 0.3
        self.throat = (chin_x - pivot_x, chin_y - pivot_y, depth)
        """The neck's top relative to the pivot: x, y, depth, output pixels."""
        self._top = max(0, int(chin_y - 1.0 * eye) // 2 * 2)
        rows = height - self._top
        self._size = (width, rows)
        cell = CELL_SOURCE_PX * framing.scale
        columns, lines = max(4, round(width / cell)), max(4, round(rows / cell))
        xs = (np.arange(columns) + 0.5) * width / columns - 0.5
        ys = (np.arange(lines) + 0.5) * rows / lines - 0.5 + self._top
        x, y = np.meshgrid(xs, ys)
        self._rest = np.stack([x, y], -1).astype(np.float32)
        across, down = (x - chin_x) / eye, (y - chin_y) / eye
        swell = _smooth((down + 0.15) / 0.9) * _smooth((height - y) / (1.2 * eye))
        shoulders = 0.45 + 0.55 * _smooth((np.abs(across) - 0.3) / 0.5)
        rise = swell * shoulders * self.rise_px
        widen = swell * np.clip(across / 2, -1, 1) * WIDEN_SOURCE_PX * framing.scale
        self._breath = np.stack([widen, -rise], -1).astype(np.float32)
        follow = _smooth((0.85 - down) / 0.95) * _smooth((1.0 - np.abs(across)) / 0.5)
        self._follow = np.repeat(follow[..., None], 2, -1).astype(np.float32)

    def draw(
        self, luma: ByteArray, chroma: ByteArray, breath: float, neck: tuple[float, float]
    ) -> None:
        """Draw the plate over the whole picture; *neck* is its top's displacement in pixels."""
        top = self._top
        luma[:top] = self._luma[:top]
        chroma[: top // 2] = self._chroma[: top // 2]
        maps = self._rest - self._breath * breath - self._follow * np.array(neck, np.float32)
        full = cv2.resize(maps, self._size, interpolation=cv2.INTER_LINEAR)
        border = cv2.BORDER_REPLICATE
        cv2.remap(self._luma, full, None, cv2.INTER_LINEAR, dst=luma[top:], borderMode=border)
        size = (self._size[0] // 2, self._size[1] // 2)
        half = cv2.resize((maps + 0.5) / 2 - 0.5, size, interpolation=cv2.INTER_LINEAR)
        cv2.remap(self._chroma, half, None, cv2.INTER_LINEAR, dst=chroma[top // 2 :],
                  borderMode=border)  # fmt: skip


def _smooth(value: np.ndarray) -> np.ndarray:
    t = np.clip(value, 0, 1)
    return np.asarray(t * t * (3 - 2 * t))

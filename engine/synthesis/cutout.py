"""The body cut out of its photo, drawn over a picture that does not move with it."""

import cv2
import numpy as np

from engine.media import ByteArray
from engine.portrait.rig import Rig
from engine.synthesis.blend import over
from engine.synthesis.framing import Framing, layer, opaque
from engine.synthesis.plate import PAD_PX, Plate
from engine.synthesis.warp import Turn


class Cutout(Plate):
    """As ``Plate``, but only the body breathes: lines in the background stay straight."""

    def __init__(
        self, rig: Rig, framing: Framing, body: ByteArray, still: ByteArray, alpha: ByteArray | None
    ) -> None:
        """Prepare.

        Args:
            rig: the portrait.
            framing: from the portrait to the output.
            body: (height, width, 4), of the output.
            still: (height, width, 3), of the output, behind it.
            alpha: (height, width): drawn into too, how much of each pixel is body; or None.
        """
        cover = body[..., 3:] / np.float32(255)
        both = np.rint(body[..., :3] * cover + still * (1 - cover)).astype(np.uint8)
        super().__init__(rig, framing, body.shape[1], body.shape[0], both)
        planes = layer(body)
        self._body, self._body_half = (
            _padded(planes.luma, PAD_PX),
            _padded(planes.chroma, PAD_PX // 2),
        )
        self._still, chroma = opaque(still)
        self._still_chroma = [np.ascontiguousarray(chroma[..., k]) for k in (0, 1)]
        self._alpha = alpha

    def draw(self, luma: ByteArray, chroma: ByteArray, breath: float, turned: Turn) -> None:
        """Draw over the whole picture; *chroma* is (2, rows, columns)."""
        top = self._top
        self._draw_still(luma, chroma)
        luma[top:] = self._still[top:]
        for plane, target in zip(self._still_chroma, chroma, strict=True):
            target[top // 2 :] = plane[top // 2 :]
        full, half = self._maps(breath, turned)
        y, cover = self._warped("full", self._body, full, (0, 1))
        over(luma[top:], y, cover, self._scratch.bytes("rest", *y.shape))
        if self._alpha is not None:
            self._alpha[:top] = self._body[PAD_PX : PAD_PX + top, PAD_PX:-PAD_PX, 1]
            self._alpha[top:] = cover
        u, v, cover = self._warped("half", self._body_half, half, (0, 1, 2))
        for colour, target in zip((u, v), chroma, strict=True):
            over(target[top // 2 :], colour, cover, self._scratch.bytes("rest", *u.shape))

    def _warped(
        self, name: str, planes: ByteArray, maps: np.ndarray, channels: tuple[int, ...]
    ) -> list[ByteArray]:
        shape = maps.shape[1:]
        drawn = self._scratch.bytes("drawn", *shape, 4)
        cv2.remap(planes, maps[0], maps[1], cv2.INTER_LINEAR, dst=drawn,
                  borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
        parts = []
        for channel in channels:
            plane = self._scratch.bytes(f"{name} {channel}", *shape)
            cv2.extractChannel(drawn, channel, plane)
            parts.append(plane)
        return parts


def _padded(planes: ByteArray, by: int) -> ByteArray:
    return np.asarray(cv2.copyMakeBorder(planes, by, by, by, by, cv2.BORDER_REPLICATE), np.uint8)

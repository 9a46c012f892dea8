"""The visible mark that says the picture is synthetic, drawn into the picture itself.

White letters on a dark, see-through plate: legible on any background. It is made once; a picture
then costs a few microseconds.
"""

import io
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from engine.media import ByteArray
from engine.synthesis.blend import Scratch, over
from engine.synthesis.framing import layer
from engine.synthesis.look import Mark

LETTERS: Final = 0.03
"""Height of the letters' line, as a share of the picture's shorter side."""
LEAST_LETTERS_PX: Final = 12
MARGIN: Final = 0.028
"""Between mark and edge, as a share of the shorter side."""
DARK: Final = (24, 20, 18)
DARKNESS: Final = 0.62
FINER: Final = 4
"""Drawn this much larger and scaled down: round corners without steps."""

Font = ImageFont.FreeTypeFont


class MarkError(ValueError):
    """A mark that cannot be written; the message names the remedy."""


class Stamp:
    """A mark at one picture size."""

    def __init__(self, mark: Mark, width: int, height: int) -> None:
        """Make it.

        Raises:
            MarkError: the font has not all of the characters, or the text does not fit.
        """
        shorter = min(width, height)
        size = max(LEAST_LETTERS_PX, round(LETTERS * shorter))
        picture = _drawn(mark, size)
        rows, columns = picture.shape[:2]
        margin = round(MARGIN * shorter / 2) * 2
        if columns + 2 * margin > width:
            raise MarkError(
                f"mark.text {mark.text!r} does not fit into {width} pixels: give a shorter one"
            )
        x = {"left": margin, "right": width - margin - columns}
        side = mark.position.rpartition("-")[2]
        left = x.get(side, (width - columns) // 2) // 2 * 2
        top = margin if mark.position.startswith("top") else height - margin - rows
        top = top // 2 * 2
        self.rect = (left, top, left + columns, top + rows)
        """x0, y0, x1, y1 in the picture."""
        planes = layer(picture)
        self._luma = [np.ascontiguousarray(planes.luma[..., k]) for k in (0, 1)]
        self._chroma = [np.ascontiguousarray(planes.chroma[..., k]) for k in (0, 1, 2)]
        self._scratch = Scratch()

    def draw(self, luma: ByteArray, chroma: ByteArray, alpha: ByteArray | None = None) -> None:
        """Draw it into the planes; *chroma* is (2, rows, columns); *alpha* is made to cover it."""
        x0, y0, x1, y1 = self.rect
        colour, cover = self._luma
        rest = self._scratch.bytes("rest", *colour.shape)
        over(luma[y0:y1, x0:x1], colour, cover, rest)
        if alpha is not None:
            over(alpha[y0:y1, x0:x1], cover, cover, rest)
        half = (slice(y0 // 2, y1 // 2), slice(x0 // 2, x1 // 2))
        u, v, cover = self._chroma
        for plane, colour in zip(chroma, (u, v), strict=True):
            over(plane[half], colour, cover, self._scratch.bytes("half", *u.shape))


def _drawn(mark: Mark, size_px: int) -> ByteArray:
    """(rows, columns, 4) blue-green-red-alpha, sides even."""
    font = _font(mark.font, size_px * FINER)
    _refuse_missing(mark.text, font)
    left, _, right, _ = font.getbbox(mark.text)
    ascent, descent = font.getmetrics()
    rows = round((ascent + descent) * 1.12 / FINER / 2 + 1) * 2
    columns = round(((right - left) / FINER + 0.95 * size_px) / 2) * 2
    big = (columns * FINER, rows * FINER)
    plate, words = Image.new("L", big, 0), Image.new("L", big, 0)
    ImageDraw.Draw(plate).rounded_rectangle(
        (0, 0, big[0] - 1, big[1] - 1), radius=big[1] * 0.3, fill=round(255 * DARKNESS)
    )
    at = ((big[0] - (right - left)) / 2 - left, (big[1] - ascent - descent) / 2)
    ImageDraw.Draw(words).text(at, mark.text, font=font, fill=255)
    cover, letters = (
        cv2.resize(np.asarray(image), (columns, rows), interpolation=cv2.INTER_AREA)
        / np.float32(255)
        for image in (plate, words)
    )
    whole = letters + cover * (1 - letters)
    white = np.where(whole > 0, letters / np.maximum(whole, 1e-3), 0)[..., None]
    colour = 250 * white + np.array(DARK) * (1 - white)
    return np.asarray(np.rint(np.dstack([colour, 255 * whole])), np.uint8)


def refuse_missing(text: str, font: str) -> None:
    """See whether the font file *font* (empty: Pillow's own) has every character of *text*.

    Raises:
        MarkError: it has not, or it cannot be read.
    """
    _refuse_missing(text, _font(font, LEAST_LETTERS_PX))


def _font(file: str, size_px: int) -> Font:
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont
    try:
        if file:  # opened here: by a path, Pillow would find others of the same name
            font = ImageFont.truetype(io.BytesIO(Path(file).read_bytes()), size_px)
        else:
            font = ImageFont.load_default(size_px)
    except (OSError, ValueError) as error:
        raise MarkError(f"mark.font {file!r} cannot be read ({error}): give a font file") from None
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise MarkError("Pillow was built without FreeType: install Pillow's own wheel")
    return font


def _refuse_missing(text: str, font: Font) -> None:
    """A character that the font lacks is drawn like one that no font has."""
    absent = _shape(font, "\U000fffff")
    lacking = [c for c in text if not c.isspace() and _shape(font, c) == absent]
    if lacking:
        raise MarkError(
            f"mark.text has {''.join(lacking)!r}, which the font lacks: name a font file that has "
            "it (Debian's fonts-noto-cjk has Chinese)"
        )


def _shape(font: Font, character: str) -> tuple[bytes, tuple[int, int]]:
    mask, offset = font.getmask2(character)
    return bytes(mask), (int(offset[0]), int(offset[1]))

"""The slate: a test pattern over picture and sound, by which any tool can measure the whole way.

Each second a 1 kHz beep sounds for 80 ms, and a patch in the upper left corner is lit in the very
pictures that fall on it. Beside the patch stands the picture's index as a barcode: its jumps are
lost pictures, its repeats are pictures held.

The pattern is of the picture's *content*: with a lip-sync correction the patch moves with the face.
A picture that the flash covers in part is lit in part, as by a camera whose shutter is open for as
long as a picture lasts; so the flash can be timed more finely than pictures come.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.media import Audio, ByteArray, FloatArray
from engine.timeline import SAMPLE_RATE_HZ, samples

PERIOD_SAMPLES: Final = SAMPLE_RATE_HZ
BEEP_SAMPLES: Final = samples(0.08)
"""Two pictures at 25 a second: seen by eye, and told from a lost picture."""

BEEP_HZ: Final = 1000
BEEP_LEVEL: Final = 0.4
EDGE_SAMPLES: Final = samples(0.002)
"""The beep rises and falls within this: no click."""

DUCK_SAMPLES: Final = samples(0.04)
"""Speech is lowered for the beep and this much before and after it."""

DUCK_LEVEL: Final = 0.1

GRID: Final = 32
"""The picture's width in cells of the pattern."""

PATCH_CELLS: Final = 4
BARCODE_ROWS: Final = 2
INDEX_BITS: Final = 22
CHECK_BITS: Final = 4
BLACK: Final = 16
WHITE: Final = 235


@dataclass(frozen=True, slots=True)
class Reading:
    """What a picture's pattern says."""

    index: int | None
    """Of the picture; None if the barcode cannot be read."""
    lit: float
    """How brightly the patch is lit, 0 to 1."""


def barcode(index: int) -> list[int]:
    """The cells right of the patch: 1, 0, the index (highest bit first), a check of four bits."""
    index %= 1 << INDEX_BITS
    value = (index << CHECK_BITS) | _check(index)
    bits = INDEX_BITS + CHECK_BITS
    return [1, 0, *((value >> bit) & 1 for bit in reversed(range(bits)))]


def _check(index: int) -> int:
    return (7 + sum((index >> shift) & 15 for shift in range(0, INDEX_BITS, 4))) % 16


def draw(planes: ByteArray, index: int, shown_pts: int, length_samples: int) -> None:
    """Draw the pattern over a picture.

    Args:
        planes: I420, shape (height · 3 // 2, width); changed in place.
        index: the picture's number.
        shown_pts: the instant that it shows.
        length_samples: how long it is shown.
    """
    width = planes.shape[1]
    height = planes.shape[0] * 2 // 3
    cell = width // GRID
    rows, columns = PATCH_CELLS * cell, GRID * cell
    luma = planes[:height]
    lit = flash_share(shown_pts, length_samples)
    luma[:rows, :rows] = round(BLACK + lit * (WHITE - BLACK))
    cells = np.repeat(np.array(barcode(index), np.uint8), cell)
    luma[: BARCODE_ROWS * cell, rows:columns] = BLACK + cells * (WHITE - BLACK)
    chroma = planes[height:].reshape(2, height // 2, width // 2)
    chroma[:, : rows // 2, : rows // 2] = 128
    chroma[:, : BARCODE_ROWS * cell // 2, rows // 2 : columns // 2] = 128


def flash_share(pts: int, length_samples: int) -> float:
    """The share of the time from *pts* on, *length_samples* long, in which the patch is lit."""
    phase = pts % PERIOD_SAMPLES
    lit = 0
    for begin in (0, PERIOD_SAMPLES):
        lit += max(0, min(phase + length_samples, begin + BEEP_SAMPLES) - max(phase, begin))
    return lit / length_samples


def read(cells: FloatArray) -> Reading:
    """Read the pattern.

    Args:
        cells: shape (PATCH_CELLS, GRID): the mean luma of each cell, 0 to 255.
    """
    middle = (BLACK + WHITE) / 2
    lit = (float(cells[:, :PATCH_CELLS].mean()) - BLACK) / (WHITE - BLACK)
    bits = [int(value > middle) for value in cells[:BARCODE_ROWS, PATCH_CELLS:].mean(0)]
    value = 0
    for bit in bits[2:]:
        value = value << 1 | bit
    index = value >> CHECK_BITS
    fits = bits[:2] == [1, 0] and value & 15 == _check(index)
    return Reading(index if fits else None, min(1.0, max(0.0, lit)))


def mix(audio: Audio) -> Audio:
    """Lay the beep over *audio*."""
    phase = (audio.pts + np.arange(len(audio.samples))) % PERIOD_SAMPLES
    time_s = phase / SAMPLE_RATE_HZ
    beep = BEEP_LEVEL * np.sin(2 * np.pi * BEEP_HZ * time_s) * _window(phase, 0, EDGE_SAMPLES)
    duck = 1.0 - (1.0 - DUCK_LEVEL) * _window(phase, DUCK_SAMPLES, DUCK_SAMPLES // 2)
    mixed = audio.samples * duck + beep
    return Audio(audio.pts, mixed.astype(np.float32), audio.generation)


def _window(
    phase: "np.ndarray[tuple[int, ...], np.dtype[np.int64]]", margin: int, edge: int
) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
    """1 during the beep and *margin* samples about it, 0 elsewhere, with edges of a cosine."""
    signed = (phase + PERIOD_SAMPLES // 2) % PERIOD_SAMPLES - PERIOD_SAMPLES // 2
    inside = np.minimum(signed + margin, BEEP_SAMPLES + margin - signed) / edge
    return 0.5 - 0.5 * np.cos(np.pi * np.clip(inside, 0.0, 1.0))

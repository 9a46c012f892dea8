"""What lies behind the moving head, made ready for one output size."""

import io
import warnings
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from engine.media import ByteArray, FloatArray
from engine.portrait.layers import fill
from engine.portrait.rig import Rig
from engine.synthesis.framing import Framing, Rect
from engine.synthesis.look import Background
from engine.synthesis.matte import Person, composed

BLUR_SOURCE_PX: Final = 26.0
"""Of a blurred background: as a portrait lens shows a room two metres behind."""
FADE_SOURCE_PX: Final = (12.0, 70.0)
"""Beyond the photo's edge it goes on ever more out of focus: where that begins and is complete."""
SLOPE: Final = 0.5
"""Shoulders cut off by the photo's edge go on downward by this much for every step outward."""
MAX_IMAGE_PIXELS: Final = 64_000_000
FORMATS: Final = ("JPEG", "PNG", "WEBP")


@dataclass(frozen=True)
class Scene:
    """The pictures that the synthesizer draws a rig from."""

    head: ByteArray
    """(rows, columns, 4) over the rig's box, in the portrait's pixels."""
    plate: ByteArray
    """(height, width, 3) of the output; (height, width, 4): the body alone, over ``still``."""
    still: ByteArray | None = None
    """(height, width, 3) of the output: what does not move with the body."""
    is_transparent: bool = False
    """Whether ``still`` only lends its colours to soft edges."""


def scene(
    rig: Rig, person: Person | None, background: Background, framing: Framing, size: tuple[int, int]
) -> Scene:
    """Make the pictures.

    Args:
        rig: the portrait.
        person: who is in it; needed for every background but ``photo``.
        background: what is wanted.
        framing: from the portrait to the output.
        size: the output's width and height in pixels.

    Raises:
        ValueError: the background's image cannot be read, or *person* is missing.
    """
    if background.kind == "photo":
        return Scene(rig.head, _placed(rig.plate, framing, size))
    if person is None:
        raise ValueError(f"background {background.kind} needs the person cut out: give person")
    body = _placed(person.body, framing, size)
    if background.kind == "image":
        return Scene(person.head, body, _covering(read_image(background.image), size))
    if background.kind == "transparent":
        spread = fill(person.body[..., :3].astype(np.float64), person.alpha > 0.9)
        return Scene(person.head, body, _placed(_bytes(spread), framing, size), True)
    # Where nothing can be seen to move, the body and its background are one picture: it is cheaper.
    if background.kind == "colour":
        behind = np.empty((size[1], size[0], 3), np.uint8)
        behind[:] = background.bgr
    else:
        behind = _placed(_blurred(rig, person), framing, size)
    cover = body[..., 3:] / np.float32(255)
    return Scene(person.head, _bytes(body[..., :3] * cover + behind * (1 - cover)))


def read_image(data: bytes) -> ByteArray:
    """The picture in *data* (PNG, JPEG or WebP), (height, width, 3) blue-green-red.

    Raises:
        ValueError: it cannot be read, or is far too large.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
                if opened.width * opened.height > MAX_IMAGE_PIXELS:
                    raise ValueError(
                        f"background.image is {opened.width}×{opened.height}: allowed are up to "
                        f"{MAX_IMAGE_PIXELS // 1_000_000} million pixels"
                    )
                opened.draft("RGB", (1280, 1280))
                opened.thumbnail((2560, 2560))
                rgb = np.asarray(opened.convert("RGB"), np.uint8)
    except Exception as error:
        if isinstance(error, ValueError) and "background.image" in str(error):
            raise
        reason = "no such picture" if isinstance(error, UnidentifiedImageError) else error
        raise ValueError(
            f"background.image cannot be read ({reason}): give a PNG, JPEG or WebP that opens"
        ) from None
    return np.ascontiguousarray(rgb[..., ::-1])


def _covering(image: ByteArray, size: tuple[int, int]) -> ByteArray:
    """*image* scaled and cropped about its middle to fill *size*."""
    width, height = size
    factor = max(width / image.shape[1], height / image.shape[0])
    scaled = (
        max(width, round(image.shape[1] * factor)),
        max(height, round(image.shape[0] * factor)),
    )
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    whole = cv2.resize(image, scaled, interpolation=way)
    x, y = (scaled[0] - width) // 2, (scaled[1] - height) // 2
    return np.ascontiguousarray(whole[y : y + height, x : x + width], np.uint8)


def _blurred(rig: Rig, person: Person) -> ByteArray:
    """The portrait's own background out of focus, the person gone from it."""
    photo = composed(rig).astype(np.float64)
    kernel = np.ones((13, 13), np.uint8)
    around = cv2.dilate((person.alpha > 0.02).astype(np.uint8), kernel) > 0
    clear = photo if around.all() else fill(photo, ~around)
    return _bytes(_out_of_focus(_bytes(clear), BLUR_SOURCE_PX))


def _placed(image: ByteArray, framing: Framing, size: tuple[int, int]) -> ByteArray:
    """*image*, over the whole portrait, in the output; beyond the portrait it goes on, blurred."""
    box: Rect = (0, 0, image.shape[1], image.shape[0])
    out = framing.place(image, box, (0, 0, *size))
    left, top = framing.to_output(-0.5, -0.5)
    right, bottom = framing.to_output(image.shape[1] - 0.5, image.shape[0] - 0.5)
    xs, ys = np.arange(size[0])[None], np.arange(size[1])[:, None]
    aside = np.maximum(np.maximum(left - xs, xs - right), 0)
    beyond = np.maximum(aside, np.maximum(top - ys, ys - bottom))
    if beyond.max() < 1:
        return out
    fades: tuple[float, ...] = FADE_SOURCE_PX
    if image.shape[2] == 4:  # a body: its shoulders slope, and end in no mist
        columns = np.clip(xs, left + 1, right - 2)
        lines = ys - SLOPE * aside
        fades = FADE_SOURCE_PX[:1]
    else:  # a room: mirrored, which streaks less than its edge carried on
        columns, lines = left + np.abs(right - left - np.abs(xs - right)), ys
        columns = np.clip(columns, max(left + 1, 0), min(right - 2, size[0] - 1))
    across, down = (
        np.broadcast_to(part, beyond.shape).astype(np.float32) for part in (columns, lines)
    )
    border = cv2.BORDER_REPLICATE
    out = np.asarray(cv2.remap(out, across, down, cv2.INTER_LINEAR, borderMode=border), np.uint8)
    mixed = out.astype(np.float32)
    for start, sigma in zip((0.0, FADE_SOURCE_PX[0]), fades, strict=False):
        part = _ramp((beyond / framing.scale - start) / sigma)[..., None]
        mixed += part * (_out_of_focus(out, sigma * framing.scale) - mixed)
    return _bytes(mixed)


def _out_of_focus(image: ByteArray, sigma_px: float) -> FloatArray:
    """Blurred; a wide blur is made small, where it costs little."""
    by = max(1, int(sigma_px / 4))
    rows, columns = image.shape[:2]
    small = cv2.resize(
        image, (max(1, columns // by), max(1, rows // by)), interpolation=cv2.INTER_AREA
    )
    soft = cv2.GaussianBlur(small.astype(np.float32), (0, 0), sigma_px / by)
    return np.asarray(cv2.resize(soft, (columns, rows), interpolation=cv2.INTER_CUBIC), np.float32)


def _ramp(value: FloatArray) -> FloatArray:
    t = np.clip(value, 0, 1).astype(np.float32)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def _bytes(values: NDArray[np.floating]) -> ByteArray:
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)

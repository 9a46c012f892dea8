"""Reading a photo as an operator brings it: upright, opaque, in sRGB, no larger than needed."""

import io
import struct
import warnings
import zlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

Bgr = NDArray[np.uint8]

FORMATS: Final = ("JPEG", "PNG", "WEBP")
MAX_PIXELS: Final = 64_000_000
"""Larger photos are refused before they are decoded."""
MAX_BYTES: Final = 256 * 1024 * 1024
WORKING_PIXELS: Final = 24_000_000
"""What is kept of larger photos: enough for a head that fills a tenth of them."""
GREY: Final = (128, 128, 128)
"""What shows through where a photo is transparent."""
_HEIF_BRANDS: Final = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
_DAMAGE: Final = (OSError, SyntaxError, ValueError, EOFError, TypeError, IndexError, KeyError,
                  struct.error, zlib.error)  # fmt: skip
"""What Pillow raises at a file that is not what it seems."""


class PhotoError(Exception):
    """A photo that cannot be read; the message names the failure and the remedy."""

    def __init__(self, code: str, reason: str, remedy: str) -> None:
        self.code = code
        """Stable name of the failure."""
        self.reason, self.remedy = reason, remedy
        super().__init__(f"{code}: {reason}: {remedy}")


@dataclass(frozen=True)
class Photo:
    """A photo as it is worked on."""

    bgr: Bgr
    """(height, width, 3), upright, no more than ``WORKING_PIXELS``."""
    scale: float
    """Its pixels over the file's."""


def read(path: Path) -> Photo:
    """Read the photo at *path*.

    Raises:
        PhotoError: ``unreadable``, ``not_a_photo``, ``damaged`` or ``too_many_pixels``.
    """
    data = _bytes(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd tags and the like: the pixels count
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _decoded(path, data)
    except UnidentifiedImageError:
        raise _no_photo(path, data) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many(path, "far") from None
    except _DAMAGE as error:
        raise PhotoError(
            "damaged", f"{path.name} is damaged ({error})", "save or copy the photo again"
        ) from None


def _decoded(path: Path, data: bytes) -> Photo:
    formats = [*FORMATS, *(["HEIF"] if _heif_known() else [])]
    with Image.open(io.BytesIO(data), formats=formats) as opened:
        width, height = opened.size
        if width * height > MAX_PIXELS:
            raise _too_many(path, f"{width}×{height}: that is")
        return _upright(opened)


def _too_many(path: Path, how: str) -> PhotoError:
    return PhotoError(
        "too_many_pixels",
        f"{path.name} has too many pixels, {how} more than {MAX_PIXELS // 10**6} million",
        "scale it down first, for instance to 4000 pixels a side",
    )


def _bytes(path: Path) -> bytes:
    if path.is_dir():
        raise PhotoError("unreadable", f"{path} is a folder", "give a photo: JPEG, PNG or WebP")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise PhotoError(
                "too_many_pixels", f"{path.name} is over {MAX_BYTES >> 20} MB", "scale it down"
            )
        return path.read_bytes()
    except OSError as error:
        raise PhotoError(
            "unreadable", f"{path}: {error.strerror or error}", "check the path and its mode"
        ) from None


def _no_photo(path: Path, data: bytes) -> PhotoError:
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS:
        return PhotoError(
            "not_a_photo",
            f"{path.name} is a HEIC photo, which cannot be read here",
            "save it as JPEG, or: pip install pillow-heif",
        )
    return PhotoError(
        "not_a_photo",
        f"{path.name} is not a photo" if data else f"{path.name} is empty",
        "give a JPEG, PNG or WebP file",
    )


def _heif_known() -> bool:
    """Whether HEIC can be read: if pillow-heif is installed."""
    if find_spec("pillow_heif") is None:
        return False
    from pillow_heif import register_heif_opener

    register_heif_opener()
    return True


def _upright(opened: Any) -> Photo:  # noqa: ANN401  # Pillow's types name each format's own class
    """Decode, no larger than needed; turn as the camera was held; flatten; to sRGB."""
    longest = max(opened.size)
    shrink = min(1.0, (WORKING_PIXELS / (opened.width * opened.height)) ** 0.5)
    size = (max(1, int(opened.width * shrink)), max(1, int(opened.height * shrink)))
    opened.draft("RGB", size)  # JPEG alone: decodes at a fraction
    opened.thumbnail(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    profile = opened.info.get("icc_profile")
    image = _opaque(ImageOps.exif_transpose(opened))
    pixels = np.asarray(_to_srgb(image, profile), np.uint8)
    return Photo(np.ascontiguousarray(pixels[..., ::-1]), max(pixels.shape[:2]) / longest)


def _opaque(image: Any) -> Any:  # noqa: ANN401
    """In red, green and blue, over neutral grey."""
    if image.mode.startswith("I") or image.mode == "F":  # 16 bits of grey
        levels = np.asarray(image, np.float64)
        scale = 255 / 65535 if levels.max() > 255 else 1.0
        return Image.fromarray((levels * scale).clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        clear = image.convert("RGBA")
        ground = Image.new("RGBA", clear.size, (*GREY, 255))
        return Image.alpha_composite(ground, clear).convert("RGB")
    return image.convert("RGB")


def _to_srgb(image: Any, profile: bytes | None) -> Any:  # noqa: ANN401
    """Phones save wider colours than screens show; without a usable profile, as it is."""
    if not profile:
        return image
    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if given.profile.xcolor_space.strip() != "RGB":
            return image
        return ImageCms.profileToProfile(image, given, ImageCms.createProfile("sRGB"))
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image

"""What files say of themselves: that they are synthetic."""

import io
from typing import Final

import numpy as np
from PIL import Image

from engine.media import ByteArray
from kiosk import __version__

SYNTHETIC_COMMENT: Final = (
    f"AI-generated: a portrait moved by software; nobody was filmed (sonic-kiosk {__version__})"
)
SYNTHETIC_SOURCE: Final = "trainedAlgorithmicMedia"
"""The IPTC term, in its vocabulary of digital source types, for media made by a trained model."""


def labelled_jpeg(image: ByteArray, quality: int = 92) -> bytes:
    """*image*, (height, width, 3) blue-green-red, as a JPEG that says that it is synthetic."""
    out = io.BytesIO()
    comment = f"{SYNTHETIC_COMMENT}; digital source type: {SYNTHETIC_SOURCE}"
    picture = Image.fromarray(np.ascontiguousarray(image[..., ::-1]))
    picture.save(out, "JPEG", quality=quality, comment=comment.encode())
    return out.getvalue()

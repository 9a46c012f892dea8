import io

import numpy as np
from PIL import Image

from kiosk.labels import labelled_jpeg


def test_a_sheet_says_that_it_is_synthetic_and_keeps_its_colours() -> None:
    blue = np.zeros((64, 64, 3), np.uint8)
    blue[..., 0] = 200
    with Image.open(io.BytesIO(labelled_jpeg(blue))) as opened:
        comment = opened.info["comment"].decode()
        pixel = opened.convert("RGB").getpixel((30, 30))
    assert comment.startswith("AI-generated") and "trainedAlgorithmicMedia" in comment
    assert isinstance(pixel, tuple) and abs(pixel[2] - 200) < 6 and pixel[0] < 6

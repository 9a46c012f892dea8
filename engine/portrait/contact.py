"""Many portraits side by side, each in several shapes: ``python -m engine.portrait.contact OUT PHOTO...``.

Photos are checked and baked as any other (some seconds each); rig files are taken as they are.
"""  # noqa: E501

import argparse
import sys
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.portrait.checks import RefusedError
from engine.portrait.models import ModelError
from engine.portrait.onboard import Onboarding
from engine.portrait.photo import PhotoError
from engine.portrait.rig import Rig, RigError, load
from engine.synthesis.framing import frame
from engine.synthesis.shapes import SHAPES, labelled, motion
from engine.synthesis.synthesizer import OutputFormat, Synthesizer

Image = NDArray[np.uint8]

COLUMNS: Final = ("neutral", "blink", "ah", "ee", "oh", "f v", "smile", "yaw +8")
OUTPUT: Final = OutputFormat(768, 768)
TILE_PX: Final = 128
SEEN: Final = 2.5
"""Side of a tile in distances between the eyes' outer corners."""
QUALITY: Final = 78


def row(rig: Rig) -> Image:
    """One portrait in ``COLUMNS``, blue-green-red."""
    synthesizer = Synthesizer(rig, OUTPUT)
    size = (rig.plate.shape[1], rig.plate.shape[0])
    framing = frame(size, rig.pivot_px[0], OUTPUT.width, OUTPUT.height)
    left, top, right, bottom = rig.mouth_px
    x, y = framing.to_output((left + right) / 2, (top + bottom) / 2 - 0.4 * rig.eye_distance_px)
    scale = TILE_PX / (SEEN * rig.eye_distance_px * framing.scale)
    place = np.array([[scale, 0, TILE_PX / 2 - x * scale], [0, scale, TILE_PX / 2 - y * scale]])
    tiles = []
    for name in COLUMNS:
        picture = cv2.cvtColor(synthesizer.render(motion(*SHAPES[name])), cv2.COLOR_YUV2BGR_I420)
        if scale < 1:
            picture = cv2.GaussianBlur(picture, (0, 0), 0.4 / scale)
        tiles.append(cv2.warpAffine(picture, place, (TILE_PX, TILE_PX), flags=cv2.INTER_CUBIC))
    return np.asarray(np.hstack(tiles), np.uint8)


def contact(rigs: list[Rig]) -> Image:
    """All of *rigs* below each other; the shapes' names stand in the first row."""
    whole = np.vstack([row(rig) for rig in rigs])
    for column, name in enumerate(COLUMNS):
        tile = whole[:TILE_PX, column * TILE_PX : (column + 1) * TILE_PX]
        tile[...] = labelled(np.ascontiguousarray(tile), name)
    return whole


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m engine.portrait.contact")
    parser.add_argument("out", type=Path, help="a JPEG")
    parser.add_argument("portraits", type=Path, nargs="+", help="photos, or .rig files")
    options = parser.parse_args(arguments)
    try:
        rigs = _rigs(options.portraits)
        done, data = cv2.imencode(".jpg", contact(rigs), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        if not done:
            raise RigError("the sheet cannot be encoded: give fewer portraits")
        options.out.write_bytes(data.tobytes())
    except (RigError, PhotoError, RefusedError, ModelError, OSError) as error:
        sys.stderr.write(f"contact: {error}\n")
        return 1
    return 0


def _rigs(paths: list[Path]) -> list[Rig]:
    onboarding: Onboarding | None = None
    out = []
    for path in paths:
        if path.suffix == ".rig":
            out.append(load(path))
            continue
        onboarding = onboarding or Onboarding()
        out.append(onboarding.bake(onboarding.examine(path), path.stem)[0])
    return out


if __name__ == "__main__":
    sys.exit(main())

"""Bake a rig from one photo: ``python -m engine.portrait.bake --landmarks L --name N PHOTO OUT``.

Offline, some seconds; needs the photo's 478 landmarks. For any photo: ``kiosk portrait add``.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.portrait import closing, eyes, flows, layers, lips, mouth
from engine.portrait.models import ModelError
from engine.portrait.plane import eye_distance, polygon
from engine.portrait.prior import SHIPPED, Floats, Prior, fit, load_prior
from engine.portrait.rig import Rig, RigError, save
from engine.portrait.selfie import Segmenter
from engine.synthesis.shapes import sheet
from engine.synthesis.synthesizer import OutputFormat, Synthesizer

SIZE_PX = 1024
CHEEKS = (50, 280)
LIT_SKIN, LIT_EYES, LIT_GLOSS = 172.0, 165.0, 290.0
"""Levels in good light of a pale cheek, of the eyes' white and of the face's highlights; teeth are
drawn for it. The brightest answer counts: dark skin is no dim light."""
EXPOSURE = (0.35, 1.08)


def head_box(landmarks_px: Floats, width: int, height: int) -> flows.Box:
    """A box with room for hair and movement, of whole cells."""
    eyes_px = landmarks_px[[33, 263], :2]
    span = float(np.linalg.norm(eyes_px[1] - eyes_px[0]))
    x, y = eyes_px.mean(0)
    x0, x1 = max(0, x - 1.62 * span), min(width, x + 1.62 * span)
    y0, y1 = max(0, y - 1.72 * span), min(height, y + 1.75 * span)
    step = flows.STEP_PX
    left, top = int(np.ceil(x0 / step)) * step, int(np.ceil(y0 / step)) * step
    return left, top, left + int((x1 - left) // step) * step, top + int((y1 - top) // step) * step


def bake(
    photo: NDArray[np.uint8], landmarks_px: Floats, prior: Prior, name: str,
    plate: Floats | None = None, matte: Floats | None = None,
) -> Rig:  # fmt: skip
    """Bake *photo*, (1024, 1024, 3) blue-green-red, with its landmarks (478, 2 or 3).

    Raises:
        RigError: if the photo or the landmarks have another shape.
    """
    if photo.shape != (SIZE_PX, SIZE_PX, 3):
        raise RigError(f"the photo is {photo.shape}: scale and crop it to {SIZE_PX}×{SIZE_PX}")
    if landmarks_px.shape[0] != 478:
        raise RigError(f"{landmarks_px.shape[0]} landmarks: 478 are needed, iris points included")
    photo, landmarks_px = closing.close(photo, landmarks_px)
    laid = fit(prior, landmarks_px)
    line = lips.find(photo, landmarks_px)
    box = head_box(landmarks_px, SIZE_PX, SIZE_PX)
    flow = flows.bake(laid, landmarks_px, line, box)
    parts = layers.build(photo, landmarks_px, line, box, plate, matte)
    inside = mouth.draw(laid, line, exposure(photo, landmarks_px))
    both = eyes.draw(photo, landmarks_px, laid)
    return _assemble(name, landmarks_px, flow, parts, inside, both)


def exposure(photo: NDArray[np.uint8], landmarks_px: Floats) -> float:
    """How well the face is lit: 1 in good light."""
    grey = cv2.blur(cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY), (5, 5))
    cheeks = [grey[int(y) - 10 : int(y) + 10, int(x) - 10 : int(x) + 10].mean()
              for x, y in landmarks_px[list(CHEEKS), :2]]  # fmt: skip

    def bright(points: Floats, share: float) -> float:
        values = grey[polygon(grey.shape, points)]
        return float(np.quantile(values, share)) if values.size else 0.0

    outlines = [landmarks_px[list(up) + list(low)[::-1]]
                for up, low in zip(eyes.UPPER, eyes.LOWER, strict=True)]  # fmt: skip
    whites = np.mean([bright(outline, 0.9) for outline in outlines])
    hull = cv2.convexHull(landmarks_px[:, :2].astype(np.float32))[:, 0].astype(np.float64)
    answers = (np.mean(cheeks) / LIT_SKIN, whites / LIT_EYES, bright(hull, 0.98) / LIT_GLOSS)
    return float(np.clip(max(answers), *EXPOSURE))


def _assemble(
    name: str, landmarks_px: Floats, flow: flows.Flows, parts: layers.Layers,
    inside: mouth.Interior, both: eyes.Eyes,
) -> Rig:  # fmt: skip
    difference = flow.upper - flow.lower
    rows, columns = np.nonzero(np.abs(difference).max((0, 3)) > 0.02)
    cells = (int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
    patch = difference[:, cells[1] : cells[3], cells[0] : cells[2]]
    outline = landmarks_px[[61, 291, 0, 17], :2]
    pivot_depth = flow.pivot_depth_px
    return Rig(
        name=name,
        plate=parts.plate, head=parts.head, upper=parts.upper, hole=parts.hole,
        cavity=inside.cavity, lower_teeth=inside.lower, upper_teeth=inside.upper,
        eyes=both.balls, lids=both.closed, lid_curves=both.curves,
        lid_motion=both.lid_motion, gaze_motion=both.gaze_motion, irises=both.irises,
        lower_flow=_halves(flow.lower), upper_flow=_halves(patch), upper_cells=cells,
        depth_px=_halves(flow.depth_px), jaw_motion=inside.jaw_motion.astype(np.float32),
        teeth_depth_px=(inside.upper_depth_px - pivot_depth, inside.lower_depth_px - pivot_depth),
        pivot_px=flow.pivot_px, box=flow.box, upper_box=parts.mouth_box, cavity_box=inside.box,
        eye_boxes=both.boxes, step_px=flows.STEP_PX,
        eye_distance_px=eye_distance(landmarks_px),
        chin_px=(float(landmarks_px[152, 0]), float(landmarks_px[152, 1])),
        mouth_px=(int(outline[0, 0]), int(outline[2, 1]), int(outline[1, 0]), int(outline[3, 1])),
    )  # fmt: skip


def _halves(values: Floats) -> NDArray[np.float16]:
    """Half precision; what moves less than a fiftieth of a pixel rests (and packs well)."""
    rounded = np.rint(values * 32) / 32
    return np.where(np.abs(rounded) < 0.04, 0, rounded).astype(np.float16)


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m engine.portrait.bake", description=__doc__)
    parser.add_argument("photo", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--prior", type=Path, default=SHIPPED, help="the face prior's archive")
    parser.add_argument("--landmarks", type=Path, required=True, help=".npz of (478, 3) arrays")
    parser.add_argument("--name", required=True, help="the persona's name")
    parser.add_argument("--key", help="the landmarks' key in the archive (default persona_NAME)")
    parser.add_argument("--plate", type=Path, help="the photo without the head, if known")
    parser.add_argument("--matte", type=Path, help="grey picture: how much is head, if known")
    parser.add_argument("--segmenter", type=Path, help="folder of the network that cuts people out")
    parser.add_argument("--sheet", type=Path, help="draw key shapes of the new rig there")
    options = parser.parse_args(arguments)
    try:
        photo = _read(options.photo, cv2.IMREAD_COLOR)
        plate = _read(options.plate, cv2.IMREAD_COLOR) if options.plate else None
        matte = _read(options.matte, cv2.IMREAD_GRAYSCALE) if options.matte else None
        with np.load(options.landmarks) as data:
            landmarks = data[options.key or f"persona_{options.name}"].astype(np.float64)
        rig = bake(
            photo, landmarks, load_prior(options.prior), options.name,
            None if plate is None else plate.astype(np.float64),
            None if matte is None else matte.astype(np.float64) / 255,
        )  # fmt: skip
        if options.segmenter:
            rig = replace(rig, mask=Segmenter(options.segmenter).mask(photo))
        save(rig, options.out)
        if options.sheet and not cv2.imwrite(str(options.sheet), key_shapes(rig)):
            raise RigError(f"the sheet {options.sheet} cannot be written: check its folder")
    except (RigError, ModelError, OSError, KeyError) as error:
        sys.stderr.write(f"bake: {error}\n")
        return 1
    sys.stdout.write(f"{options.out}: {options.out.stat().st_size / 1e6:.2f} MB\n")
    return 0


def key_shapes(rig: Rig) -> NDArray[np.uint8]:
    """A sheet of the rig's key shapes, blue-green-red."""
    return sheet(Synthesizer(rig, OutputFormat()))


def _read(path: Path, flags: int) -> NDArray[np.uint8]:
    image = cv2.imread(str(path), flags)
    if image is None:
        raise RigError(f"{path} is not a picture that can be read: give a PNG or JPEG")
    return np.asarray(image, np.uint8)


if __name__ == "__main__":
    sys.exit(main())

"""Every viseme on faces, to be looked at: ranges are set by eye.

    python -m engine.train.sheet sheet.jpg engine/personas/ada/persona.rig build/*.rig

Each row is a face, each column a viseme as the teacher shows it when it is said alone and slowly.
"""

import argparse
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.media import MotionFrame, Pose
from engine.motion.lips import spread
from engine.portrait.rig import load
from engine.synthesis.framing import frame
from engine.synthesis.synthesizer import OutputFormat, Synthesizer
from engine.train.teacher import Phone, curves
from engine.train.visemes import VISEMES

LENGTH_S: Final = 0.4
START_S: Final = 0.5
TILE_PX: Final = 150
TITLE_PX: Final = 18
SEEN: Final = 1.7
"""Side of a tile in widths of the resting mouth."""


def examples() -> dict[str, str]:
    """One symbol for each viseme's name."""
    out: dict[str, str] = {}
    for symbol, viseme in VISEMES.items():
        out.setdefault(viseme.name, symbol)
    return out


def held(symbol: str) -> MotionFrame:
    """The face in the middle of *symbol*, said alone."""
    middle = np.array([START_S + LENGTH_S / 2], np.float32)
    speech = curves([Phone(symbol, START_S, START_S + LENGTH_S)], middle)[0]
    return MotionFrame(0, spread(speech), Pose())


def row(rig_path: Path) -> list[NDArray[np.uint8]]:
    """The mouth of one face in every viseme, blue-green-red."""
    rig = load(rig_path)
    output = OutputFormat(720, 1280)
    synthesizer = Synthesizer(rig, output)
    source = (rig.plate.shape[1], rig.plate.shape[0])
    framing = frame(source, rig.pivot_px[0], output.width, output.height)
    left, top, right, bottom = rig.mouth_px
    centre = framing.to_output((left + right) / 2, (top + bottom) / 2 + 0.1 * (right - left))
    side = int(SEEN * (right - left) * framing.scale)
    out = []
    for symbol in examples().values():
        picture = cv2.cvtColor(synthesizer.render(held(symbol)), cv2.COLOR_YUV2BGR_I420)
        out.append(cv2.getRectSubPix(picture, (side, side), centre))
        out[-1] = cv2.resize(out[-1], (TILE_PX, TILE_PX), interpolation=cv2.INTER_AREA)
    return [np.asarray(tile, np.uint8) for tile in out]


def sheet(rigs: list[Path]) -> NDArray[np.uint8]:
    """All faces below each other."""
    names = list(examples())
    title = np.full((TITLE_PX, TILE_PX * len(names), 3), 255, np.uint8)
    for i, name in enumerate(names):
        at = (i * TILE_PX + 4, TITLE_PX - 5)
        cv2.putText(title, name, at, cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
    half = (len(names) + 1) // 2 * TILE_PX
    whole = np.concatenate([title, *(np.concatenate(row(rig), axis=1) for rig in rigs)])
    second = np.full((len(whole), half, 3), 255, np.uint8)
    second[:, : whole.shape[1] - half] = whole[:, half:]
    return np.concatenate((whole[:, :half], second))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Draw every viseme on faces.")
    parser.add_argument("out", type=Path, help="a JPEG or PNG")
    parser.add_argument("rigs", type=Path, nargs="+")
    arguments = parser.parse_args()
    if not cv2.imwrite(str(arguments.out), sheet(arguments.rigs)):
        parser.error(f"{arguments.out} cannot be written: check its folder and its ending")


if __name__ == "__main__":
    main()

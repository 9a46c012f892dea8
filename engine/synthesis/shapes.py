"""Shapes of the face by name, faces that talk, and sheets of them: to look at and to measure."""

import cv2
import numpy as np

from engine.media import ByteArray, MotionFrame, Pose
from engine.motion.coefficients import COEFFICIENTS, INDEX
from engine.synthesis.synthesizer import Synthesizer

SHAPES: dict[str, tuple[dict[str, float], Pose]] = {
    "neutral": ({}, Pose()),
    "aa": ({"jawOpen": 0.5}, Pose()),
    "ah": ({"jawOpen": 0.8, "mouthLowerDown": 0.2}, Pose()),
    "ee": ({"jawOpen": 0.15, "mouthStretch": 0.5, "mouthSmile": 0.3, "mouthLowerDown": 0.35,
            "mouthUpperUp": 0.25}, Pose()),
    "oh": ({"jawOpen": 0.3, "mouthFunnel": 0.4, "mouthPucker": 0.5}, Pose()),
    "oo": ({"jawOpen": 0.15, "mouthPucker": 0.7, "mouthFunnel": 0.3}, Pose()),
    "f v": ({"jawOpen": 0.06, "mouthRollLower": 0.5, "mouthUpperUp": 0.42}, Pose()),
    "p b m": ({"mouthPress": 0.4, "mouthRollLower": 0.3, "mouthRollUpper": 0.3}, Pose()),
    "smile": ({"mouthSmile": 0.7, "cheekSquint": 0.3}, Pose()),
    "blink": ({"eyeBlink": 1.0}, Pose()),
    "half blink": ({"eyeBlink": 0.5}, Pose()),
    "look left": ({"eyeLookOut_R": 0.7, "eyeLookIn_L": 0.7}, Pose()),
    "look right": ({"eyeLookIn_R": 0.7, "eyeLookOut_L": 0.7}, Pose()),
    "yaw +8": ({}, Pose(yaw_deg=8)),
    "yaw -8": ({}, Pose(yaw_deg=-8)),
    "pitch +6": ({}, Pose(pitch_deg=6)),
    "pitch -6": ({}, Pose(pitch_deg=-6)),
    "roll 5": ({}, Pose(roll_deg=5, x=0.05, breath=1.0)),
}  # fmt: skip


def motion(values: dict[str, float], pose: Pose) -> MotionFrame:
    """A motion frame from names; a name without its side means both."""
    coefficients = np.zeros(len(COEFFICIENTS), np.float32)
    for name, value in values.items():
        for each in (name, f"{name}_L", f"{name}_R"):
            if each in INDEX:
                coefficients[INDEX[each]] = value
    return MotionFrame(0, coefficients, pose)


def speech_like(count: int) -> list[MotionFrame]:
    """Motion that exercises everything at once, as a talking face does."""
    frames = []
    for i in range(count):
        t = i / 25
        mouth = {
            "jawOpen": max(0.0, 0.35 * np.sin(2 * np.pi * 3.1 * t) ** 2 - 0.05),
            "mouthFunnel": max(0.0, 0.4 * np.sin(2 * np.pi * 1.3 * t)),
            "mouthStretch": max(0.0, -0.3 * np.sin(2 * np.pi * 1.3 * t)),
            "mouthLowerDown": 0.15 * np.sin(2 * np.pi * 2.2 * t) ** 2,
            "mouthPress": 0.2 * max(0.0, np.cos(2 * np.pi * 3.1 * t)) ** 4,
            "eyeBlink": max(0.0, 1 - abs((i % 70) - 6) / 3),
            "eyeLookUp": 0.1,
            "browInnerUp": 0.2 + 0.2 * np.sin(2 * np.pi * 0.4 * t),
            "mouthSmile": 0.15,
        }
        pose = Pose(
            yaw_deg=5 * np.sin(2 * np.pi * 0.23 * t), pitch_deg=3 * np.sin(2 * np.pi * 0.31 * t),
            roll_deg=2 * np.sin(2 * np.pi * 0.17 * t), x=0.03 * np.sin(2 * np.pi * 0.2 * t),
            breath=0.5 - 0.5 * np.cos(2 * np.pi * 0.25 * t),
        )  # fmt: skip
        frames.append(motion(mouth, pose))
    return frames


def labelled(picture: ByteArray, text: str) -> ByteArray:
    """*picture* with *text* at its upper left, on a ground of its own; drawn in place."""
    size = max(picture.shape[0] / 640, 0.38)
    font, thick = cv2.FONT_HERSHEY_SIMPLEX, max(1, round(2 * size))
    (width, height), _ = cv2.getTextSize(text, font, size, thick)
    edge = round(10 * size)
    cv2.rectangle(picture, (0, 0), (width + 2 * edge, height + 2 * edge), (255, 255, 255), -1)
    cv2.putText(picture, text, (edge, height + edge), font, size, (40, 30, 20), thick, cv2.LINE_AA)
    return picture


def sheet(synthesizer: Synthesizer, columns: int = 6) -> ByteArray:
    """All ``SHAPES`` in one picture, blue-green-red."""
    cells = []
    for name, (values, pose) in SHAPES.items():
        picture = cv2.cvtColor(synthesizer.render(motion(values, pose)), cv2.COLOR_YUV2BGR_I420)
        cells.append(labelled(np.asarray(picture, np.uint8), name))
    rows = [np.hstack(cells[i : i + columns]) for i in range(0, len(cells), columns)]
    return np.asarray(np.vstack(rows), np.uint8)

"""Our coefficients by the names of Apple's ARKit (``ARFaceAnchor.BlendShapeLocation``).

ICT-FaceKit parts what ARKit has as one (inner brows, cheeks puffed), and has a cheek raiser, which
ARKit does not; ARKit has a tongue, which the face prior does not. Sides are the subject's in both.
"""

from typing import Final

import numpy as np

from engine.media import FloatArray
from engine.motion.coefficients import COEFFICIENTS, INDEX

ARKIT: Final[tuple[str, ...]] = (
    "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft",
    "eyeSquintLeft", "eyeWideLeft", "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight",
    "eyeLookOutRight", "eyeLookUpRight", "eyeSquintRight", "eyeWideRight", "jawForward",
    "jawRight", "jawLeft", "jawOpen", "mouthClose", "mouthFunnel", "mouthPucker", "mouthRight",
    "mouthLeft", "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight",
    "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthPressLeft",
    "mouthPressRight", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft",
    "mouthUpperUpRight", "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft",
    "browOuterUpRight", "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft",
    "noseSneerRight", "tongueOut",
)  # fmt: skip
"""The 52 blend shapes, 0 to 1, in the order in which recorders of ARKit write them."""


def sources(name: str) -> tuple[str, ...]:
    """Our coefficients whose mean is the blend shape *name*; none for ``tongueOut``."""
    side = name.removesuffix("Left").removesuffix("Right")
    ours = (name, f"{side}_{name[len(side) :][:1]}") if side != name else (name,)
    found = [candidate for candidate in ours if candidate in INDEX]
    return tuple(found or [both for both in (f"{name}_L", f"{name}_R") if both in INDEX])


def _matrix() -> FloatArray:
    """Shape (len(COEFFICIENTS), len(ARKIT))."""
    out = np.zeros((len(COEFFICIENTS), len(ARKIT)), np.float32)
    for column, name in enumerate(ARKIT):
        ours = sources(name)
        for each in ours:
            out[INDEX[each], column] = 1.0 / len(ours)
    return out


_MATRIX = _matrix()


def to_arkit(coefficients: FloatArray) -> FloatArray:
    """Coefficients (..., len(COEFFICIENTS)) to blend shapes (..., len(ARKIT))."""
    return np.asarray(coefficients @ _MATRIX, np.float32)

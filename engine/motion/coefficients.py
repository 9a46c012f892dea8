"""The open standard space of facial motion: ARKit-style coefficients, in a fixed order.

Names follow ICT-FaceKit (``_L`` and ``_R`` are the subject's own left and right). ``tongueOut`` is
absent: the face prior has none.
"""

from typing import Final

COEFFICIENTS: Final[tuple[str, ...]] = (
    "browDown_L", "browDown_R", "browInnerUp_L", "browInnerUp_R", "browOuterUp_L", "browOuterUp_R",
    "cheekPuff_L", "cheekPuff_R", "cheekRaiser_L", "cheekRaiser_R", "cheekSquint_L",
    "cheekSquint_R", "eyeBlink_L", "eyeBlink_R", "eyeLookDown_L", "eyeLookDown_R", "eyeLookIn_L",
    "eyeLookIn_R", "eyeLookOut_L", "eyeLookOut_R", "eyeLookUp_L", "eyeLookUp_R", "eyeSquint_L",
    "eyeSquint_R", "eyeWide_L", "eyeWide_R", "jawForward", "jawLeft", "jawOpen", "jawRight",
    "mouthClose", "mouthDimple_L", "mouthDimple_R", "mouthFrown_L", "mouthFrown_R", "mouthFunnel",
    "mouthLeft", "mouthLowerDown_L", "mouthLowerDown_R", "mouthPress_L", "mouthPress_R",
    "mouthPucker", "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower",
    "mouthShrugUpper", "mouthSmile_L", "mouthSmile_R", "mouthStretch_L", "mouthStretch_R",
    "mouthUpperUp_L", "mouthUpperUp_R", "noseSneer_L", "noseSneer_R",
)  # fmt: skip
"""All coefficients, 0 (rest) to 1 (full)."""

INDEX: Final[dict[str, int]] = {name: i for i, name in enumerate(COEFFICIENTS)}
"""Position of a coefficient by name."""


def mirrored(name: str) -> str:
    """The coefficient that does the same on the other side; itself if it has no side."""
    for side, other in (("_L", "_R"), ("_R", "_L"), ("Left", "Right"), ("Right", "Left")):
        if name.endswith(side):
            return name.removesuffix(side) + other
    return name


MIRROR: Final[tuple[int, ...]] = tuple(INDEX[mirrored(name)] for name in COEFFICIENTS)
"""Where each coefficient of a mirrored face comes from."""

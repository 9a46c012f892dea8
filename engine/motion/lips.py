"""Which coefficients speech moves, and what they do to the opening between the lips."""

from typing import Final

import numpy as np

from engine.media import FloatArray
from engine.motion.coefficients import COEFFICIENTS, INDEX

SPEECH: Final = (
    "jawOpen", "mouthFunnel", "mouthPucker", "mouthStretch", "mouthSmile", "mouthDimple",
    "mouthUpperUp", "mouthLowerDown", "mouthClose", "mouthPress", "mouthRollLower",
    "mouthRollUpper", "mouthShrugLower",
)  # fmt: skip
"""What the motion network gives; left and right of a name that has both move alike."""

SPEECH_INDEX: Final[dict[str, int]] = {name: i for i, name in enumerate(SPEECH)}

GAP: Final[dict[str, float]] = {
    "jawOpen": 0.324, "mouthFunnel": 0.121, "mouthPucker": -0.015, "mouthStretch": -0.004,
    "mouthSmile": -0.002, "mouthDimple": -0.018, "mouthUpperUp": 0.078, "mouthLowerDown": 0.065,
    "mouthClose": -0.417, "mouthPress": -0.024, "mouthRollLower": -0.028, "mouthRollUpper": 0.018,
    "mouthShrugLower": -0.072,
}  # fmt: skip
"""Change of the inner-lip distance (mean of three landmark pairs) at full coefficient, in distances
between the eyes' outer corners, on the ICT-FaceKit neutral face (MIT)."""

CONTACT: Final = np.array(
    [name in ("mouthClose", "mouthPress", "mouthRollLower", "mouthRollUpper", "mouthShrugLower")
     for name in SPEECH]
)  # fmt: skip
"""Which speech coefficients make contacts; they do not grow with ``dynamic_scale``."""

FULL_GAP: Final = 0.18
"""The opening of a clearly spoken open vowel: what "100 % open" means in this project."""

_GAP_VECTOR = np.array([GAP[name] for name in SPEECH], np.float32)


def _targets() -> FloatArray:
    """Shape (len(SPEECH), len(COEFFICIENTS)): spreads the speech coefficients to left and right."""
    spread = np.zeros((len(SPEECH), len(COEFFICIENTS)), np.float32)
    for i, name in enumerate(SPEECH):
        for side in (name, f"{name}_L", f"{name}_R"):
            if side in INDEX:
                spread[i, INDEX[side]] = 1.0
    return spread


_SPREAD = _targets()


def spread(speech: FloatArray) -> FloatArray:
    """Speech coefficients (..., len(SPEECH)) to all coefficients (..., len(COEFFICIENTS))."""
    return np.asarray(speech @ _SPREAD, np.float32)


def gather(coefficients: FloatArray) -> FloatArray:
    """All coefficients to the speech coefficients: means of left and right."""
    return np.asarray(coefficients @ (_SPREAD / _SPREAD.sum(axis=1, keepdims=True)).T, np.float32)


SEAL_FROM: Final = 0.05
SEAL_AT: Final = 0.12
"""Of ``mouthPress``; a full closure has 0.35."""

NEARLY_SHUT: Final = 0.2
FAR_APART: Final = 0.5
"""Openings: from the second on lips are not drawn together, below the first they are fully."""

TOUCH_FROM: Final = 0.1
TOUCH_AT: Final = 0.22
"""Of ``mouthRollLower``; a lip that touches the teeth has ``TOUCHING``."""

TOUCHING: Final = 0.5

HARDLY_OPEN: Final = 0.12
"""Lips opened by less than this are drawn together: a click or a breath must not part them."""

_SEAL: Final = {
    "jawOpen": 0.03, "mouthLowerDown": 0.0, "mouthUpperUp": 0.0, "mouthFunnel": 0.0,
    "mouthClose": 0.03, "mouthPress": 0.35,
}  # fmt: skip
_SEAL_INDEX = np.array([SPEECH_INDEX[name] for name in _SEAL])
_SEAL_VALUE = np.array(list(_SEAL.values()), np.float32)
_OPENERS = [SPEECH_INDEX[n] for n in ("jawOpen", "mouthLowerDown", "mouthUpperUp", "mouthFunnel")]
_PRESS, _ROLL = SPEECH_INDEX["mouthPress"], SPEECH_INDEX["mouthRollLower"]


def _between(value: FloatArray, low: float, high: float) -> FloatArray:
    """0 up to *low*, 1 from *high* on."""
    return np.asarray(np.clip((value - low) / (high - low), 0.0, 1.0), np.float32)


def _smooth(part: FloatArray) -> FloatArray:
    return part * part * (3.0 - 2.0 * part)


def seal(speech: FloatArray) -> FloatArray:
    """Lips that are about to meet do meet, and a lip that is about to touch the teeth does.

    Lips that hardly part stay shut (``HARDLY_OPEN``).

    A network that is unsure of a p, b or m gives half a closure, which looks like mumbling. The
    more it asks for pressed lips (``SEAL_FROM`` to ``SEAL_AT``), the further lips that are near
    each other are drawn together; likewise the lower lip of an f or v (``TOUCH_FROM`` to
    ``TOUCH_AT``).

    Args:
        speech: shape (steps, len(SPEECH)).

    Returns:
        The same shape; a new array.
    """
    near = 1.0 - _between(opening(speech), NEARLY_SHUT, FAR_APART)
    part = _smooth(_between(speech[:, _PRESS], SEAL_FROM, SEAL_AT) * near)
    sealed = speech.copy()
    held = sealed[:, _SEAL_INDEX]
    # Never weaker than what was asked for.
    aim = np.where(_SEAL_VALUE > 0.1, np.maximum(held, _SEAL_VALUE), _SEAL_VALUE)
    sealed[:, _SEAL_INDEX] = held + part[:, None] * (aim - held)
    touch = _between(speech[:, _ROLL], TOUCH_FROM, TOUCH_AT) * (1.0 - part)
    roll = sealed[:, _ROLL]
    sealed[:, _ROLL] = roll + touch * np.maximum(TOUCHING - roll, 0.0)
    apart = _smooth(_between(opening(sealed), 0.0, HARDLY_OPEN))
    sealed[:, _OPENERS] *= np.maximum(apart, touch)[:, None]  # an f shows the upper teeth
    return np.asarray(sealed, np.float32)


def opening(speech: FloatArray) -> FloatArray:
    """Lip opening of speech coefficients (..., len(SPEECH)): 0 shut, 1 an open vowel.

    The distance between the inner lips is taken as linear in the coefficients; below 0 the lips
    press on each other, which reads as 0.
    """
    return np.asarray(np.maximum(speech @ _GAP_VECTOR, 0.0) / FULL_GAP, np.float32)

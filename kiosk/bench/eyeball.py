"""How much of the eyeballs is still seen as the lids close, whatever a landmark network thinks.

The gaze turns and the lids are held: whatever then changes in the picture is eyeball.
"""

import dataclasses
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.media import Pose
from engine.motion.coefficients import COEFFICIENTS
from engine.portrait.rig import Rig
from engine.synthesis.shapes import motion
from engine.synthesis.synthesizer import OutputFormat, Synthesizer
from kiosk.bench.drawn import BLINKS, Pairs

CHANGED: Final = 4
"""Grey levels; the skin does not move at all."""
ASIDE: Final = (
    {"eyeLookOut_R": 1.0, "eyeLookIn_L": 1.0},
    {"eyeLookIn_R": 1.0, "eyeLookOut_L": 1.0},
)


def hidden(rig: Rig, output: OutputFormat) -> Pairs:
    """For every one of ``BLINKS``, the share of what was seen of both eyeballs that is hidden."""
    synthesizer = Synthesizer(_lids_held(rig), output)

    def luma(blink: float, gaze: dict[str, float]) -> NDArray[np.int16]:
        picture = synthesizer.render(motion({"eyeBlink": blink, **gaze}, Pose()))
        return picture[: output.height].astype(np.int16)

    seen = []
    for blink in BLINKS:
        ahead = luma(blink, {})
        changes = [np.abs(luma(blink, gaze) - ahead) > CHANGED for gaze in ASIDE]
        seen.append(int((changes[0] | changes[1]).sum()))
    return Pairs(np.array(BLINKS), 1 - np.array(seen) / max(seen[0], 1))


def _lids_held(rig: Rig) -> Rig:
    """*rig* whose lids do not follow the gaze."""
    looks = [name.startswith("eyeLook") for name in COEFFICIENTS]
    lids = rig.lid_motion.copy()
    lids[..., looks] = 0
    return dataclasses.replace(rig, lid_motion=lids)

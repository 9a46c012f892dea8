"""How the motion network lines up with time: shared by training and the live path."""

from typing import Final

from engine.mel import MEL_DELAY_SAMPLES
from engine.motion.lips import SPEECH
from engine.timeline import HOP_SAMPLES, HOPS_PER_MOTION_STEP, MEL_BANDS

LOOKAHEAD_STEPS: Final = 4
"""Motion step ``n`` is given by hops ``2 (n + 4) - 1`` and ``2 (n + 4)``: 80 ms ahead."""

PAIR_BANDS: Final = HOPS_PER_MOTION_STEP * MEL_BANDS
"""Width of the network's input: the two hops of a step, the older first."""

SILENT_HOP: Final = -1.0
"""What the mel encoder gives for digital silence, in every band; the hop before the first."""

STEP_DELAY_SAMPLES: Final = LOOKAHEAD_STEPS * HOPS_PER_MOTION_STEP * HOP_SAMPLES + MEL_DELAY_SAMPLES
"""A step is known once the audio reaches this far beyond it."""

METADATA: Final = {"speech": ",".join(SPEECH), "lookahead_steps": str(LOOKAHEAD_STEPS)}
"""What a motion network says of itself: one made for another layout would be off in time."""

"""Sound to mouth steps: mel, network and smoothing in one streaming object."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.media import FloatArray
from engine.mel import MelEncoder
from engine.motion.layout import LOOKAHEAD_STEPS, METADATA, PAIR_BANDS, SILENT_HOP
from engine.motion.lips import CONTACT, opening, seal
from engine.motion.prosody import Prosody, level_of
from engine.motion.settings import MotionSettings
from engine.motion.smoothing import OneEuro
from engine.runtime.runner import Runner, RunnerError
from engine.timeline import HOPS_PER_MOTION_STEP, MEL_BANDS

MOST_RESCALE: Final = 0.005
"""In one step: the whole range of ``dynamic_scale`` takes 0.8 s."""


@dataclass(frozen=True, slots=True)
class SpeechStep:
    """What the voice does to the face at one motion step."""

    speech: FloatArray
    """Shape (len(SPEECH),), each in 0..1."""
    prosody: Prosody


class SpeechSteps:
    """Samples in, motion steps out; step ``n`` is at sample ``n * MOTION_STEP_SAMPLES``.

    A step is given once the sound reaches ``layout.STEP_DELAY_SAMPLES`` beyond it.
    """

    def __init__(self, settings: MotionSettings, runner: Runner) -> None:
        """Prepare.

        Raises:
            RunnerError: the network was not made for this version.
        """
        shape = runner.inputs.get("state", ())
        fits = METADATA.items() <= dict(runner.metadata).items()
        if not fits or None in shape or len(shape) != 3:
            raise RunnerError("the motion network is of another version: export it again")
        self._runner = runner
        self.scale = settings.dynamic_scale
        """Of what is to come; may be changed while it speaks: steps approach it evenly."""
        self._scale_now = settings.dynamic_scale
        self._mel = MelEncoder()
        self._filter = OneEuro(settings.smoothing_min_cutoff_hz, settings.smoothing_beta)
        self._state_shape = [n or 1 for n in shape]
        self.reset(Prosody())

    @property
    def bad_samples(self) -> int:
        """Samples so far that were not finite and counted as silence."""
        return self._mel.bad_samples

    def reset(self, prosody: Prosody) -> None:
        """Forget all sound; the next sample is sample 0, before it silence."""
        self._mel.reset()
        self._filter.reset()
        self._prosody = prosody
        self._state = np.zeros(self._state_shape, np.float32)
        self._hops = np.full((HOPS_PER_MOTION_STEP - 1, MEL_BANDS), SILENT_HOP, np.float32)
        self._unheard = LOOKAHEAD_STEPS

    def push(self, samples: FloatArray) -> list[SpeechStep]:
        """Hear *samples*, shape (n,); the steps that are known now."""
        self._hops = np.concatenate((self._hops, self._mel.push(samples)))
        count = len(self._hops) // HOPS_PER_MOTION_STEP
        if not count:
            return []
        used = count * HOPS_PER_MOTION_STEP
        pairs = np.ascontiguousarray(self._hops[:used]).reshape(count, PAIR_BANDS)
        self._hops = self._hops[used:]
        return list(self._steps(pairs))

    def _steps(self, pairs: FloatArray) -> Iterator[SpeechStep]:
        given = self._runner.run({"pairs": pairs[:, None], "state": self._state})
        self._state = given["next_state"]
        asked = seal(np.clip(given["speech"][:, 0], 0.0, 1.0))
        for raw, level in zip(asked, level_of(pairs).tolist(), strict=True):
            if self._unheard:  # outputs for instants before sample 0
                self._unheard -= 1
                continue
            speech = self._filter(raw)
            # Prosody hears the sound of the lookahead: a nod rises slower than lips.
            self._prosody = self._prosody.next(level, float(opening(speech)))
            yield SpeechStep(self._scaled(speech), self._prosody)

    def _scaled(self, speech: FloatArray) -> FloatArray:
        off = self.scale - self._scale_now
        self._scale_now += min(max(off, -MOST_RESCALE), MOST_RESCALE)
        # A closure is closed at any scale.
        scale = np.where(CONTACT, 1.0, self._scale_now).astype(np.float32)
        return np.asarray(np.minimum(speech * scale, np.float32(1.0)))

"""The motion stage: sound in, the face's motion at any known instant out."""

import functools
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from engine.media import Audio, FloatArray, MotionFrame
from engine.motion.history import History, Step
from engine.motion.layout import STEP_DELAY_SAMPLES
from engine.motion.life import Life
from engine.motion.lips import spread
from engine.motion.noise import ease
from engine.motion.prosody import Prosody
from engine.motion.settings import MotionSettings
from engine.motion.speech import SpeechSteps
from engine.runtime import checksums
from engine.runtime.onnx import OnnxRunner
from engine.runtime.runner import Runner
from engine.timeline import MOTION_STEP_SAMPLES, samples, seconds

LOOKAHEAD_SAMPLES: Final = STEP_DELAY_SAMPLES + MOTION_STEP_SAMPLES - 1
"""Motion at any instant is known once the sound reaches this far beyond it (93 ms), all filters
included; at a motion step (every picture at 25 fps after a reset) ``STEP_DELAY_SAMPLES`` (73 ms) is
enough. ``MotionSettings.lip_alignment_s`` comes on top."""

CLOSING_S: Final = 0.1
"""After a flush the mouth gives up its shape in this time."""

HISTORY_S: Final = 2.0
"""Motion is kept this long behind the newest instant asked for."""

WEIGHTS: Final = Path(__file__).parent.parent / "weights" / "motion.onnx"


@functools.cache
def shipped_runner() -> Runner:
    """The network that ships, on the CPU; it keeps no state, so all streams share it.

    Raises:
        RunnerError: the file is missing or damaged.
    """
    checksums.check(WEIGHTS)
    runner = OnnxRunner(WEIGHTS)
    runner.warmup()
    return runner


class MotionStream:
    """Speech coefficients and life at 50 Hz, sampled at any time.

    Not thread-safe. Lips come from the network and are interpolated linearly between steps; head,
    gaze, blinks, brows and breath are computed for the very instant asked.
    """

    def __init__(
        self, settings: MotionSettings | None = None, runner: Runner | None = None
    ) -> None:
        """Prepare.

        Args:
            settings: how the face moves.
            runner: the motion network; none, the one that ships.

        Raises:
            RunnerError: the network is missing or of another version.
        """
        self._settings = settings or MotionSettings()
        self._steps = SpeechSteps(self._settings, runner or shipped_runner())
        self._life = Life(self._settings)
        self._alignment = samples(self._settings.lip_alignment_s)
        self.reset()

    @property
    def ready_pts(self) -> int:
        """Motion is known for every instant before this sample index."""
        return self._history.end_pts - self._alignment

    @property
    def next_pts(self) -> int:
        """Where the next push must start."""
        return self._next_pts

    @property
    def bad_samples(self) -> int:
        """Samples so far that were not finite and counted as silence."""
        return self._steps.bad_samples

    @property
    def generation(self) -> int:
        """Flushes since the last reset."""
        return self._generation

    def reset(self, pts: int = 0) -> None:
        """Begin anew at *pts*, mouth shut, generation 0."""
        self._generation = 0
        self._shown_pts = pts
        self._life.scale.settle()
        self._life.attention.settle()
        self._history = History(pts)
        self._begin(pts, Prosody())
        self._shape: FloatArray | None = None

    def _begin(self, pts: int, prosody: Prosody) -> None:
        self._origin_pts = self._next_pts = pts
        self._given = 0
        self._steps.reset(prosody)

    def rescale(self, dynamic_scale: float, motion_scale: float) -> None:
        """Move the mouth, and head and body, by other scales; passes there without a jump.

        Raises:
            ValueError: a scale is out of range; nothing is changed.
        """
        self._settings = replace(
            self._settings, dynamic_scale=dynamic_scale, motion_scale=motion_scale
        )
        self._steps.scale = dynamic_scale
        self._life.scale.go(motion_scale, seconds(self._shown_pts))

    def attend(self, listening: bool) -> None:
        """Turn to listening to somebody, or back; passes there without a jump."""
        self._life.attention.go(listening, seconds(self._shown_pts))

    def push(self, audio: Audio) -> None:
        """Take the next stretch of sound.

        Raises:
            ValueError: *audio* does not begin where the last stretch ended, or is not mono.
        """
        if audio.pts != self._next_pts:
            raise ValueError(
                f"motion expects sound at {self._next_pts}, got {audio.pts}: "
                "push without gaps, or flush or reset first"
            )
        self._hear(audio.samples)

    def _hear(self, sound: FloatArray) -> None:
        steps = self._steps.push(sound)
        self._next_pts += len(sound)
        for step in steps:
            pts = self._origin_pts + self._given * MOTION_STEP_SAMPLES
            self._given += 1
            speech = self._closing(pts, step.speech)
            self._history.append(Step(pts, speech, step.prosody, self._generation))

    def _closing(self, pts: int, speech: FloatArray) -> FloatArray:
        """After a flush: from the shape the mouth had to what the new sound asks for."""
        if self._shape is None:
            return speech
        part = ease(seconds(pts - self._origin_pts) / CLOSING_S)
        if part >= 1.0:
            self._shape = None
        return (
            speech
            if self._shape is None
            else self._shape + np.float32(part) * (speech - self._shape)
        )

    def at(self, pts: int) -> MotionFrame:
        """The motion at one instant.

        Instants older than the history (``HISTORY_S`` behind the newest asked for) show the oldest
        mouth that is kept.

        Raises:
            ValueError: *pts* is not before ``ready_pts``.
        """
        if pts >= self.ready_pts:
            raise ValueError(
                f"motion is known before {self.ready_pts}, not at {pts}: push more sound"
            )
        self._shown_pts = max(self._shown_pts, pts)
        step = self._history.at(pts + self._alignment)
        self._history.trim(pts - samples(HISTORY_S))
        pose = self._life.pose(seconds(pts), step.prosody)
        alive = self._life.coefficients(seconds(pts), step.prosody, pose)
        coefficients = np.clip(alive + spread(step.speech), 0.0, 1.0).astype(np.float32)
        return MotionFrame(pts, coefficients, pose, step.generation)

    def flush(self, pts: int) -> None:
        """Forget the sound after *pts*, for a barge-in or a splice.

        The mouth then goes on from the shape it had at *pts* to what comes next, without a jump:
        it closes within ``CLOSING_S`` if that is silence. The next push must start at *pts*.
        """
        self._reach(pts)
        self._shown_pts = min(self._shown_pts, pts)  # what was shown beyond is drawn anew
        last = self._kept(pts)
        # The first step of the new sound stands at *pts*: it follows from the one before.
        before = self._kept(pts - MOTION_STEP_SAMPLES).prosody
        self._generation += 1
        self._history.cut(pts)
        self._history.append(Step(pts, last.speech, last.prosody, self._generation))
        self._begin(pts, before)
        self._shape, self._given = last.speech, 0

    def _kept(self, pts: int) -> Step:
        """The step at *pts*, or the nearest that is known."""
        return self._history.at(min(max(pts, self._history.start_pts), self._history.end_pts - 1))

    def _reach(self, pts: int) -> None:
        """Make the motion at *pts* known, as if silence followed what was pushed."""
        lack = pts + STEP_DELAY_SAMPLES + MOTION_STEP_SAMPLES - self._next_pts
        limit = samples(HISTORY_S)  # by then the mouth is shut
        if self._history.end_pts <= pts and lack > 0:
            self._hear(np.zeros(min(lack, limit), np.float32))

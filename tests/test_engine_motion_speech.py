from collections.abc import Mapping

import numpy as np
import pytest

from engine.motion.lips import SPEECH
from engine.motion.prosody import Prosody
from engine.motion.settings import MotionSettings
from engine.motion.speech import SpeechSteps
from engine.runtime.runner import RunnerError
from tests.motion_utils import RuleRunner, silence, speech_like


class OldRunner(RuleRunner):
    metadata: Mapping[str, str] = {"speech": "jawOpen"}


def test_network_of_another_version_is_refused() -> None:
    with pytest.raises(RunnerError, match="export it again"):
        SpeechSteps(MotionSettings(), OldRunner())


def test_steps_come_at_50_hz_and_in_range() -> None:
    steps = SpeechSteps(MotionSettings(), RuleRunner()).push(speech_like())
    assert abs(len(steps) - len(speech_like()) / 960) < 6
    assert all(s.speech.shape == (len(SPEECH),) for s in steps)
    assert all(0.0 <= s.speech.min() <= s.speech.max() <= 1.0 for s in steps)


def test_reset_forgets_the_sound_and_keeps_the_prosody_given() -> None:
    used, fresh = (SpeechSteps(MotionSettings(), RuleRunner()) for _ in range(2))
    used.push(speech_like())
    for each in (used, fresh):
        each.reset(Prosody(speaking=0.5))
    for a, b in zip(used.push(silence(0.5)), fresh.push(silence(0.5)), strict=True):
        assert np.array_equal(a.speech, b.speech)
        assert a.prosody == b.prosody
        assert a.prosody.speaking < 0.5


def test_another_scale_is_approached_step_by_step() -> None:
    calm, lively = (SpeechSteps(MotionSettings(), RuleRunner()) for _ in range(2))
    lively.scale = 1.2
    pairs = zip(calm.push(speech_like()), lively.push(speech_like()), strict=True)
    grown = [float(b.speech.max() / a.speech.max()) for a, b in pairs if a.speech.max() > 0.1]
    assert 1.0 < grown[0] < 1.15
    assert max(grown) == pytest.approx(1.2, abs=0.01)

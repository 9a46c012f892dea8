"""A stream that turns to listening: from the instant that is drawn next, lips closed, no jump."""

import numpy as np

from engine.media import Audio, FloatArray
from engine.motion.attention import ATTEND_S
from engine.motion.lips import gather, opening
from engine.motion.stream import MotionStream
from engine.timeline import SAMPLE_RATE_HZ, samples
from tests.motion_utils import RuleRunner, silence, speech_like

FRAME = samples(0.04)


def scales(motion: MotionStream, start: int, end: int) -> FloatArray:
    shown = [motion.at(pts).pose.scale for pts in range(start, end, FRAME)]
    return np.array(shown, np.float32)


def stream() -> MotionStream:
    motion = MotionStream(runner=RuleRunner())
    motion.push(Audio(0, silence(6.0)))
    return motion


def test_it_leans_in_from_the_next_picture_on() -> None:
    plain, listening = stream(), stream()
    second = SAMPLE_RATE_HZ
    before = scales(listening, 0, second)
    listening.attend(True)
    leaning = scales(listening, second, 3 * second)
    listening.attend(False)
    after = scales(listening, 3 * second, 5 * second)
    usual = scales(plain, 0, 5 * second)
    assert np.array_equal(before, usual[:25])
    leant = leaning - usual[25:75]
    assert abs(leant[0]) < 0.001, "no jump"
    assert (leant[int(ATTEND_S * 25) + 1 :] > 0.012).all()
    assert np.array_equal(after[int(ATTEND_S * 25) + 1 :], usual[75 + int(ATTEND_S * 25) + 1 :])


def test_a_listener_is_silent() -> None:
    motion = stream()
    motion.attend(True)
    shown = [motion.at(pts).coefficients for pts in range(0, 5 * SAMPLE_RATE_HZ, FRAME)]
    assert opening(gather(np.array(shown))).max() < 0.01


def test_interrupted_it_turns_with_the_first_picture_that_is_drawn_anew() -> None:
    plain, cut = (MotionStream(runner=RuleRunner()) for _ in range(2))
    for motion in (plain, cut):
        motion.push(Audio(0, speech_like()[: samples(2.0)]))
        scales(motion, 0, samples(1.8))  # drawn ahead
        motion.flush(samples(1.5))
        motion.push(Audio(samples(1.5), silence(3.0)))
    cut.attend(True)
    start, there = samples(1.5), samples(1.5 + ATTEND_S) + FRAME
    leant = scales(cut, start, there + FRAME) - scales(plain, start, there + FRAME)
    assert abs(leant[0]) < 0.001 and leant[-1] > 0.012


def test_beginning_anew_it_goes_on_listening() -> None:
    motion = MotionStream(runner=RuleRunner())
    motion.push(Audio(0, silence(2.0)))
    motion.attend(True)
    motion.reset(SAMPLE_RATE_HZ)
    motion.push(Audio(SAMPLE_RATE_HZ, silence(1.0)))
    plain = MotionStream(runner=RuleRunner())
    plain.reset(SAMPLE_RATE_HZ)
    plain.push(Audio(SAMPLE_RATE_HZ, silence(1.0)))
    at = SAMPLE_RATE_HZ + FRAME
    assert motion.at(at).pose.scale > plain.at(at).pose.scale + 0.012

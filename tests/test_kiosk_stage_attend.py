"""An interrupted stage, with the engine that ships: soon silent, lips soon shut, all ears."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from engine.media import ByteArray, MotionFrame
from engine.motion.attention import LEAN_IN
from engine.motion.stream import MotionStream
from engine.pipeline import Pipeline
from engine.timeline import SAMPLE_RATE_HZ
from kiosk.speech_queue import Piece, Utterance
from tests.fakes import FakeMotion, FakeSynthesis, InlineWorker, run_virtual
from tests.motion_utils import speech_like
from tests.stage_utils import Recorder, make_stage

SILENT_S = 0.03
"""From the interruption to the end of the last sound that is sent: a packet and a fade."""

SHUT_S = 0.16
"""Likewise to the first picture whose mouth is shut and stays so."""


async def pieces() -> AsyncIterator[Piece]:
    sound = speech_like()
    for _ in range(4):
        yield Piece(sound)


class Drawn(FakeSynthesis):
    """Remembers how near the head is in each picture."""

    def __init__(self) -> None:
        super().__init__()
        self.scales: dict[int, float] = {}

    def render(self, motion: MotionFrame, out: ByteArray | None = None) -> ByteArray:
        self.scales[motion.pts] = motion.pose.scale
        return super().render(motion, out)


async def interrupted(at_s: float, cost_s: float) -> tuple[float, float, Recorder, Drawn]:
    """Seconds to silence and to a shut mouth; she is interrupted *at_s* after she was asked."""
    drawn = Drawn()
    pipeline = Pipeline(MotionStream(), drawn)
    stage, recorder = make_stage(InlineWorker(cost_s), pipeline=pipeline)
    await asyncio.sleep(1.0)
    stage.say(Utterance("u", pieces()), interrupt=True)
    await asyncio.sleep(at_s)
    cut_s = asyncio.get_running_loop().time()
    stage.interrupt()
    stage.attend(True)
    await asyncio.sleep(1.0)
    await stage.aclose()
    loud = [
        sent_s + (np.flatnonzero(np.abs(audio.samples) > 0.001)[-1] + 1) / SAMPLE_RATE_HZ
        for sent_s, audio in recorder.audio
        if np.abs(audio.samples).max() > 0.001
    ]
    after = [(sent_s, frame.mouth) for sent_s, _, frame in recorder.video if sent_s >= cut_s]
    open_until_s = max((sent_s for sent_s, mouth in after if mouth >= 0.05), default=cut_s)
    shut_s = min(sent_s for sent_s, _ in after if sent_s > open_until_s)
    return loud[-1] - cut_s, shut_s - cut_s, recorder, drawn


@pytest.mark.parametrize("cost_s", [0.0, 0.012])
@pytest.mark.parametrize("at_s", [0.61, 1.03, 1.57, 2.28])
def test_voice_and_mouth_end_soon(at_s: float, cost_s: float) -> None:
    silent_s, shut_s, recorder, _ = run_virtual(lambda: interrupted(at_s, cost_s))
    spoken = max(frame.mouth for sent_s, _, frame in recorder.video if sent_s > 1.5)
    assert spoken > 0.1, "she did speak"
    assert silent_s < SILENT_S
    assert shut_s <= SHUT_S


def test_the_face_is_all_ears_within_half_a_second() -> None:
    _, _, recorder, drawn = run_virtual(lambda: interrupted(1.57, 0.012))
    cut_s = 1.0 + 1.57
    shown = [(sent_s, drawn.scales[f.shown_pts]) for sent_s, _, f in recorder.video]
    before = np.mean([scale for sent_s, scale in shown if cut_s - 0.5 < sent_s < cut_s])
    after = np.mean([scale for sent_s, scale in shown if cut_s + 0.5 < sent_s])
    assert after - before > 0.5 * LEAN_IN
    assert np.abs(np.diff([scale for _, scale in shown])).max() < 0.005


def test_turning_back_and_forth_reaches_the_engine_in_order_and_only_if_it_changes() -> None:
    async def work() -> None:
        motion = FakeMotion()
        stage, _ = make_stage(pipeline=Pipeline(motion, FakeSynthesis()))
        for listening in (False, True, True, False, True):
            stage.attend(listening)
            await asyncio.sleep(0.1)
        stage.attend(False)
        stage.attend(True)
        await asyncio.sleep(0.1)
        assert motion.attended == [True, False, True]
        await stage.aclose()

    run_virtual(work)

"""The stage in virtual time: what keeps its sound and its pictures in step."""

import asyncio
from itertools import pairwise

import numpy as np
import pytest

from engine.media import Audio
from engine.pipeline import Pipeline
from engine.timeline import PACKET_SAMPLES
from kiosk.stage import Stage
from kiosk.sync import SyncReport
from tests.fakes import FakeMotion, FakeSynthesis, VirtualTimeLoop, run_virtual, utterance
from tests.stage_utils import make_stage


def report(stage: Stage, offset_ms: float) -> None:
    now_s = asyncio.get_running_loop().time()
    stage.sync.report("v", SyncReport(now_s, offset_ms), 25)


@pytest.mark.parametrize("late_ms", [150.0, -80.0])
def test_a_late_picture_is_met_by_content_and_never_by_timestamps(late_ms: float) -> None:
    """The mouth of each slot is that of the sound which is heard when the slot is seen."""

    async def work() -> None:
        motion = FakeMotion()
        stage, recorder = make_stage(pipeline=Pipeline(motion, FakeSynthesis()))
        stage.sync.join("v", 0.0)
        stage.say(utterance("u", 20.0), interrupt=True)
        for _ in range(30):
            report(stage, late_ms)
            await asyncio.sleep(0.5)
        await stage.aclose()
        settled = [(pts, frame) for time_s, pts, frame in recorder.video if time_s > 8.0]
        shifts = {round((frame.shown_pts - pts) / 48.0) for pts, frame in settled}
        assert all(abs(shift - late_ms) <= 3 for shift in shifts)
        assert {b - a for (a, _), (b, _) in pairwise(settled)} == {1920}
        assert stage.audio_underrun_samples == 0
        assert stage.frames.repeated <= 8, "pictures are drawn in time, however early the content"
        packets = [audio for _, audio in recorder.audio]
        assert all(b.pts - a.pts == PACKET_SAMPLES for a, b in pairwise(packets))

    run_virtual(work)


def test_speech_that_begins_under_a_correction_begins_with_its_mouth() -> None:
    async def work() -> None:
        stage, recorder = make_stage()
        stage.sync.join("v", 0.0)
        for _ in range(12):
            report(stage, 120.0)
            await asyncio.sleep(0.25)
        asked_s = asyncio.get_running_loop().time()
        stage.say(utterance("u", 1.0), interrupt=True)
        await asyncio.sleep(2.0)
        await stage.aclose()
        onset = int(np.flatnonzero(np.abs(recorder.sound()) > 0.01)[0])
        opened = next(pts for _, pts, frame in recorder.video if frame.planes[0, 0] > 60)
        assert onset - opened == pytest.approx(120 * 48, abs=1920 + 480)
        begun_s = next(t for t, audio in recorder.audio if audio.end_pts > onset)
        assert begun_s - asked_s < 0.4

    run_virtual(work)


def test_viewers_out_of_step_beyond_repair_are_sent_to_a_new_session() -> None:
    async def work() -> None:
        stage, recorder = make_stage()
        stage.sync.join("v", 0.0)
        for _ in range(40):
            report(stage, 900.0)
            await asyncio.sleep(0.25)
        await stage.aclose()
        assert len(recorder.of_type("restart")) == 1

    run_virtual(work)


class QuietMotion(FakeMotion):
    """Hears nothing, and so can hear for long."""

    def push(self, audio: Audio) -> None:
        self.pushed_pts = audio.end_pts


def test_ten_minutes_without_drift_between_sound_and_picture() -> None:
    """Every slot leaves with the sound of its instant, though every timer is late by 200 ppm."""

    async def work() -> None:
        stage, recorder = make_stage(pipeline=Pipeline(QuietMotion(), FakeSynthesis()))
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        loop.slowness = 200e-6
        await asyncio.sleep(600.0)
        await stage.aclose()
        audio_at = {audio.pts: time_s for time_s, audio in recorder.audio}
        apart = [time_s - audio_at[pts] for time_s, pts, _ in recorder.video[:-1]]
        assert max(map(abs, apart)) < 0.001
        assert stage.clock.reanchored_count == 0
        assert stage.frames.skipped <= 3

    run_virtual(work)

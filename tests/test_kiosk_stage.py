"""The stage in virtual time: pacing, speech, interruption, underrun, stall."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any, cast

import numpy as np
import pytest

from engine.media import Audio, PictureFrame
from engine.pipeline import Pipeline
from engine.timeline import PACKET_SAMPLES, SAMPLE_RATE_HZ
from kiosk.audio_line import FADE_SAMPLES
from kiosk.broadcast import Broadcast, Message
from kiosk.metrics import Metrics
from kiosk.speech_queue import Piece, Utterance
from kiosk.stage import Stage
from kiosk.sync import SyncReport
from kiosk.worker import Runs
from tests.fakes import (
    FakeMotion,
    FakeSynthesis,
    InlineWorker,
    VirtualTimeLoop,
    fake_pipeline,
    run_virtual,
    utterance,
)


class Recorder:
    """A broadcast that keeps what is emitted, with the time of emission."""

    def __init__(self) -> None:
        self.viewers: list[Any] = []
        self.audio: list[tuple[float, Audio]] = []
        self.video: list[tuple[float, int, PictureFrame]] = []
        self.messages: list[Message] = []

    def emit_audio(self, audio: Audio) -> None:
        self.audio.append((asyncio.get_running_loop().time(), audio))

    async def emit_video(self, frame: PictureFrame, pts: int) -> None:
        self.video.append((asyncio.get_running_loop().time(), pts, frame))

    def send(self, message: Message) -> None:
        self.messages.append(message)

    def sound(self) -> "np.ndarray[Any, Any]":
        return np.concatenate([audio.samples for _, audio in self.audio])

    def of_type(self, kind: str) -> list[Message]:
        return [message for message in self.messages if message["type"] == kind]


def make_stage(
    worker: Runs | None = None, rate_hz: int = 25, pipeline: Pipeline | None = None
) -> tuple[Stage, Recorder]:
    recorder = Recorder()
    metrics = Metrics()
    stage = Stage(
        "test",
        "ada",
        pipeline or fake_pipeline(),
        worker or InlineWorker(),
        cast(Broadcast, recorder),
        rate_hz,
        metrics,
    )
    stage.start()
    return stage, recorder


def loudest_gap(sound: "np.ndarray[Any, Any]") -> float:
    return float(np.abs(np.diff(sound)).max())


@pytest.mark.parametrize("rate_hz", [20, 25])
def test_pictures_and_sound_flow_at_their_rates(rate_hz: int) -> None:
    async def work() -> None:
        stage, recorder = make_stage(rate_hz=rate_hz)
        await asyncio.sleep(20.0)
        await stage.aclose()
        # The engine needs its lookahead before the first pictures are known.
        assert len(recorder.video) >= 20 * rate_hz - 3
        assert stage.frames.repeated == 0
        assert stage.frames.dropped <= 3
        step = SAMPLE_RATE_HZ // rate_hz
        assert {b - a for (_, a, _), (_, b, _) in pairwise(recorder.video)} == {step}
        assert [audio.pts for _, audio in recorder.audio] == [
            i * PACKET_SAMPLES for i in range(len(recorder.audio))
        ]
        assert stage.audio_underrun_samples == 0

    run_virtual(work)


def test_sound_and_picture_of_an_instant_leave_together() -> None:
    async def work() -> None:
        stage, recorder = make_stage()
        await asyncio.sleep(2.0)
        stage.say(utterance("u", 1.0), interrupt=True)
        await asyncio.sleep(3.0)
        await stage.aclose()
        audio_at = {audio.pts: time_s for time_s, audio in recorder.audio}
        for time_s, pts, _ in recorder.video[:-1]:
            assert abs(audio_at[pts] - time_s) < 0.001
        onset = int(np.flatnonzero(np.abs(recorder.sound()) > 0.01)[0])
        opened = next(pts for _, pts, frame in recorder.video if frame.planes[0, 0] > 60)
        assert 0 <= opened - onset + 480 <= 1920

    run_virtual(work)


def test_speech_in_silence_begins_soon_and_the_caption_names_its_sample() -> None:
    async def work() -> None:
        stage, recorder = make_stage()
        await asyncio.sleep(2.0)
        asked_s = asyncio.get_running_loop().time()
        stage.say(utterance("u", 0.5, 0.5), interrupt=True)
        await asyncio.sleep(3.0)
        await stage.aclose()
        onset = int(np.flatnonzero(np.abs(recorder.sound()) > 0.001)[0])
        begun_s = next(t for t, audio in recorder.audio if audio.end_pts > onset)
        assert begun_s - asked_s < 0.25
        first, second = recorder.of_type("caption")
        assert abs(float(str(first["start_ms"])) - onset / 48.0) < 1.0
        assert float(str(second["start_ms"])) == pytest.approx(
            float(str(first["start_ms"])) + 500, abs=0.2
        )
        events = [message["event"] for message in recorder.of_type("utterance")]
        assert events == ["started", "finished"]
        assert [m["state"] for m in recorder.of_type("state")] == ["speaking", "idle"]

    run_virtual(work)


def test_interrupt_fades_without_a_click_and_reports_what_was_said() -> None:
    async def work() -> None:
        stage, recorder = make_stage()
        await asyncio.sleep(1.0)
        stage.say(utterance("u", 1.0, 1.0, 1.0), interrupt=True)
        await asyncio.sleep(1.7)
        asked_s = asyncio.get_running_loop().time()
        interruption = stage.interrupt()
        await asyncio.sleep(1.0)
        await stage.aclose()
        sound = recorder.sound()
        loud = int(np.flatnonzero(np.abs(sound) > 0.001)[-1])
        silent_s = next(t for t, audio in recorder.audio if audio.pts > loud)
        assert silent_s - asked_s < 0.06
        steepest = 0.5 * 2 * np.pi * 440 / SAMPLE_RATE_HZ
        assert loudest_gap(sound) < steepest * 1.3
        assert interruption.utterances == ("u",)
        assert interruption.characters_spoken == len("word0 ")
        closed_s = next(
            t for t, _, frame in recorder.video if t > asked_s and frame.planes[0, 0] < 45
        )
        assert closed_s - asked_s < 0.15
        assert recorder.of_type("utterance")[-1]["event"] == "interrupted"
        assert not stage.speaking

    run_virtual(work)


def test_a_second_say_replaces_or_queues_as_asked() -> None:
    async def work() -> None:
        stage, recorder = make_stage()
        await asyncio.sleep(1.0)
        stage.say(utterance("a", 1.0), interrupt=True)
        await asyncio.sleep(0.5)
        stage.say(utterance("b", 1.0), interrupt=False)
        await asyncio.sleep(1.0)
        stage.say(utterance("c", 0.5), interrupt=True)
        await asyncio.sleep(2.0)
        await stage.aclose()
        story = [(m["utterance"], m["event"]) for m in recorder.of_type("utterance")]
        assert story == [
            ("a", "started"),
            ("a", "finished"),
            ("b", "started"),
            ("b", "interrupted"),
            ("c", "started"),
            ("c", "finished"),
        ]

    run_virtual(work)


def test_a_slow_engine_repeats_pictures_and_never_touches_the_sound() -> None:
    async def work() -> None:
        worker = InlineWorker()
        stage, recorder = make_stage(worker)
        await asyncio.sleep(2.0)
        stage.say(utterance("u", 6.0), interrupt=True)
        await asyncio.sleep(1.0)
        worker.cost_s = 0.055
        await asyncio.sleep(3.0)
        worker.cost_s = 0.0
        assert stage.ladder_position == 1
        shown = {frame.index for time_s, _, frame in recorder.video if 4.0 < time_s < 6.0}
        assert len(shown) > 10, "a slow engine shows fewer pictures, never a frozen one"
        await asyncio.sleep(8.0)
        assert stage.ladder_position == 0, "it is calm again"
        before = stage.frames.repeated
        await asyncio.sleep(1.0)
        await stage.aclose()
        assert before > 5
        assert stage.frames.repeated - before <= 2
        packets = [audio for _, audio in recorder.audio]
        assert all(b.pts - a.pts == PACKET_SAMPLES for a, b in pairwise(packets))
        assert stage.audio_underrun_samples == 0
        slots = [pts for _, pts, _ in recorder.video]
        assert {b - a for a, b in pairwise(slots)} == {1920, 2400}

    run_virtual(work)


@pytest.mark.parametrize("cost_s", [0.0, 0.003, 0.011, 0.045, 0.09])
def test_the_engine_hears_exactly_what_is_sent(cost_s: float) -> None:
    """Whenever speech is cut or begun, even while the engine is at work on what is cut."""

    async def work() -> None:
        motion = FakeMotion()
        pipeline = Pipeline(motion, FakeSynthesis())
        stage, recorder = make_stage(InlineWorker(cost_s), pipeline=pipeline)
        for turn in range(40):
            await asyncio.sleep(0.1 + 0.037 * (turn % 7))
            stage.say(utterance(f"u{turn}", 0.4), interrupt=turn % 3 != 0)
        await asyncio.sleep(1.0)
        await stage.aclose()
        sent = recorder.sound()
        heard = motion.audio[: len(sent)]
        assert len(heard) >= len(sent) - (0.1 + 4 * cost_s) * SAMPLE_RATE_HZ
        # What was heard already when it was faded out differs for as long as the fade.
        differs = np.flatnonzero(heard != sent[: len(heard)])
        stretches = np.split(differs, np.flatnonzero(np.diff(differs) > 960) + 1)
        assert all(np.ptp(stretch) < FADE_SAMPLES for stretch in stretches if len(stretch))

    run_virtual(work)


def test_an_engine_that_was_away_for_long_begins_anew() -> None:
    async def work() -> None:
        worker = InlineWorker()
        stage, _recorder = make_stage(worker)
        await asyncio.sleep(1.0)
        worker.cost_s = 5.0
        await asyncio.sleep(12.0)
        assert stage.animator.ladder.rung.hold
        worker.cost_s = 0.0
        await asyncio.sleep(40.0)
        assert stage.ladder_position == 0
        before = stage.frames.repeated
        await asyncio.sleep(2.0)
        await stage.aclose()
        assert stage.frames.repeated == before
        assert stage.audio_underrun_samples == 0

    run_virtual(work)


def test_after_a_stall_it_goes_on_instead_of_sprinting() -> None:
    async def work() -> None:
        stage, recorder = make_stage()
        await asyncio.sleep(2.0)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        loop.advance(5.0)
        await asyncio.sleep(2.0)
        await stage.aclose()
        assert stage.clock.reanchored_count == 1
        assert len(recorder.audio) == pytest.approx(200, abs=3)
        times = [t for t, _ in recorder.audio]
        assert sum(1 for a, b in pairwise(times) if b - a < 0.015) <= 1

    run_virtual(work)


def test_a_failing_source_ends_the_utterance_and_not_the_stage() -> None:
    async def work() -> None:
        stage, recorder = make_stage()

        async def broken() -> AsyncIterator[Piece]:
            raise RuntimeError("the voice broke")
            yield

        stage.say(Utterance("x", broken()), interrupt=True)
        stage.say(utterance("y", 0.3), interrupt=False)
        await asyncio.sleep(2.0)
        await stage.aclose()
        story = [(m["utterance"], m["event"]) for m in recorder.of_type("utterance")]
        assert story == [("x", "failed"), ("y", "started"), ("y", "finished")]
        assert recorder.of_type("error")[0]["message"] == "the voice broke"

    run_virtual(work)


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

"""The stage in virtual time: pacing, speech, interruption, underrun, stall."""

import asyncio
import gc
import threading
import weakref
from collections.abc import AsyncIterator
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from engine.media import ByteArray, MotionFrame
from engine.pipeline import Pipeline
from engine.timeline import PACKET_SAMPLES, SAMPLE_RATE_HZ
from kiosk.audio_line import FADE_SAMPLES
from kiosk.speech_queue import Piece, Utterance
from kiosk.worker import Worker
from tests.fakes import (
    FakeMotion,
    FakeSynthesis,
    InlineWorker,
    VirtualTimeLoop,
    run_virtual,
    utterance,
)
from tests.stage_utils import make_stage

GONE_S = 10.0


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


class Telling(FakeSynthesis):
    """Tells when it drew."""

    def __init__(self, drawn: threading.Event) -> None:
        super().__init__()
        self._drawn = drawn

    def render(self, motion: MotionFrame, out: ByteArray | None = None) -> ByteArray:
        self._drawn.set()
        return super().render(motion, out)


async def test_a_closed_stage_lets_go_of_its_portrait_at_once() -> None:
    """Whoever still has the stage, and though nobody collects what refers to itself."""
    worker, gone, drawn = Worker("test"), threading.Event(), threading.Event()
    pipeline = Pipeline(FakeMotion(), Telling(drawn))
    weakref.finalize(pipeline.shown, gone.set)
    stage, _ = make_stage(worker, pipeline=pipeline)
    gc.disable()
    try:
        assert await asyncio.to_thread(drawn.wait, GONE_S)
        await stage.aclose()
        assert await asyncio.to_thread(gone.wait, GONE_S)
        late = FakeSynthesis()
        gone.clear()
        weakref.finalize(late, gone.set)
        await stage.change(partial(_show, late))
        del late
        assert await asyncio.to_thread(gone.wait, GONE_S), "nor is one that comes late kept"
    finally:
        gc.enable()
        worker.close()


def _show(synthesis: FakeSynthesis, engine: Pipeline) -> None:
    engine.show(synthesis)

"""A stage that says what is spoken elsewhere right now: its delay, its order, its end."""

import asyncio
from typing import Any

import numpy as np

from engine.media import FloatArray
from engine.timeline import SAMPLE_RATE_HZ, samples
from kiosk.speech_queue import SpeechQueue, Utterance, no_pieces
from kiosk.stage import LEAD_SAMPLES, LIVE_LEAD_SAMPLES
from tests.fakes import run_virtual, utterance
from tests.stage_utils import Recorder, make_stage


class Microphone:
    """Counts up: each sample tells when it was taken."""

    def __init__(self) -> None:
        self.taken = 0
        self.ended = False

    def take(self, count: int) -> FloatArray:
        sound = np.full(count, 0.25, np.float32)
        self.taken += count
        return sound


def live(name: str, microphone: Microphone) -> Utterance:
    return Utterance(name, no_pieces(), live=microphone)


def loud_from(recorder: Recorder) -> float:
    """The time at which the first loud sample leaves, in seconds."""
    sound: np.ndarray[Any, Any] = recorder.sound()
    return float(np.flatnonzero(np.abs(sound) > 0.1)[0]) / SAMPLE_RATE_HZ


async def test_live_sound_is_taken_as_the_timeline_needs_it_and_told_like_any_speech() -> None:
    queue, microphone = SpeechQueue(), Microphone()
    queue.add(live("m", microphone))
    for _ in range(5):
        await asyncio.sleep(0)
    assert queue.live and queue.has_sound and queue.busy
    sound, events = queue.take(960, 0)
    assert sound.all() and microphone.taken == 960
    assert [(event.kind, event.pts) for event in events] == [("started", 0)]
    microphone.ended = True
    queue.take(960, 960)
    for _ in range(5):
        await asyncio.sleep(0)
    _, events = queue.take(960, 1920)
    assert [(event.kind, event.pts) for event in events] == [("finished", 1920)]
    assert not queue.busy and queue.underruns == 0
    await queue.aclose()


def test_live_sound_leaves_soon_after_it_was_spoken() -> None:
    async def work() -> None:
        stage, recorder = make_stage()
        await asyncio.sleep(2.0)
        microphone = Microphone()
        stage.say(live("m", microphone), interrupt=False)
        await asyncio.sleep(3.0)
        assert loud_from(recorder) < 2.0 + 0.14
        held = stage.line.write_pts - stage.line.play_pts
        assert held <= LIVE_LEAD_SAMPLES + 960
        assert stage.frames.repeated == 0, "the engine keeps up with less time in hand"
        await stage.aclose()

    run_virtual(work)


def test_live_sound_after_speech_gets_as_near_as_at_once() -> None:
    async def work() -> None:
        stage, _ = make_stage()
        stage.say(utterance("text", 1.0), interrupt=False)
        microphone = Microphone()
        stage.say(live("m", microphone), interrupt=False)
        await asyncio.sleep(0.5)
        assert stage.line.write_pts - stage.line.play_pts >= LEAD_SAMPLES
        await asyncio.sleep(2.0)
        assert stage.line.write_pts - stage.line.play_pts <= LIVE_LEAD_SAMPLES + 960
        assert stage.speech_underruns == 0
        await stage.aclose()

    run_virtual(work)


def test_interrupted_live_sound_is_let_go_of() -> None:
    async def work() -> None:
        stage, recorder = make_stage()
        await asyncio.sleep(1.0)
        gone: list[str] = []
        microphone = Microphone()
        said = Utterance("m", no_pieces(), lambda: gone.append("m"), microphone)
        stage.say(said, interrupt=False)
        await asyncio.sleep(1.0)
        assert stage.interrupt().utterances == ("m",)
        await asyncio.sleep(1.0)
        assert gone == ["m"] and not stage.speaking
        assert not recorder.sound()[-samples(0.5) :].any()
        await stage.aclose()

    run_virtual(work)

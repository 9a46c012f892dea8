"""A visitor speaks at a stage, heard by a fake ear: silence, attention, events, and the end."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.media import FloatArray
from engine.pipeline import Pipeline
from kiosk.barge_in import DEAF_S, LINGER_S, BargeIn, OnSpeech
from kiosk.config_listen import ListenSettings
from kiosk.events import Subscription
from kiosk.listen.hearing import Hearing
from kiosk.stage import Stage
from tests.fakes import FakeMotion, FakeSynthesis, run_virtual, utterance
from tests.stage_utils import Recorder, make_stage

SPOKEN = np.full(1600, 0.25, np.float32)


@dataclass
class Spoken:
    started_s: float
    ended_s: float | None
    audio: FloatArray


class FakeEar:
    """Loud is speech, quiet is none, and nan breaks it."""

    def __init__(self, _settings: ListenSettings, started: OnSpeech, ended: OnSpeech) -> None:
        self.started, self.ended = started, ended
        self.heard: list[FloatArray] = []
        self.echo_samples = 0
        self.speaks = False

    def hear(self, samples: FloatArray) -> None:
        if np.isnan(samples).any():
            raise ArithmeticError("not a number")
        loud = bool(np.abs(samples).max(initial=0.0) > 0.1)
        if loud and not self.speaks:
            self.speaks = True
            self.started(Spoken(1.0, None, samples))
        if self.speaks and not loud:
            self.speaks = False
            self.ended(Spoken(1.0, 1.5, SPOKEN))

    def played(self, samples: FloatArray) -> None:
        self.echo_samples += len(samples)


class Scene:
    """A stage, a visitor's microphone at it, and who listens to the events."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401
        self.motion = FakeMotion()
        stage, recorder = make_stage(pipeline=Pipeline(self.motion, FakeSynthesis()))
        self.stage: Stage = stage
        self.recorder: Recorder = recorder
        self.events: Subscription = stage.hub.subscribe("test")
        self.ears: list[FakeEar] = []
        self.barge_in = BargeIn(stage, stage.hub, ListenSettings(**settings), self._make)

    def _make(self, settings: ListenSettings, started: OnSpeech, ended: OnSpeech) -> FakeEar:
        self.ears.append(FakeEar(settings, started, ended))
        return self.ears[-1]

    def speak(self) -> None:
        self.barge_in.hear(SPOKEN)

    def pause(self) -> None:
        self.barge_in.hear(np.zeros(160, np.float32))

    async def told(self) -> list[dict[str, object]]:
        self.events.close()
        return [event.message(audio=True) async for event in self.events]


def play(work: Callable[[Scene], Any], **settings: Any) -> Any:  # noqa: ANN401
    async def main() -> Any:  # noqa: ANN401
        scene = Scene(**settings)
        await asyncio.sleep(1.0)
        result = await work(scene)
        scene.barge_in.close()
        await scene.stage.aclose()
        return result

    return run_virtual(main)


def of_type(told: list[dict[str, object]], kind: str) -> list[dict[str, object]]:
    return [event for event in told if event["type"] == kind]


def test_a_visitor_who_speaks_silences_her_and_is_listened_to() -> None:
    async def work(scene: Scene) -> None:
        scene.stage.say(utterance("u", 1.0, 1.0, 1.0), interrupt=True)
        scene.stage.say(utterance("v", 1.0), interrupt=False)
        await asyncio.sleep(1.7)
        scene.speak()
        await asyncio.sleep(0.06)
        assert not scene.stage.speaking and scene.motion.attended == [True]
        assert not scene.recorder.audio[-1][1].samples.any()
        await asyncio.sleep(1.0)
        scene.pause()
        await asyncio.sleep(0.5 * LINGER_S)
        assert scene.motion.attended == [True], "a moment longer"
        await asyncio.sleep(LINGER_S)
        assert scene.motion.attended == [True, False]
        told = await scene.told()
        started, ended = of_type(told, "visitor")
        assert started["event"] == "started" and started["interrupted"] == "u"
        assert started["characters_spoken"] == 6
        assert ended["event"] == "ended" and ended["duration_ms"] == 500 and ended["complete"]
        assert len(str(ended["audio"])) > 4000 and "audio" not in started
        ends = [e for e in of_type(told, "utterance") if e["event"] == "interrupted"]
        assert [(e["utterance"], e["characters_spoken"]) for e in ends] == [("u", 6), ("v", 0)]
        page = scene.recorder.of_type("visitor")
        assert [message["speaking"] for message in page] == [True, False]

    play(work)


def test_where_barge_in_is_off_she_goes_on_and_listens_afterwards() -> None:
    async def work(scene: Scene) -> None:
        scene.stage.hearing = Hearing(barge_in=False)
        scene.stage.say(utterance("u", 1.0), interrupt=True)
        await asyncio.sleep(0.5)
        scene.speak()
        await asyncio.sleep(0.1)
        assert scene.stage.speaking and scene.motion.attended == []
        await asyncio.sleep(1.5)
        assert scene.motion.attended == [True]
        events = of_type(await scene.told(), "utterance")
        assert [event["event"] for event in events] == ["started", "finished"]

    play(work)


def test_a_stage_that_shall_not_attend_keeps_its_face() -> None:
    async def work(scene: Scene) -> None:
        scene.stage.hearing = Hearing(attend=False)
        scene.speak()
        await asyncio.sleep(0.5)
        assert scene.motion.attended == []
        assert [e["interrupted"] for e in of_type(await scene.told(), "visitor")] == [None]

    play(work)


def test_she_turns_from_listening_when_she_answers() -> None:
    async def work(scene: Scene) -> None:
        scene.speak()
        scene.pause()
        scene.stage.say(utterance("answer", 1.0), interrupt=True)
        await asyncio.sleep(0.1)
        assert scene.motion.attended[-1:] in ([], [False])
        await asyncio.sleep(3.0)
        assert scene.motion.attended.count(True) == scene.motion.attended.count(False)

    play(work)


def test_the_ear_hears_all_that_is_played_while_it_is_there() -> None:
    async def work(scene: Scene) -> None:
        scene.stage.say(utterance("u", 0.5), interrupt=True)
        await asyncio.sleep(1.0)
        (ear,) = scene.ears
        assert abs(ear.echo_samples - 2 * 48_000) <= 3 * 960
        scene.barge_in.close()
        before = ear.echo_samples
        await asyncio.sleep(0.5)
        assert ear.echo_samples == before and not scene.stage.played

    play(work)


def test_a_source_that_goes_while_its_visitor_speaks_ends_the_speech() -> None:
    async def work(scene: Scene) -> None:
        scene.speak()
        await asyncio.sleep(0.75)
        scene.barge_in.close()
        scene.barge_in.close()
        scene.speak()
        await asyncio.sleep(0.5)
        _, ended = of_type(await scene.told(), "visitor")
        assert ended["duration_ms"] == 750 and not ended["complete"] and "audio" not in ended
        assert scene.motion.attended == [True, False]

    play(work)


def test_an_ear_that_fails_is_replaced_and_the_stage_goes_on() -> None:
    async def work(scene: Scene) -> None:
        scene.speak()
        for _ in range(5):
            scene.barge_in.hear(np.full(160, np.nan, np.float32))
        assert len(scene.ears) == 2
        await asyncio.sleep(DEAF_S + 0.1)
        scene.speak()
        told = await scene.told()
        assert [e["event"] for e in of_type(told, "visitor")] == ["started", "ended", "started"]
        before = len(scene.recorder.audio)
        await asyncio.sleep(1.0)
        assert len(scene.recorder.audio) - before >= 49

    play(work)


def test_two_visitors_are_told_apart_and_she_listens_until_both_are_done() -> None:
    async def work(scene: Scene) -> None:
        make = scene._make
        other = BargeIn(scene.stage, scene.stage.hub, ListenSettings(), make)
        scene.speak()
        other.hear(SPOKEN)
        await asyncio.sleep(0.2)
        scene.barge_in.close()
        await asyncio.sleep(2.0)
        assert scene.motion.attended == [True]
        other.close()
        await asyncio.sleep(0.2)
        assert scene.motion.attended == [True, False]
        page = scene.recorder.of_type("visitor")
        assert [message["speaking"] for message in page] == [True, False], "for both together"
        first, second, ended, _ = of_type(await scene.told(), "visitor")
        assert first["source"] == ended["source"] != second["source"]

    play(work)


def test_the_ear_that_ships_lets_her_speak_to_a_silent_hall() -> None:
    async def main() -> None:
        stage, recorder = make_stage()
        barge_in = BargeIn(stage, stage.hub, ListenSettings())
        stage.say(utterance("u", 1.0), interrupt=True)
        for _ in range(100):
            barge_in.hear(np.zeros(320, np.float32))
            await asyncio.sleep(0.02)
        assert [m["event"] for m in recorder.of_type("utterance")] == ["started", "finished"]
        assert not recorder.of_type("visitor")
        barge_in.close()
        await stage.aclose()

    run_virtual(main)

"""Live speech that is more than can be said: who waits, what is kept, what goes; virtual time."""

import asyncio

import pytest

from engine.timeline import samples
from kiosk.listen.voice_inlet import IDLE_S, LIVE_ROOM_SAMPLES, MAX_FOLLOWING
from tests.fakes import run_virtual, utterance
from tests.live_utils import silence
from tests.stage_utils import make_stage
from tests.voice_utils import Voice, events


def test_who_waits_long_for_his_turn_is_not_cut_in_two() -> None:
    async def work() -> None:
        stage, recorder = make_stage()
        first, second = Voice(stage), Voice(stage)
        name = second.inlet.utterance

        async def recording() -> None:
            for _ in range(100):
                second.push()
                await second.inlet.room()
            assert second.inlet.utterance == name
            second.inlet.end_utterance()

        await first.speak(0.1)
        sending = asyncio.create_task(recording())
        await first.speak(2.5 * IDLE_S)
        first.inlet.end_utterance()
        await sending
        await second.told(1)
        assert second.said == [(name, False)] and second.inlet.dropped_samples == 0
        assert [event for who, event in events(recorder) if who == name] == ["started", "finished"]
        await stage.aclose()

    run_virtual(work)


def test_who_says_little_and_waits_is_idle_only_from_his_turn_on() -> None:
    async def work() -> None:
        stage, _ = make_stage()
        stage.say(utterance("text", 2.5 * IDLE_S), interrupt=False)
        voice = Voice(stage)
        name = voice.inlet.utterance
        await voice.speak(0.5)
        await asyncio.sleep(2.0 * IDLE_S)
        assert voice.inlet.utterance == name
        await asyncio.sleep(2.0 * IDLE_S)
        assert voice.said == [(name, False)], "then others get their turn"
        await stage.aclose()

    run_virtual(work)


@pytest.mark.parametrize("packets", [2, 40])
def test_many_utterances_are_held_back_as_one_is(packets: int) -> None:
    async def work() -> None:
        stage, _ = make_stage()
        stage.say(utterance("text", 20.0), interrupt=False)
        voice = Voice(stage)
        sent = [0]

        async def stutter() -> None:
            while sent[0] < 2 * MAX_FOLLOWING:
                for _ in range(packets):
                    voice.push()
                    await voice.inlet.room()
                voice.inlet.end_utterance()
                sent[0] += 1

        stuttering = asyncio.create_task(stutter())
        await asyncio.sleep(10.0)
        assert not stuttering.done() and sent[0] <= MAX_FOLLOWING
        assert voice.inlet.held_samples <= LIVE_ROOM_SAMPLES + 960
        await stuttering
        await voice.told(2 * MAX_FOLLOWING)
        assert voice.inlet.dropped_samples == 0
        assert not any(interrupted for _, interrupted in voice.said)
        await stage.aclose()

    run_virtual(work)


def test_the_rest_of_what_was_broken_off_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        stage, _ = make_stage()
        voice = Voice(stage, rate_hz=16_000)
        await voice.speak(1.0)
        stage.interrupt()
        before = voice.inlet.dropped_samples
        with monkeypatch.context() as patch:
            patch.setattr(voice.inlet._resampler, "push", None)
            await voice.speak(1.0)
        assert voice.inlet.dropped_samples - before == samples(1.0), "counted all the same"
        voice.inlet.end_utterance()
        await voice.speak(0.5)
        assert stage.speaking, "what comes after is said"
        await stage.aclose()

    run_virtual(work)


def test_what_a_microphone_said_while_she_spoke_is_forgotten() -> None:
    async def work() -> None:
        stage, recorder = make_stage()
        stage.say(utterance("text", 20.0), interrupt=False)
        voice = Voice(stage, "microphone")
        for _ in range(4):
            await voice.speak(1.0)
            await voice.speak(2.5, silence)
            assert stage.queue.waiting_count == 0 and voice.inlet.held_samples == 0
        assert [interrupted for _, interrupted in voice.said] == [True] * 4
        assert voice.inlet.dropped_samples >= samples(4.0)
        await asyncio.sleep(8.0)
        await voice.speak(1.0)
        assert stage.speaking, "once she is quiet it is heard"
        assert [who for who, _ in events(recorder)][:2] == ["text", "text"]
        assert len(events(recorder)) == 3, "and only then"
        await stage.aclose()

    run_virtual(work)

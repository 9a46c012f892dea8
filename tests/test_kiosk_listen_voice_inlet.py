"""Live speech at a stage: turns, ends, interruptions, floods, pauses; in virtual time."""

import asyncio

import numpy as np

from engine.timeline import SAMPLE_RATE_HZ, samples
from kiosk.listen.voice_inlet import IDLE_S, PCM_LIMIT_SAMPLES, ROOM_SAMPLES
from tests.fakes import run_virtual, utterance
from tests.live_utils import silence, talk
from tests.stage_utils import make_stage
from tests.voice_utils import Voice, events, loud


def test_what_is_pushed_is_said_soon_and_its_end_is_told_when_it_was_heard() -> None:
    async def work() -> None:
        stage, recorder = make_stage()
        await asyncio.sleep(1.0)
        voice, loop = Voice(stage, rate_hz=16_000), asyncio.get_running_loop()
        name = voice.inlet.utterance
        await voice.speak(2.0)
        assert stage.speaking and not voice.said
        voice.inlet.end_utterance()
        assert voice.inlet.utterance != name
        ended_s = loop.time()
        await voice.told(1)
        assert 0.1 < loop.time() - ended_s < 0.35
        assert voice.said == [(name, False)] and not voice.interrupted
        await asyncio.sleep(0.1)
        assert events(recorder) == [(name, "started"), (name, "finished")]
        sound = recorder.sound()
        heard = np.flatnonzero(np.abs(sound) > 0.1)
        assert heard[0] / SAMPLE_RATE_HZ < 1.0 + 0.27, "in at 1.0 s, out within 270 ms"
        assert abs(len(sound[heard[0] : heard[-1]]) / SAMPLE_RATE_HZ - 2.0) < 0.02
        assert stage.queue.underruns == 0 and stage.audio_underrun_samples == 0
        await stage.aclose()

    run_virtual(work)


def test_a_second_source_waits_for_its_turn() -> None:
    async def work() -> None:
        stage, recorder = make_stage()
        first, second = Voice(stage), Voice(stage)
        names = first.inlet.utterance, second.inlet.utterance

        async def flood() -> None:
            for _ in range(200):
                second.push()
                await second.inlet.room()
            second.inlet.end_utterance()

        await first.speak(0.1)
        flooding = asyncio.create_task(flood())
        await first.speak(2.0)
        assert not flooding.done() and second.pushed <= ROOM_SAMPLES + 960, "held back meanwhile"
        first.inlet.end_utterance()
        await flooding
        await first.told(1)
        await second.told(1)
        order = [name for name, event in events(recorder) if event == "started"]
        assert order == list(names)
        assert second.inlet.dropped_samples == 0
        await stage.aclose()

    run_virtual(work)


def test_who_takes_over_breaks_off_the_other_but_not_himself() -> None:
    async def work() -> None:
        stage, recorder = make_stage()
        first, second = Voice(stage), Voice(stage, takeover=True)
        one, two = first.inlet.utterance, second.inlet.utterance
        await first.speak(1.0)
        second.push()
        assert first.interrupted == [one]
        await asyncio.gather(first.speak(1.0), second.speak(1.0))
        assert first.inlet.dropped_samples >= samples(0.9), "the rest of it goes nowhere"
        first.inlet.end_utterance()
        assert first.said == [(one, True)]
        second.inlet.end_utterance()
        await second.speak(0.5)
        second.inlet.end_utterance()
        await asyncio.sleep(1.5)
        assert second.said[0][0] == two
        assert [cut for _, cut in second.said] == [False, False]
        await first.speak(0.5)
        assert stage.speaking, "a new utterance of the first is said again"
        assert (one, "interrupted") in events(recorder)
        await stage.aclose()

    run_virtual(work)


def test_text_and_live_speech_take_turns() -> None:
    async def work() -> None:
        stage, recorder = make_stage()
        stage.say(utterance("text", 1.0), interrupt=False)
        voice = Voice(stage)
        name = voice.inlet.utterance
        await voice.speak(1.0)
        voice.inlet.end_utterance()
        stage.say(utterance("more", 0.5), interrupt=False)
        await asyncio.sleep(4.0)
        assert events(recorder) == [
            (who, event) for who in ("text", name, "more") for event in ("started", "finished")
        ]
        assert voice.said == [(name, False)]
        assert not stage.speaking
        await stage.aclose()

    run_virtual(work)


def test_an_interruption_mutes_what_is_left_of_the_utterance() -> None:
    async def work() -> None:
        stage, recorder = make_stage()
        voice = Voice(stage)
        name = voice.inlet.utterance
        await voice.speak(1.0)
        stage.interrupt()
        assert voice.interrupted == [name]
        await voice.speak(1.0)
        assert not stage.speaking and not loud(recorder)[-5:].any()
        await voice.inlet.room()
        voice.inlet.end_utterance()
        assert voice.said == [(name, True)]
        await voice.speak(1.0)
        assert stage.speaking and loud(recorder)[-3:].any()
        await stage.aclose()

    run_virtual(work)


def test_a_flood_is_held_back_and_said_at_the_pace_of_speech() -> None:
    async def work() -> None:
        stage, recorder = make_stage()
        voice = Voice(stage)
        for number in range(2_000):
            voice.push(talk)
            assert number < 100 or voice.inlet.held_samples <= ROOM_SAMPLES + 960
            await voice.inlet.room()
            await asyncio.sleep(0.0015)
        voice.inlet.end_utterance()
        await voice.told(1)
        sound, wanted = recorder.sound(), talk(0, samples(40.0))
        begin = int(np.flatnonzero(np.abs(sound) > 0)[0])
        late = min(
            range(-3, 4),
            key=lambda k: np.abs(sound[begin + k + 960 :][:960] - wanted[960:1_920]).max(),
        )
        said = sound[begin + late :][: len(wanted)]
        np.testing.assert_array_equal(said[960:], wanted[960:])
        assert voice.inlet.dropped_samples == 0
        for _ in range(2_000):
            voice.push()
        assert voice.inlet.dropped_samples >= 2_000 * 960 - PCM_LIMIT_SAMPLES
        await stage.aclose()

    run_virtual(work)


def test_what_a_network_held_up_is_made_good_in_pauses() -> None:
    async def work() -> None:
        stage, _ = make_stage()
        voice = Voice(stage)
        await voice.speak(8.0, talk)
        await asyncio.sleep(2.0)
        for _ in range(100):
            voice.push(talk)
            await voice.inlet.room()
        spoken = voice.inlet._spoken
        assert spoken is not None and spoken.buffer.held_samples > samples(1.9)
        await voice.speak(20.0, talk)
        assert spoken.buffer.held_samples < samples(0.1)
        assert spoken.buffer.dropped_samples == 0
        await stage.aclose()

    run_virtual(work)


def test_an_utterance_of_which_nothing_comes_ends_by_itself() -> None:
    async def work() -> None:
        stage, _ = make_stage()
        voice = Voice(stage)
        name = voice.inlet.utterance
        await voice.speak(0.5)
        stage.say(utterance("text", 1.0), interrupt=False)
        await asyncio.sleep(IDLE_S - 1.0)
        assert not voice.said and stage.queue.waiting_count == 1
        await asyncio.sleep(2.0)
        assert voice.said == [(name, False)] and stage.queue.waiting_count == 0
        await stage.aclose()

    run_virtual(work)


def test_a_microphone_speaks_between_its_pauses() -> None:
    async def work() -> None:
        stage, recorder = make_stage()
        voice = Voice(stage, "microphone")
        await voice.speak(5.0, silence)
        assert not stage.speaking and voice.inlet.utterance and not recorder.of_type("utterance")
        await voice.speak(1.0)
        await voice.speak(1.5, silence)
        await voice.speak(1.0)
        assert len(voice.said) == 0, "a short pause ends nothing"
        await voice.speak(3.0, silence)
        assert len(voice.said) == 1 and not stage.speaking
        assert [event for _, event in events(recorder)] == ["started", "finished"]
        assert loud(recorder).sum() in (20, 21, 22)
        await stage.aclose()

    run_virtual(work)


def test_a_microphone_that_was_interrupted_speaks_again_after_a_pause() -> None:
    async def work() -> None:
        stage, recorder = make_stage()
        voice = Voice(stage, "whip")
        await voice.speak(1.0)
        stage.interrupt()
        await voice.speak(1.0)
        assert not stage.speaking and len(voice.interrupted) == 1
        await voice.speak(0.6, silence)
        await voice.speak(0.5)
        assert stage.speaking and loud(recorder)[-2:].any()
        await stage.aclose()

    run_virtual(work)


def test_a_microphone_that_waited_says_what_is_said_now() -> None:
    async def work() -> None:
        stage, _ = make_stage()
        stage.say(utterance("text", 3.0), interrupt=False)
        voice = Voice(stage, "microphone")
        await voice.inlet.room()
        await voice.speak(6.0)
        assert voice.inlet.dropped_samples > samples(2.0), "the oldest goes"
        spoken = voice.inlet._spoken
        assert spoken is not None and spoken.buffer.held_samples <= samples(0.25)
        await stage.aclose()

    run_virtual(work)


def test_a_source_that_leaves_is_said_to_its_end_unless_its_turn_never_came() -> None:
    async def work() -> None:
        stage, recorder = make_stage()
        voice, late = Voice(stage), Voice(stage, "microphone")
        await voice.speak(1.0)
        late.push()
        late.push()
        voice.inlet.close()
        late.inlet.close()
        await asyncio.sleep(1.5)
        assert not stage.speaking and loud(recorder).sum() in (10, 11)
        assert not voice.said, "nobody is there to be told"
        assert [event for _, event in events(recorder)] == ["started", "finished"], "of voice alone"
        await stage.aclose()

    run_virtual(work)


def test_a_stage_that_closes_lets_go_of_who_waits_for_room() -> None:
    async def work() -> None:
        stage, _ = make_stage()
        stage.say(utterance("text", 30.0), interrupt=False)
        voice = Voice(stage)
        stage.closing.append(voice.inlet.close)
        for _ in range(60):
            voice.push()
        waiting = asyncio.create_task(voice.inlet.room())
        await asyncio.sleep(1.0)
        assert not waiting.done()
        await stage.aclose()
        await asyncio.wait_for(waiting, 1.0)
        assert voice.inlet.closed

    run_virtual(work)

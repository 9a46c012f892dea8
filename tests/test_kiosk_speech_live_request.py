"""A text that is fed while it is spoken, on the speech thread."""

import asyncio
from collections.abc import Iterator

import pytest

from kiosk.speech.live_request import ROOM_CHARACTERS, LiveRequest
from kiosk.speech.manner import Manner
from kiosk.speech.request import SpeechRequest, SpeechTextError, SpokenPhrase
from kiosk.speech.speaker import Speaker
from kiosk.speech.voice import VoiceError
from tests.speech_utils import FakeVoice, FakeVoices


@pytest.fixture
def english() -> FakeVoice:
    return FakeVoice("af_heart", "en")


@pytest.fixture
def speaker(english: FakeVoice) -> Iterator[Speaker]:
    speaker = Speaker(FakeVoices(english, FakeVoice("zf_xiaobei", "zh")), max_characters=3000)
    yield speaker
    english.gate.set()
    speaker.close()


async def listen(request: SpeechRequest) -> list[SpokenPhrase]:
    async with asyncio.timeout(10):
        return [phrase async for phrase in request]


def shown(heard: list[SpokenPhrase]) -> list[str]:
    return [phrase.speech.text for phrase in heard]


async def test_phrases_come_while_text_arrives(speaker: Speaker) -> None:
    request = speaker.stream()
    request.feed("Yes. It op")
    cursor = aiter(request)
    first = await anext(cursor)
    assert first.speech.text == "Yes." and not first.final
    request.feed("ens at nine.")
    request.finish()
    second = await anext(cursor)
    assert (second.speech.text, second.char_start, second.char_end) == ("It opens at nine.", 5, 22)
    assert await anext(cursor, None) is None
    assert request.closed and not request.cancelled


async def test_what_cannot_be_pronounced_is_shown_in_the_end(speaker: Speaker) -> None:
    request = speaker.stream()
    request.feed("Yes. ")
    request.flush()
    cursor = aiter(request)
    await anext(cursor)
    request.feed("😀")
    request.finish()
    last = await anext(cursor)
    assert last.speech.text == "😀" and last.speech.duration_s == 0.0 and last.final


async def test_an_end_after_the_last_word_ends_it(speaker: Speaker) -> None:
    request = speaker.stream()
    request.feed("All of it.")
    request.flush()
    cursor = aiter(request)
    await anext(cursor)
    end = asyncio.ensure_future(anext(cursor, None))
    await asyncio.sleep(0.05)
    assert not end.done()
    request.finish()
    async with asyncio.timeout(5):
        assert await end is None


async def test_an_empty_text_ends_without_a_word(speaker: Speaker) -> None:
    request = speaker.stream()
    request.finish()
    assert await listen(request) == []


async def test_others_are_spoken_while_text_is_waited_for(speaker: Speaker) -> None:
    waiting = speaker.stream()
    waiting.feed("Unfinish")
    listener = asyncio.create_task(listen(waiting))
    assert shown(await listen(speaker.say("Short."))) == ["Short."]
    waiting.feed("ed no more.")
    waiting.finish()
    assert shown(await listener) == ["Unfinished no more."]


async def test_the_thread_sleeps_while_nothing_is_due(
    speaker: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []
    wait_s = LiveRequest.wait_s

    def counted(request: LiveRequest) -> float:
        asked.append(wait_s(request))
        return asked[-1]

    monkeypatch.setattr(LiveRequest, "wait_s", counted)
    request = speaker.stream()
    request.feed("Unfinish")
    await asyncio.sleep(0.6)
    assert len(asked) < 10
    request.cancel()


@pytest.mark.parametrize("when", ["before", "while", "after"])
async def test_a_cancel_ends_it_at_any_time(
    speaker: Speaker, english: FakeVoice, when: str
) -> None:
    request = speaker.stream()
    listener = asyncio.create_task(listen(request))
    if when == "while":
        english.gate.clear()
    if when != "before":
        request.feed("Yes. It is")
        assert await asyncio.to_thread(english.busy.wait, 5)
    request.cancel()
    heard = await listener
    assert shown(heard) == [] or when == "after"
    request.feed("more. and more.")
    request.finish()
    assert await listen(request) == []
    assert shown(await listen(speaker.say("Short."))) == ["Short."]


async def test_its_source_waits_when_it_is_far_ahead(speaker: Speaker, english: FakeVoice) -> None:
    english.gate.clear()
    request = speaker.stream()
    await request.room()
    request.feed("word " * (ROOM_CHARACTERS // 5 + 100))
    waiting = asyncio.create_task(request.room())
    await asyncio.sleep(0.05)
    assert not waiting.done()
    request.cancel()
    async with asyncio.timeout(5):
        await waiting


async def test_a_long_gap_is_no_reason_to_wait(speaker: Speaker) -> None:
    request = speaker.stream()
    async with asyncio.timeout(5):
        request.feed("\n" * (ROOM_CHARACTERS + 10) + "Hel")
        await request.room()
    request.feed("lo.")
    request.finish()
    assert shown(await listen(request)) == ["Hello."]


async def test_room_is_made_as_it_is_spoken(speaker: Speaker) -> None:
    request = speaker.stream()
    request.feed("This is a sentence. " * (ROOM_CHARACTERS // 20 + 2))
    listener = asyncio.create_task(listen(request))
    async with asyncio.timeout(5):
        await request.room()
    request.cancel()
    await listener


async def test_a_text_that_is_too_long_is_refused(speaker: Speaker) -> None:
    request = speaker.stream()
    request.feed("a" * 2999)
    with pytest.raises(SpeechTextError, match="3000"):
        request.feed("bc")
    request.feed("b")
    assert request.characters == 3000
    request.cancel()


async def test_a_failing_voice_ends_it(speaker: Speaker, english: FakeVoice) -> None:
    english.error = VoiceError("the voice is broken: make setup")
    request = speaker.stream()
    request.feed("Yes. It")
    with pytest.raises(VoiceError, match="make setup"):
        await listen(request)
    request.feed(" is.")


async def test_an_unknown_voice_or_rate_is_refused(speaker: Speaker) -> None:
    with pytest.raises(VoiceError, match="af_heart"):
        speaker.stream(voice="af_haert")
    with pytest.raises(VoiceError, match="rate"):
        speaker.stream(manner=Manner(rate=9.0))

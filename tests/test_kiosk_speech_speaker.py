import asyncio
import threading
from collections.abc import Iterator

import pytest

from kiosk.speech.live_request import LiveRequest
from kiosk.speech.manner import Manner
from kiosk.speech.speaker import Speaker, SpeechRequest, SpeechTextError, SpokenPhrase
from kiosk.speech.voice import VoiceError

from .speech_utils import FakeVoice, FakeVoices

LONG = "This is one of very many sentences. " * 200


async def listen(request: SpeechRequest) -> list[SpokenPhrase]:
    return [phrase async for phrase in request]


@pytest.fixture
def english() -> FakeVoice:
    return FakeVoice("af_heart", "en")


@pytest.fixture
def mandarin() -> FakeVoice:
    return FakeVoice("zf_xiaobei", "zh")


@pytest.fixture
def speaker(english: FakeVoice, mandarin: FakeVoice) -> Iterator[Speaker]:
    speaker = Speaker(FakeVoices(english, mandarin))
    yield speaker
    for voice in (english, mandarin):
        voice.gate.set()
    speaker.close()


async def test_a_text_is_spoken_in_order(speaker: Speaker) -> None:
    heard = await listen(speaker.say("Hello there. It is 9:00 now! 请到3号窗口。"))
    assert [phrase.speech.text for phrase in heard] == [
        "Hello there.",
        "It is 9:00 now!",
        "请到3号窗口。",
    ]
    assert [(phrase.char_start, phrase.char_end) for phrase in heard] == [
        (0, 12),
        (13, 28),
        (29, 36),
    ]
    assert [phrase.final for phrase in heard] == [False, False, True]


async def test_captions_show_what_is_written_and_voices_say_what_is_meant(
    speaker: Speaker, english: FakeVoice, mandarin: FakeVoice
) -> None:
    heard = await listen(speaker.say("It is 9:00 now. 共¥5。"))
    assert english.spoken == ["It is nine o'clock now."]
    assert mandarin.spoken == ["共五元。"]
    assert [word.text for word in heard[0].speech.words] == ["It", "is", "9:00", "now."]


async def test_the_rate_reaches_the_voice(speaker: Speaker) -> None:
    [usual] = await listen(speaker.say("One two three four."))
    [quick] = await listen(speaker.say("One two three four.", manner=Manner(2.0)))
    assert quick.speech.duration_s == pytest.approx(usual.speech.duration_s / 2)


async def test_the_thread_stays_only_so_far_ahead(english: FakeVoice, mandarin: FakeVoice) -> None:
    speaker = Speaker(FakeVoices(english, mandarin), max_ahead_s=3.0)
    request = speaker.say(LONG)
    cursor = aiter(request)
    for _ in range(5):
        await anext(cursor)
    other = await listen(speaker.say("Hello."))  # served when the first is far enough ahead
    assert [phrase.speech.text for phrase in other] == ["Hello."]
    assert request.ahead_s < 3.0 + 1.2
    assert len(english.spoken) < 20
    await speaker.aclose()


async def test_a_new_text_does_not_wait_for_a_cancelled_one(
    speaker: Speaker, english: FakeVoice
) -> None:
    english.gate.clear()
    first = speaker.say(LONG)
    listener = asyncio.create_task(listen(first))
    assert await asyncio.to_thread(english.busy.wait, 5)
    first.cancel()  # opens the gate: the voice gives up the phrase it is speaking
    assert await listener == []
    heard = await listen(speaker.say("Stop."))
    assert [phrase.speech.text for phrase in heard] == ["Stop."]
    assert english.spoken == ["Stop."]


async def test_a_new_text_does_not_wait_for_a_long_one(speaker: Speaker) -> None:
    long = speaker.say(LONG)
    cursor = aiter(long)
    await anext(cursor)
    heard = await listen(speaker.say("Short."))
    assert [phrase.speech.text for phrase in heard] == ["Short."]
    assert not long.closed


async def test_a_failing_voice_is_told_to_the_listener(
    speaker: Speaker, english: FakeVoice
) -> None:
    english.error = VoiceError("the voice is broken: make setup")
    with pytest.raises(VoiceError, match="make setup"):
        await listen(speaker.say("Hello."))
    english.error = ZeroDivisionError("oops")
    with pytest.raises(VoiceError, match="oops"):
        await listen(speaker.say("Hello."))
    english.error = None
    assert len(await listen(speaker.say("Hello."))) == 1


async def test_a_text_that_cannot_be_cut_fails_alone(
    speaker: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> float:
        raise ZeroDivisionError("oops")

    with monkeypatch.context() as patch:
        patch.setattr(LiveRequest, "wait_s", broken)
        request = speaker.stream()
        request.feed("Hello.")
        with pytest.raises(VoiceError, match="oops"):
            async with asyncio.timeout(5):
                await listen(request)
    async with asyncio.timeout(5):
        assert len(await listen(speaker.say("Hello."))) == 1


async def test_a_text_is_fed_while_chinese_words_are_loaded(
    english: FakeVoice, mandarin: FakeVoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    voices = FakeVoices(english, mandarin)
    loading, loaded = threading.Event(), threading.Event()
    asked: list[str] = []

    def words(run: str) -> list[str]:
        asked.append(run)
        loading.set()
        loaded.wait(5)
        return list(run)

    monkeypatch.setattr(voices, "words", words)
    speaker = Speaker(voices)
    english_text = speaker.stream()
    english_text.feed("Hello.")
    english_text.finish()
    async with asyncio.timeout(5):
        await listen(english_text)
    assert not asked, "English needs none"
    text = speaker.stream()
    text.feed("欢迎来到大厅，")
    assert await asyncio.to_thread(loading.wait, 5)
    feeding = asyncio.create_task(asyncio.to_thread(text.feed, "请取号。"))
    await asyncio.wait([feeding], timeout=2)
    free = feeding.done()
    loaded.set()
    await feeding
    assert free, "the lock is held while words are loaded"
    text.finish()
    async with asyncio.timeout(5):
        assert "".join(phrase.speech.text for phrase in await listen(text)) == text._text.text
    await speaker.aclose()


async def test_words_that_cannot_be_loaded_end_no_other_text(
    speaker: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> list[str]:
        raise ImportError("jieba")

    monkeypatch.setattr(speaker._voices, "words", broken)
    text = speaker.stream()
    text.feed("欢迎来到大厅")
    with pytest.raises(VoiceError, match="jieba"):
        async with asyncio.timeout(5):
            await listen(text)
    async with asyncio.timeout(5):
        assert len(await listen(speaker.say("Hello."))) == 1


async def test_a_language_nobody_speaks_is_told_to_the_listener(english: FakeVoice) -> None:
    speaker = Speaker(FakeVoices(english))
    with pytest.raises(VoiceError, match="'zh'"):
        await listen(speaker.say("您好。"))
    await speaker.aclose()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("!!! 😀", "pronounced"),
        ("Привет", "pronounced"),
        ("a" * 20_001, "20000"),
    ],
)
def test_texts_that_cannot_be_spoken_are_refused(speaker: Speaker, text: str, says: str) -> None:
    with pytest.raises(SpeechTextError, match=says):
        speaker.say(text)


def test_an_unknown_voice_or_rate_is_refused(speaker: Speaker) -> None:
    with pytest.raises(VoiceError, match="af_heart"):
        speaker.say("Hello.", voice="af_haert")
    with pytest.raises(VoiceError, match="rate"):
        speaker.say("Hello.", manner=Manner(5.0))


async def test_closing_ends_everything(english: FakeVoice) -> None:
    speaker = Speaker(FakeVoices(english))
    english.gate.clear()
    listener = asyncio.create_task(listen(speaker.say(LONG)))
    assert await asyncio.to_thread(english.busy.wait, 5)
    await speaker.aclose()
    assert await listener == []
    with pytest.raises(VoiceError, match="closed"):
        speaker.say("Hello.")
    speaker.close()

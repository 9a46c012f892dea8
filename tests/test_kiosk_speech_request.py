import asyncio
import threading
from collections.abc import Iterable

import numpy as np
import pytest

from kiosk.speech.manner import Manner
from kiosk.speech.phrases import Phrase, split
from kiosk.speech.request import KEPT_S, SpeechRequest, SpokenPhrase
from kiosk.speech.voice import Speech, VoiceError


def request_of(text: str, manner: Manner = Manner()) -> SpeechRequest:  # noqa: B008 -- frozen
    return SpeechRequest(split(text), None, manner, threading.Condition())


def speak_all(request: SpeechRequest, duration_s: float = 1.0) -> None:
    while (taken := request.take_phrase()) is not None:
        phrase, final = taken
        request.add(phrase, silent(phrase, duration_s), final)


def silent(phrase: Phrase, duration_s: float) -> Speech:
    return Speech(phrase.shown, np.zeros(round(1000 * duration_s), np.float32), 1000)


async def listen(request: SpeechRequest) -> list[SpokenPhrase]:
    return [phrase async for phrase in request]


def texts(phrases: Iterable[SpokenPhrase]) -> list[str]:
    return [phrase.speech.text for phrase in phrases]


async def test_every_listener_hears_everything() -> None:
    request = request_of("One. Two. Three.")
    first = asyncio.create_task(listen(request))
    await asyncio.sleep(0)
    speak_all(request)
    heard = await first
    assert texts(heard) == ["One.", "Two.", "Three."]
    assert [phrase.index for phrase in heard] == [0, 1, 2]
    assert [phrase.final for phrase in heard] == [False, False, True]
    assert texts(await listen(request)) == texts(heard)


async def test_speech_ahead_is_what_the_first_listener_has_not_taken() -> None:
    request = request_of("One. Two. Three.")
    speak_all(request)
    total_s = request.ahead_s
    assert total_s == pytest.approx(3.0 + 0.25 + 0.25 + 0.5)
    cursor = aiter(request)
    await anext(cursor)
    assert request.ahead_s == pytest.approx(total_s - 1.25)


async def test_pauses_are_scaled() -> None:
    request = request_of("One. Two.", Manner(pause=2.0))
    speak_all(request)
    plain = request_of("One. Two.")
    speak_all(plain)
    pauses = [(await anext(aiter(r))).pause_s for r in (request, plain)]
    assert pauses[0] == pytest.approx(2.0 * pauses[1])


async def test_a_cancelled_request_ends() -> None:
    request = request_of("One. Two.")
    speak_all(request)
    cursor = aiter(request)
    await anext(cursor)
    request.cancel()
    request.cancel()
    assert await anext(cursor, None) is None
    assert request.closed and request.cancelled and request.stop.is_set


async def test_a_waiting_listener_is_woken_by_a_cancel() -> None:
    request = request_of("One.")
    listener = asyncio.create_task(listen(request))
    await asyncio.sleep(0)
    request.cancel()
    assert await listener == []


async def test_an_error_comes_after_what_went_well() -> None:
    request = request_of("One. Two.")
    taken = request.take_phrase()
    assert taken
    request.add(taken[0], silent(taken[0], 1.0), False)
    request.fail(VoiceError("broken"))
    cursor = aiter(request)
    assert (await anext(cursor)).speech.text == "One."
    with pytest.raises(VoiceError, match="broken"):
        await anext(cursor)


async def test_a_listener_far_behind_misses_phrases_and_they_are_counted() -> None:
    request = request_of("One. Two. Three. Four. Five.")
    slow, quick = aiter(request), aiter(request)
    for _ in range(5):
        taken = request.take_phrase()
        assert taken
        request.add(taken[0], silent(taken[0], KEPT_S * 0.6), taken[1])
        await anext(quick)
    assert (await anext(slow)).index > 0
    assert request.dropped_phrases > 0


async def test_what_was_taken_is_unheard_until_it_has_sounded() -> None:
    now = [100.0]
    request = SpeechRequest(
        split("One. Two."), None, Manner(), threading.Condition(), lambda: now[0]
    )
    speak_all(request)
    assert request.unheard_s == request.ahead_s == pytest.approx(2.75)
    cursor, late = aiter(request), aiter(request)
    await anext(cursor)
    now[0] += 0.5
    assert request.ahead_s == pytest.approx(1.5)
    assert request.unheard_s == pytest.approx(2.25)
    await anext(late)  # a second listener hears the same
    assert request.unheard_s == pytest.approx(2.25)
    await anext(cursor)
    now[0] += 10.0
    assert request.unheard_s == 0.0

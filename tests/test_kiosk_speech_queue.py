"""The speech queue: order, bounds, events at their samples, what was said when it is cut."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np

from kiosk.speech_queue import (
    MAX_AHEAD_SAMPLES,
    Piece,
    SpeechQueue,
    Utterance,
)
from tests.fakes import tone, utterance


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_silence_when_there_is_nothing_to_say() -> None:
    queue = SpeechQueue()
    sound, events = queue.take(960, 0)
    assert not sound.any() and not events
    assert not queue.busy
    await queue.aclose()


async def test_sound_comes_whole_and_events_name_their_samples() -> None:
    queue = SpeechQueue()
    queue.add(utterance("u", 0.1, 0.2))
    await settle()
    sound, events, pts = np.zeros(0, np.float32), [], 5000
    while queue.busy:
        taken, happened = queue.take(1000, pts)
        sound, pts = np.concatenate([sound, taken]), pts + 1000
        events += happened
    assert np.array_equal(sound[:4800], tone(0.1))
    assert np.array_equal(sound[4800:14400], tone(0.2))
    assert [(e.kind, e.pts) for e in events] == [
        ("started", 5000),
        ("caption", 5000),
        ("caption", 9800),
        ("finished", 19400),
    ]
    assert queue.underruns == 0
    await queue.aclose()


async def test_utterances_follow_in_order_and_clear_names_them_all() -> None:
    queue = SpeechQueue()
    cancelled: list[str] = []
    for name in ("a", "b", "c"):
        said = utterance(name, 0.1)
        queue.add(Utterance(name, said.pieces, lambda name=name: cancelled.append(name)))  # type: ignore[misc]
    await settle()
    _, events = queue.take(4800 + 100, 0)
    assert [(e.utterance, e.kind) for e in events if e.kind == "started"] == [
        ("a", "started"),
        ("b", "started"),
    ]
    assert queue.clear() == ("b", "c")
    assert not queue.busy
    sound, _ = queue.take(960, 0)
    assert not sound.any()
    queue.add(utterance("d", 0.1))
    await settle()
    assert queue.has_sound
    await queue.aclose()


async def test_the_source_waits_when_enough_is_ahead() -> None:
    made = 0

    async def endless() -> AsyncIterator[Piece]:
        nonlocal made
        while True:
            made += 1
            yield Piece(tone(1.0))

    queue = SpeechQueue()
    queue.add(Utterance("u", endless()))
    await settle()
    assert made == MAX_AHEAD_SAMPLES // 48_000
    queue.take(48_000, 0)
    await settle()
    assert made == MAX_AHEAD_SAMPLES // 48_000 + 1
    await queue.aclose()


async def test_what_still_waits_can_be_withdrawn_and_what_is_being_said_cannot() -> None:
    queue = SpeechQueue()
    for name in ("a", "b", "c"):
        queue.add(utterance(name, 0.1))
    queue.withdraw("b")
    queue.withdraw("nobody")
    await settle()
    queue.withdraw("a")
    _, events = queue.take(48_000, 0)
    told = [event.utterance for event in events if event.kind == "started"]
    assert told == ["a", "c"]
    await queue.aclose()


async def test_running_dry_inside_an_utterance_is_counted_once() -> None:
    more = asyncio.Event()

    async def halting() -> AsyncIterator[Piece]:
        yield Piece(tone(0.1))
        await more.wait()
        yield Piece(tone(0.1))

    queue = SpeechQueue()
    queue.add(Utterance("u", halting()))
    await settle()
    for _ in range(4):
        queue.take(4800, 0)
    assert queue.underruns == 1
    more.set()
    await settle()
    queue.take(48_000, 0)
    assert queue.underruns == 1
    await queue.aclose()


async def test_one_utterance_is_removed_wherever_it_is() -> None:
    queue = SpeechQueue()
    cancelled: list[str] = []
    for name in ("a", "b", "c", "d"):
        said = utterance(name, 2.5)
        queue.add(Utterance(name, said.pieces, lambda name=name: cancelled.append(name)))  # type: ignore[misc]
    await settle()  # a is made, b is being made, c and d wait
    assert queue.remove("c") and queue.remove("b") and not queue.remove("c")
    assert cancelled == ["c", "b"]
    await settle()
    kinds = []
    for _ in range(60):
        kinds += [(e.utterance, e.kind) for e in queue.take(4800, 0)[1] if e.kind != "caption"]
        await settle()
    assert kinds == [("a", "started"), ("a", "finished"), ("d", "started"), ("d", "finished")]
    assert not queue.busy and queue.underruns == 0
    await queue.aclose()


async def test_what_is_made_and_removed_leaves_room_to_make_more() -> None:
    queue = SpeechQueue()
    for name in ("a", "b"):
        queue.add(utterance(name, 1.0))
    await settle()
    queue.take(4800, 0)
    assert queue.remove("a")
    sound, events = queue.take(48_000, 0)
    assert [event.utterance for event in events if event.kind == "started"] == ["b"]
    assert np.array_equal(sound, tone(1.0)) and queue.underruns == 0
    assert queue._buffered_samples == 0
    await queue.aclose()

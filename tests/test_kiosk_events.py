"""Events: everyone gets a copy, nobody holds up anybody, what is lost is counted."""

import asyncio
import base64
import io
import json
import wave

import numpy as np

from kiosk.events import Event, EventHub, Subscription


async def read(subscription: Subscription) -> list[Event]:
    """What is held, and the end."""
    subscription.close()
    return [event async for event in subscription]


async def test_a_stage_s_readers_get_its_events_and_others_get_all() -> None:
    hub = EventHub()
    lobby, everything = hub.subscribe("lobby"), hub.subscribe(None)
    hub.publish("lobby", {"type": "word", "text": "one"})
    hub.publish("desk", {"type": "word", "text": "two"})
    assert [event.body["text"] for event in await read(lobby)] == ["one"]
    both = await read(everything)
    assert [(event.id, event.stage) for event in both] == [(1, "lobby"), (2, "desk")]
    assert json.dumps(both[1].message()) == (
        '{"type": "word", "text": "two", "stage": "desk", "id": 2}'
    )


async def test_a_reader_waits_for_what_comes_and_ends_when_closed() -> None:
    hub = EventHub()
    subscription = hub.subscribe()
    heard: list[object] = []

    async def listen() -> None:
        async for event in subscription:
            heard.append(event.body["n"])

    reading = asyncio.create_task(listen())
    await asyncio.sleep(0)
    hub.publish("a", {"type": "t", "n": 1})
    await asyncio.sleep(0)
    assert heard == [1] and not reading.done()
    hub.publish("a", {"type": "t", "n": 2})
    hub.close()
    hub.publish("a", {"type": "t", "n": 3})
    await reading
    assert heard == [1, 2]


async def test_a_slow_reader_loses_the_oldest_and_is_told_how_many() -> None:
    hub = EventHub()
    slow, other = Subscription(hub, None, max_events=10), hub.subscribe()
    for n in range(25):
        event = Event(n, "a", {"type": "t"})
        slow.put(event)
    hub.publish("a", {"type": "t"})
    assert slow.dropped_events == 15
    assert slow.newly_dropped() == 15 and slow.newly_dropped() == 0
    assert [event.id for event in await read(slow)] == list(range(15, 25))
    assert len(await read(other)) == 1 and hub.dropped_events == 0


async def test_sound_that_is_not_fetched_is_bounded_and_the_newest_is_kept() -> None:
    slow = Subscription(EventHub(), None, max_samples=100)
    for n, length in enumerate([60, 30, 20, 500]):
        slow.put(Event(n, "a", {"type": "t"}, np.zeros(length, np.float32)))
    slow.put(Event(9, "a", {"type": "t"}))
    assert [event.id for event in await read(slow)] == [9]
    assert slow.dropped_events == 4


async def test_what_readers_lost_is_counted_after_they_have_gone() -> None:
    hub = EventHub()
    subscription = hub.subscribe()
    for _ in range(600):
        hub.publish("a", {"type": "t"})
    assert hub.dropped_events == subscription.dropped_events > 0
    subscription.close()
    subscription.close()
    assert hub.dropped_events == subscription.dropped_events


def test_sound_goes_along_only_if_asked_and_is_a_wav_file() -> None:
    sound = np.array([0.0, 0.5, -2.0], np.float32)
    event = Event(1, "a", {"type": "visitor"}, sound)
    assert "audio" not in event.message()
    data = base64.b64decode(str(event.message(audio=True)["audio"]))
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16_000, 1, 2)
        read_back = np.frombuffer(file.readframes(10), "<i2")
    assert read_back.tolist() == [0, 16384, -32767]
    assert "audio" not in Event(2, "a", {"type": "word"}).message(audio=True)

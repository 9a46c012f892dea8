"""A stage's events carry its name and its media time."""

import asyncio

from kiosk.clock import MediaClock
from kiosk.events import EventHub
from kiosk.stage_events import StageEvents
from tests.fakes import run_virtual, utterance
from tests.stage_utils import make_stage


def test_events_have_the_media_time_of_now_unless_they_have_their_own() -> None:
    async def work() -> list[dict[str, object]]:
        hub = EventHub()
        read = hub.subscribe("lobby")
        clock = MediaClock()
        clock.reanchor(72_000)
        events = StageEvents(hub, "lobby", clock)
        events.opened("ada")
        events.viewers("joined", "s1", 3)
        events.tell({"type": "word", "media_ms": 12.5})
        events.closed()
        read.close()
        return [event.message() async for event in read]

    opened, joined, word, closed = run_virtual(work)
    assert opened == {
        "type": "stage", "event": "opened", "avatar": "ada", "media_ms": 1500.0, "stage": "lobby",
        "id": 1,
    }  # fmt: skip
    assert joined["viewers"] == 3 and joined["session"] == "s1" and joined["event"] == "joined"
    assert word["media_ms"] == 12.5
    assert closed["event"] == "closed"


def test_a_stage_tells_how_its_speech_goes() -> None:
    async def work() -> list[dict[str, object]]:
        stage, _ = make_stage()
        read = stage.hub.subscribe()
        stage.say(utterance("u", 0.5, 0.5), interrupt=True)
        await asyncio.sleep(3.0)
        await stage.aclose()
        read.close()
        return [event.message() async for event in read]

    told = run_virtual(work)
    assert [event.get("event") or event["text"] for event in told] == [
        "started",
        "word0",
        "word1",
        "finished",
    ]
    times = [float(str(event["media_ms"])) for event in told]
    assert times == sorted(times) and 990 < times[3] - times[0] < 1010

"""A stage's events carry its name and its media time."""

import asyncio

import numpy as np
import pytest

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


@pytest.mark.parametrize("heard_s", [0.0, 0.5, 0.9])
def test_what_is_withdrawn_is_not_said_and_the_others_are(heard_s: float) -> None:
    async def work() -> tuple[list[dict[str, object]], float]:
        stage, recorder = make_stage()
        read = stage.hub.subscribe()
        for name, duration_s in (("x", 1.0), ("gone", 0.5), ("y", 0.5)):
            stage.say(utterance(name, duration_s), interrupt=False)
        while stage.transcript.utterance != "x":  # noqa: ASYNC110 -- virtual time
            await asyncio.sleep(0.01)
        await asyncio.sleep(heard_s)
        stage.withdraw("gone")
        await asyncio.sleep(3.0)
        await stage.aclose()
        read.close()
        assert stage.speech_underruns == 0
        assert recorder.of_type("state")[-1]["state"] == "idle"
        assert len(recorder.of_type("caption_clear")) == 1
        loud_s = float((np.abs(recorder.sound()) > 0.001).sum()) / 48_000
        return [event.message() async for event in read], loud_s

    told, loud_s = run_virtual(work)
    ends = [(e["utterance"], e["event"]) for e in told if e["type"] == "utterance"]
    assert sorted(ends) == [
        ("gone", "interrupted"),
        ("x", "finished"),
        ("x", "started"),
        ("y", "finished"),
        ("y", "started"),
    ]
    assert loud_s == pytest.approx(1.5, abs=0.05)


def test_nothing_is_told_of_what_is_not_there_to_be_withdrawn() -> None:
    async def work() -> list[str]:
        stage, _ = make_stage()
        read = stage.hub.subscribe()
        stage.say(utterance("u", 0.3), interrupt=False)
        await asyncio.sleep(2.0)
        stage.withdraw("u")
        stage.withdraw("nobody")
        await stage.aclose()
        read.close()
        return [str(event.body.get("event")) async for event in read if "event" in event.body]

    assert run_virtual(work) == ["started", "finished"]

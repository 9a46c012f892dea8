import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from kiosk.listen import devices, microphone
from kiosk.listen.devices import Device, DeviceError
from kiosk.listen.microphone import MAX_BLOCKS, Crossing
from tests.fakes import run_virtual
from tests.microphone_utils import FakeStage, Room, Sound, entry


@pytest.fixture(autouse=True)
def threads_in_virtual_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would be done in a thread takes a hundredth of a second of the loop's time."""

    async def to_thread(work: Callable[..., Any], *given: Any) -> Any:  # noqa: ANN401
        await asyncio.sleep(0.01)
        return work(*given)

    monkeypatch.setattr(asyncio, "to_thread", to_thread)


async def until(true: Callable[[], object]) -> None:
    """Wait, in virtual time and through threads, until something is."""
    for _ in range(5000):
        if true():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it never was")


def listening(room: Room, work: Callable[[], Any]) -> None:
    """Run *work* while the microphone runs."""

    async def run() -> None:
        task = asyncio.create_task(room.microphone.run())
        try:
            await work()
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    run_virtual(run)


def test_what_is_heard_goes_to_the_open_stage_at_the_devices_rate() -> None:
    room = Room(Sound(entry("Webcam", 1, 44_100.0)))
    room.stages.append(FakeStage("hall"))

    async def work() -> None:
        await until(lambda: room.inlets and room.inlets[0].got)
        assert room.opened == [("hall", "microphone", None, 44_100, False)]
        stream = room.sound.streams[0]
        assert stream.asked["samplerate"] == 44_100
        assert stream.asked["blocksize"] == 882
        assert room.inlets[0].got[0].shape == (882,)
        assert room.inlets[0].got[0][0] == np.float32(0.25)

    listening(room, work)
    assert room.inlets[0].closed
    assert room.sound.streams[0].closed


def test_a_device_that_is_faster_than_ears_is_opened_at_their_rate() -> None:
    room = Room(Sound(entry("Interface", 2, 192_000.0)))
    room.stages.append(FakeStage("hall"))

    async def work() -> None:
        await until(lambda: room.inlets and room.inlets[0].got)
        assert room.opened == [("hall", "microphone", None, 48_000, False)]
        asked = room.sound.streams[0].asked
        assert (asked["samplerate"], asked["blocksize"]) == (48_000, 960)

    listening(room, work)


def test_one_that_is_being_opened_when_the_server_ends_is_closed() -> None:
    room = Room(Sound(entry("Webcam")))
    room.stages.append(FakeStage("hall"))

    async def work() -> None:
        await asyncio.sleep(0.015)
        assert room.inlets and not room.sound.streams

    listening(room, work)
    assert room.inlets[0].closed
    assert room.sound.streams[0].closed


def test_it_waits_for_a_stage_and_for_the_one_that_is_named() -> None:
    room = Room(Sound(entry("Webcam")), microphone_stage="lobby")

    async def work() -> None:
        await asyncio.sleep(10.0)
        room.stages.append(FakeStage("hall"))
        await asyncio.sleep(10.0)
        assert not room.sound.streams  # nobody listens: the device is not open
        room.stages.append(FakeStage("lobby"))
        await until(lambda: room.opened)
        assert room.opened[0][0] == "lobby"

    listening(room, work)


def test_when_its_stage_closes_another_hears_it() -> None:
    room = Room(Sound(entry("Webcam")))
    room.stages.append(FakeStage("first"))

    async def work() -> None:
        await until(lambda: room.sound.streams)
        room.stages[:] = [FakeStage("second")]
        room.sound.streams[0].give()
        await until(lambda: len(room.sound.streams) == 2)
        assert [opened[0] for opened in room.opened] == ["first", "second"]
        assert room.inlets[0].closed
        assert room.sound.streams[0].closed

    listening(room, work)
    assert room.count("lost") == 0


def test_one_that_is_unplugged_is_missed_once_and_heard_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    room = Room(Sound(entry("Webcam")))
    room.stages.append(FakeStage("hall"))

    async def work() -> None:
        await until(lambda: room.sound.streams)
        room.sound.plugged.clear()  # and no more blocks come
        await until(lambda: room.sound.streams[0].closed)
        await asyncio.sleep(60.0)
        assert len(room.sound.streams) == 1
        room.sound.plugged.append(entry("Webcam"))
        await until(lambda: len(room.sound.streams) == 2)
        await until(lambda: room.inlets[-1].got)

    with caplog.at_level(logging.INFO):
        listening(room, work)
    assert room.count("lost") == 1
    assert room.count("opened") == 2
    warned = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warned) == 2
    assert "Webcam gives no sound any more: plug it in again" in warned[0]
    assert "no microphone: plug one in" in warned[1]


def test_without_any_the_kiosk_runs_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    room = Room(Sound())
    room.missing = DeviceError("PortAudio cannot be loaded (x)", "apt install libportaudio2")

    async def work() -> None:
        await asyncio.sleep(600.0)

    with caplog.at_level(logging.WARNING):
        listening(room, work)
    (record,) = caplog.records
    assert "apt install libportaudio2" in record.message


def test_one_that_cannot_be_opened_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    room = Room(Sound(entry("Webcam")))
    room.stages.append(FakeStage("hall"))
    room.sound.broken = True

    async def work() -> None:
        await asyncio.sleep(30.0)
        assert all(inlet.closed for inlet in room.inlets[:-1])
        room.sound.broken = False
        await until(lambda: room.sound.streams)

    listening(room, work)
    assert caplog.text.count("cannot be opened (Device unavailable): end what else uses it") == 1


def test_a_stage_that_takes_no_more_sources_is_asked_again() -> None:
    room = Room(Sound(entry("Webcam")))
    room.stages.append(FakeStage("hall"))
    room.refuse = True

    async def work() -> None:
        await asyncio.sleep(10.0)
        assert not room.sound.streams
        room.refuse = False
        await until(lambda: room.sound.streams)

    listening(room, work)


def test_an_unforeseen_fault_does_not_end_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    room = Room(Sound(entry("Webcam")))
    room.stages.append(FakeStage("hall"))
    whole = devices.choose
    faults = iter([ZeroDivisionError("oh")])

    def choose(there: Sequence[Device], wanted: str) -> Device:
        for fault in faults:
            raise fault
        return whole(there, wanted)

    monkeypatch.setattr(microphone, "choose", choose)

    async def work() -> None:
        await until(lambda: room.sound.streams)

    listening(room, work)
    assert "is opened again" in caplog.text


def test_what_the_loop_is_too_slow_for_is_dropped_oldest_first_and_counted() -> None:
    got: list[float] = []
    dropped: list[int] = []

    async def work() -> None:
        crossing = Crossing(lambda block: got.append(float(block[0])), lambda: dropped.append(1))

        def flood() -> None:
            for number in range(MAX_BLOCKS + 30):
                crossing.put(np.full(4, number, np.float32))

        thread = threading.Thread(target=flood)
        thread.start()
        thread.join()  # the loop stands still meanwhile
        await asyncio.sleep(0.1)

    run_virtual(work)
    assert got == list(range(30, MAX_BLOCKS + 30))
    assert len(dropped) == 30


def test_an_overflow_of_portaudio_is_counted() -> None:
    room = Room(Sound(entry("Webcam")))
    room.stages.append(FakeStage("hall"))

    async def work() -> None:
        await until(lambda: room.sound.streams)
        room.sound.streams[0].give(3, status="input overflow")
        await asyncio.sleep(0.1)

    listening(room, work)
    assert room.count("dropped") == 3


def test_a_block_after_the_end_of_the_server_is_nobodys_fault() -> None:
    crossings: list[Crossing] = []

    async def work() -> None:
        crossings.append(Crossing(lambda block: None))

    run_virtual(work)
    crossings[0].put(np.zeros(4, np.float32))

"""Faults on demand: read strictly, felt where they should be, off unless asked for."""

import asyncio
import logging
from typing import Any

import pytest
from aiortc.rtcdtlstransport import RTCDtlsTransport

from kiosk import inject
from kiosk.inject import FaultError, Faults, Injector
from kiosk.metrics import Metrics
from tests.fakes import run_virtual


def test_faults_are_read_and_told_in_the_same_words() -> None:
    text = "video-delay=150ms,audio-delay=20ms,drift=200ppm,jitter=50ms,loss=0.2,stall=2s,cpu=0.5"
    faults = Faults.parse(text)
    assert faults == Faults(0.15, 0.02, 200e-6, 0.05, 0.2, 2.0, 0.5)
    assert Faults.parse(str(faults)) == faults
    assert Faults.parse(" loss = 20% , stall=2s ") == Faults(loss=0.2, stall=2.0)


def test_no_fault_is_the_empty_text() -> None:
    assert Faults.parse("") == Faults()
    assert str(Faults()) == ""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("gremlins=3", "there are video-delay"),
        ("video-delay=150", "0 to 400ms, with its unit"),
        ("video-delay=5s", "0 to 400ms"),
        ("video-delay", "0 to 400ms"),
        ("loss=150%", "0 to 90%"),
        ("loss=nan", "0 to 90%"),
        ("cpu=0", "0.05 to 1"),
        ("jitter=-5ms", "0 to 500ms"),
    ],
)
def test_what_cannot_be_injected_is_named_with_what_can(text: str, told: str) -> None:
    with pytest.raises(FaultError, match=told):
        Faults.parse(text)


def make(faults: str) -> Injector:
    return Injector(Faults.parse(faults), Metrics())


def test_a_delay_holds_packets_back_and_a_drift_grows() -> None:
    async def work() -> None:
        injector = make("video-delay=150ms,drift=200ppm,audio-delay=30ms")
        assert injector.hold_s("video") == 0.0, "nothing is wrong before it starts"
        await injector.start()
        assert injector.hold_s("video") == pytest.approx(0.15)
        await asyncio.sleep(600.0)
        assert injector.hold_s("video") == pytest.approx(0.15 + 0.12)
        assert injector.hold_s("audio") == 0.03
        await injector.change(Faults())
        assert injector.hold_s("video") == 0.0
        await injector.aclose()

    run_virtual(work)


class Transport:
    def __init__(self) -> None:
        self.sent: list[tuple[float, bytes]] = []

    async def _send_rtp(self, data: bytes) -> None:
        self.sent.append((asyncio.get_running_loop().time(), data))


RTP = bytes([0x80, 96 | 0x80]) + bytes(10)
RTCP = bytes([0x80, 200]) + bytes(10)


def send(faults: str, data: bytes, count: int = 400) -> list[float]:
    """Delays of what arrives, of *count* packets."""

    async def work() -> list[float]:
        injector, transport = make(faults), Transport()
        await injector.start()
        injector.spoil(transport)
        injector.spoil(transport)
        for _ in range(count):
            await transport._send_rtp(data)
        sent_s = asyncio.get_running_loop().time()
        await asyncio.sleep(1.0)
        await injector.aclose()
        return [at_s - sent_s for at_s, _ in transport.sent]

    return run_virtual(work)


def test_loss_drops_its_share_of_the_media_and_no_report() -> None:
    assert len(send("loss=20%", RTP)) == pytest.approx(320, abs=30)
    assert len(send("loss=90%", RTCP)) == 400
    assert len(send("", RTP)) == 400


def test_jitter_scatters_and_loses_nothing() -> None:
    delays = send("jitter=50ms", RTP)
    assert len(delays) == 400
    assert max(delays) == pytest.approx(0.05, abs=0.005)
    assert min(delays) < 0.005


def test_a_stall_stops_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[float] = []
    monkeypatch.setattr("kiosk.inject.time.sleep", stopped.append)

    async def work() -> None:
        injector = make("stall=2s")
        await injector.start()
        await asyncio.sleep(25.0)
        await injector.aclose()

    run_virtual(work)
    assert stopped == [2.0, 2.0]


def test_it_is_loud(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        metrics = Metrics()
        injector = Injector(Faults.parse("loss=20%"), metrics)
        await injector.start()
        assert b"kiosk_faults_injected 1.0" in metrics.exposition()
        await asyncio.sleep(125.0)
        await injector.change(Faults())
        assert b"kiosk_faults_injected 0.0" in metrics.exposition()
        await injector.aclose()

    with caplog.at_level(logging.WARNING):
        run_virtual(work)
    assert sum("FAULTS INJECTED: loss=0.2" in message for message in caplog.messages) == 3


async def test_less_cpu_is_a_process_that_throttles_and_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun: list[tuple[Any, ...]] = []

    class Process:
        def terminate(self) -> None:
            begun.append(("terminated",))

        async def wait(self) -> int:
            return 0

    async def begin(*arguments: str) -> Process:
        begun.append(arguments[1:])
        return Process()

    monkeypatch.setattr("kiosk.inject.asyncio.create_subprocess_exec", begin)
    injector = make("cpu=0.5")
    await injector.start()
    await injector.aclose()
    assert begun == [("-m", "kiosk.throttle", "0.5"), ("terminated",)]


def test_the_private_name_is_that_of_this_aiortc() -> None:
    assert hasattr(RTCDtlsTransport, inject.SEND_RTP)

"""Opus packets become sound at once and in order; what is lost is bridged, what is bad counted."""

import numpy as np
import pytest
from aiortc.jitterbuffer import JitterBuffer
from aiortc.rtp import RtpPacket

from engine.media import FloatArray
from kiosk.listen.opus import MAX_BRIDGE_SAMPLES, OpusStream
from tests.opus_utils import LOOKAHEAD_SAMPLES, PACKET_SAMPLES, Packet, opus_packets, voice


class Heard:
    """What a stream gave, and how much after each packet."""

    def __init__(self) -> None:
        self.stream = OpusStream(lambda samples: self.parts.append(samples))
        self.parts: list[FloatArray] = []

    def take(self, packets: list[Packet]) -> list[int]:
        counts = []
        for packet in packets:
            before = self.count
            self.stream.take(*packet)
            counts.append(self.count - before)
        return counts

    @property
    def count(self) -> int:
        return sum(len(part) for part in self.parts)

    @property
    def sound(self) -> FloatArray:
        return np.concatenate(self.parts)


def likeness(heard: FloatArray, sent: FloatArray) -> float:
    """Correlation, with libopus' lookahead allowed for."""
    late = heard[LOOKAHEAD_SAMPLES:]
    return float(np.corrcoef(late, sent[: len(late)])[0, 1])


@pytest.mark.parametrize("layout", ["mono", "stereo"])
@pytest.mark.parametrize(("sequence", "timestamp"), [(0, 0), (65_530, 2**32 - 3000)])
def test_every_packet_is_heard_when_it_comes(layout: str, sequence: int, timestamp: int) -> None:
    sent = voice(1.0)
    heard = Heard()
    counts = heard.take(opus_packets(sent, sequence, timestamp, layout))
    assert set(counts) == {PACKET_SAMPLES}
    assert likeness(heard.sound, sent) > 0.99
    assert np.abs(heard.sound).max() == pytest.approx(np.abs(sent).max(), rel=0.1)


def test_a_lost_packet_is_bridged_and_delays_nothing_that_follows() -> None:
    sent = voice(1.0)
    packets = opus_packets(sent)
    heard = Heard()
    counts = heard.take(packets[:20] + packets[21:])
    assert counts[20:23] == [0, 3 * PACKET_SAMPLES, PACKET_SAMPLES]
    assert heard.count == len(packets) * PACKET_SAMPLES, "the timeline has no hole"
    assert heard.stream.lost == 1
    at = 20 * PACKET_SAMPLES
    gap = heard.sound[at : at + PACKET_SAMPLES]
    assert np.sqrt(np.mean(gap**2)) > 0.5 * np.sqrt(np.mean(sent**2)), "it is no hole"
    edges = np.abs(np.diff(heard.sound[at - 100 : at + PACKET_SAMPLES + 100])).max()
    assert edges <= 1.3 * np.abs(np.diff(sent)).max(), "and no click"


def test_packets_that_change_places_are_put_in_order() -> None:
    sent = voice(1.0)
    packets = opus_packets(sent)
    packets[9], packets[10] = packets[10], packets[9]
    heard = Heard()
    heard.take(packets)
    assert heard.stream.lost == 0
    assert heard.count == len(packets) * PACKET_SAMPLES
    assert likeness(heard.sound, sent) > 0.99


def test_what_is_late_or_twice_is_not_heard_again() -> None:
    packets = opus_packets(voice(1.0))
    heard = Heard()
    heard.take(packets[:10] + packets[11:30])
    count = heard.count
    assert heard.take([packets[10], packets[28], packets[29]]) == [0, 0, 0]
    assert heard.count == count


def test_a_long_gap_is_left_to_the_jitter_buffer() -> None:
    packets = opus_packets(voice(1.0))
    lost = MAX_BRIDGE_SAMPLES // PACKET_SAMPLES + 1
    heard = Heard()
    heard.take(packets[:10] + packets[10 + lost :])
    assert heard.stream.lost == lost
    assert heard.count == (len(packets) - lost) * PACKET_SAMPLES


def test_a_pause_of_the_sender_is_no_loss() -> None:
    """Discontinuous transmission: the numbers go on, the time jumps."""
    packets = opus_packets(voice(0.4)) + opus_packets(voice(0.4), 20, 20 * PACKET_SAMPLES + 96_000)
    heard = Heard()
    assert set(heard.take(packets)) == {PACKET_SAMPLES}
    assert heard.stream.lost == 0


def test_a_sender_that_begins_anew_is_heard_at_once() -> None:
    heard = Heard()
    heard.take(opus_packets(voice(0.4), 100))
    assert set(heard.take(opus_packets(voice(0.4), 40_000, 7))) == {PACKET_SAMPLES}
    assert set(heard.take(opus_packets(voice(0.4), 50))) == {PACKET_SAMPLES}
    assert heard.stream.lost == 0


def test_rubbish_is_counted_and_survived(caplog: pytest.LogCaptureFixture) -> None:
    packets = opus_packets(voice(1.0))
    rng = np.random.default_rng(1)
    bad = [p._replace(payload=rng.bytes(int(rng.integers(1, 200)))) for p in packets[10:30]]
    empty = [packets[30]._replace(payload=b"")]
    heard = Heard()
    heard.take(packets[:10] + bad + empty + packets[31:])
    assert heard.stream.broken > 0
    assert len(caplog.records) == 1, "told once"
    assert np.isfinite(heard.sound).all()
    assert heard.stream.heard + heard.stream.broken == len(packets) - 1


def test_why_aiortcs_own_buffer_is_not_used() -> None:
    """It gives a packet 80 ms after it came, and 280 ms after for ever once one was lost."""

    def delays(numbers: list[int]) -> list[int]:
        buffer, found = JitterBuffer(capacity=16, prefetch=4), []
        for number in numbers:
            packet = RtpPacket(sequence_number=number, timestamp=number * PACKET_SAMPLES)
            packet._data = b"x"  # type: ignore[attr-defined]
            if (frame := buffer.add(packet)[1]) is not None:
                found.append(number - frame.timestamp // PACKET_SAMPLES)
        return found

    assert set(delays(list(range(100)))) == {4}
    assert delays([n for n in range(1000) if n != 50])[-1] == 14
